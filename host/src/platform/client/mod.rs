//! A back service's calls to the platform: the zone `service` of its API, one function a call.
//!
//! [`Clients`] has a [`Client`] for each service that has a platform. A client finds the call's [`path`], shows the service's
//! [`token`] (towards the platform in this host: its name), sends by the [`transport`], and reads the [`envelope`]; [`messages`],
//! [`apps`] and [`users`] say what is asked and what the answers mean. The source is the platform's API reference for back
//! services: paths can be configured, answers are read leniently (two spellings of the error's fields, any status, unknown
//! fields), and nothing is sent that it does not know.
//!
//! **Guarantees.** The access token goes to the configured origin and nowhere else: not into logs, errors or `Debug`, not to a
//! guest, and what the platform says of it is blotted out. TLS but on this machine, no proxy, no redirects. Every call ends
//! within `timeout`, repetitions included; answers are bounded. Repeated are only calls that read, and Resolve: what may have
//! made something, or used up an auth code, is left to whoever asked.
//!
//! Calls run on a thread of their own, where no guest is ever polled: a connection must not wait for a plugin that computes,
//! nor the processor time of a platform in this host be counted as a plugin's.
//!
//! **Cancellation:** dropping a call drops its exchange; the platform may have acted on it all the same.

mod call;
mod path;
mod token;
mod transport;
mod envelope;
pub mod messages;
pub mod apps;
pub mod users;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::Semaphore,
    time::{sleep, timeout},
};

pub use self::call::{Call, Calls};
use self::{
    envelope::Failed,
    path::Paths,
    token::AccessToken,
    transport::{Answer, InProcess, Remote, Request, Transport},
};
use crate::{
    codes,
    config::{Config, Mode, Service},
    problem::{Problem, Problems},
    secret::SecretRef,
    task::AbortOnDrop,
};

pub use crate::message::PlatformError;

/// Exchanges of one service at once, so that one that is stuck leaves the others theirs. The message line makes half of them
/// at most, so that plugins have the other half.
const MAX_EXCHANGES: usize = 128;
/// How long after a failure a call is repeated. A platform that is out of order for longer is for the message line's own
/// back-off, and for plugins, to wait for.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

/// The clients of all services that have a platform.
#[derive(Debug, Default)]
pub struct Clients {
    clients: BTreeMap<String, Arc<Client>>,
    calls: Arc<Calls>,
    /// Where exchanges run. There is none where nobody has a platform.
    runtime: Option<Runtime>,
}

impl Clients {
    /// Reads the access tokens; opens no connection. Blocking. `embedded` is the platform of this host, if it has one.
    ///
    /// Reports all that is wrong at once: tokens that cannot be read, and no platform where the configuration wants it here.
    pub fn open(config: &Config, embedded: Option<Router>) -> Result<Self, Problems> {
        let Some(platform) = &config.platform else { return Ok(Self::default()) };
        let mut problems = Problems::default();
        let mut reached: Vec<(&Service, Transport)> = Vec::new();
        match (&platform.mode, embedded) {
            (Mode::Remote { api_base }, _) => {
                let http = transport::client(api_base).map_err(|error| {
                    Problem::new(&codes::HOST_FAILED, "the host cannot be given a way to its platform")
                        .why(error)
                        .fix("see whether this machine has root certificates installed")
                })?;
                for (service, reference) in with_token(config) {
                    match AccessToken::read(&service.key, reference) {
                        Ok(token) => reached.push((service, Transport::Remote(Remote::new(&http, api_base, token)))),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            (Mode::Embedded, Some(router)) => {
                // One without a securityKey is none of the platform's.
                for service in config.services.values().filter(|service| service.security_key.is_some()) {
                    let service_key = service.key.clone();
                    reached.push((service, Transport::Embedded(InProcess { router: router.clone(), service: service_key })));
                }
            }
            (Mode::Embedded, None) => problems.push(
                Problem::new(&codes::CONFIG_INVALID, "`platform.mode` asks for a platform in this host, which has none")
                    .fix("write mode = \"remote\" and name the platform in `api-base`"),
            ),
        }
        problems.or(())?;
        if reached.is_empty() {
            return Ok(Self::default());
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            // Resolving names and reading tokens block a thread each.
            .max_blocking_threads(16)
            .thread_name("wharf-platform")
            .enable_all()
            .build()
            .map_err(|error| Problem::new(&codes::IO, "the thread for calls to the platform cannot be started").why(error))?;
        let calls = Arc::new(Calls::default());
        let paths = Arc::new(Paths::new(&platform.paths));
        let client = |service: &Service, transport| Client {
            service: service.key.clone(),
            transport: Arc::new(transport),
            paths: paths.clone(),
            timeout: platform.timeout,
            places: Arc::new(Semaphore::new(MAX_EXCHANGES)),
            runtime: runtime.handle().clone(),
            calls: calls.clone(),
        };
        let clients = reached.into_iter().map(|(service, transport)| (service.key.clone(), Arc::new(client(service, transport))));
        Ok(Self { clients: clients.collect(), calls, runtime: Some(runtime) })
    }

    /// The client of a service, if the service has a platform.
    pub fn get(&self, service: &str) -> Option<&Arc<Client>> {
        self.clients.get(service)
    }

    /// All of them, in the order of their services' keys.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.clients.values()
    }

    /// What was called so far, and what came of it.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The host may be dropped where blocking is not allowed.
            runtime.shutdown_background();
        }
    }
}

fn with_token(config: &Config) -> impl Iterator<Item = (&Service, &SecretRef)> {
    config.services.values().filter_map(|service| Some((service, service.access_token.as_ref()?)))
}

/// One service's way to the platform. Ends with the [`Clients`] it is of.
#[derive(Debug)]
pub struct Client {
    service: String,
    transport: Arc<Transport>,
    paths: Arc<Paths>,
    timeout: Duration,
    places: Arc<Semaphore>,
    runtime: Handle,
    calls: Arc<Calls>,
}

impl Client {
    /// The key of the service whose it is.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Whether the platform is in this host: only there is known what lies beyond the reference.
    fn is_embedded(&self) -> bool {
        matches!(*self.transport, Transport::Embedded(_))
    }

    /// The path of a call about these ids. One that cannot stand in a path is no id of anything.
    fn path(&self, call: Call, ids: &[&str]) -> Result<String, PlatformError> {
        let refused = || PlatformError::Refused { code: "common.404".into(), message: "there is no such id".into() };
        self.paths.of(call, ids).ok_or_else(refused)
    }

    /// Reads the access token again, on the thread of the exchanges.
    async fn refresh(&self) {
        let transport = self.transport.clone();
        let task = self.runtime.spawn(async move { transport.refresh().await });
        let _abort = AbortOnDrop::new(task.abort_handle());
        // It has said what went wrong, and whoever stops the host knows.
        let _ = task.await;
    }

    /// Makes one call and reads its answer, within the timeout.
    ///
    /// `target` is the path, with a query where there is one; `read` says what the answer means.
    async fn make<T: Send + 'static>(
        &self,
        call: Call,
        target: String,
        body: Vec<u8>,
        read: impl Fn(&Answer) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, PlatformError> {
        let (transport, places, patience) = (self.transport.clone(), self.places.clone(), self.timeout);
        let request = Request { method: call.method(), target, body: body.into(), limit: call.limit() };
        let exchanges = async move {
            let unavailable = |why: &str| PlatformError::Unavailable(why.to_owned());
            let _place = places.acquire().await.map_err(|_| unavailable("the host is stopping"))?;
            let mut pauses = PAUSES.iter().take(if call.is_repeatable() { PAUSES.len() } else { 0 });
            loop {
                let failed = match transport.exchange(&request).await.and_then(|answer| read(&answer)) {
                    Ok(answer) => return Ok(answer),
                    Err(failed) => failed,
                };
                match pauses.next().filter(|_| failed.passing) {
                    Some(pause) => sleep(*pause).await,
                    None => return Err(failed.error),
                }
            }
        };
        let task = self.runtime.spawn(async move {
            let late = |_| PlatformError::Unavailable(format!("it did not answer within {patience:?}"));
            timeout(patience, exchanges).await.map_err(late)?
        });
        let _abort = AbortOnDrop::new(task.abort_handle());
        let result = task.await.unwrap_or_else(|_| Err(PlatformError::Unavailable("the call was lost".into())));
        self.calls.count(call, result.as_ref().err());
        result
    }
}
