//! The platform in this host: the zones of the public platform's API, over the host's own store.
//!
//! A request goes through [`zones`] (which path is which call), [`caller`] (whose token it is, and in which zone) and
//! [`fields`] (what was sent) to a call in one of the zones, each a file: [`public`], [`end`], [`app`], [`developer`],
//! [`service`]. What comes back is an [`envelope`] or a [`refusal`]. [`context`] is what browsers come for: the addresses of an
//! app's back services, with a freshly minted header for each. What happened to a subscription goes to its service by
//! [`notices`].
//!
//! **Guarantees.** Every answer is JSON with a body, errors and unknown paths too, and says nothing of what was sent. What was
//! answered as done is on disk. Tokens and the keys of registered services are sealed there; passwords are hashed.
//!
//! **Refusals.** No call takes a token of another zone, no developer sees another one's apps or services, no service another
//! one's messages or app users. A service of the configuration belongs to the operator, and its key is never shown.

mod app;
mod caller;
mod context;
mod developer;
mod end;
mod envelope;
mod fields;
mod form;
mod notices;
mod passport;
mod password;
mod public;
mod records;
mod refusal;
mod registry;
mod seed;
mod service;
mod zones;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock, Weak},
};

use axum::{Router, body::Body, response::Response};
use http::Request;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use self::password::Passwords;
pub use self::{
    context::Learn,
    notices::{NotNotified, Notify},
    passport::NewDeveloper,
    refusal::Refusal,
    seed::base_url,
};
use super::ServiceIdentity;
use crate::{
    clock::Clock,
    config,
    ocean_auth::Policy,
    secret::Secret,
    store::{
        Store, StoreError,
        platform::{Service, Write, Written},
    },
};

/// The first segments of all paths of the platform, today's and those of its older printed forms.
const PATHS: [&str; 2] = ["/v1.0/", "/v1/ocean/"];

/// What the calls work on.
pub struct Embedded {
    pub store: Store,
    clock: Clock,
    config: config::Platform,
    /// How headers are made for the services of the configuration, by their keys.
    policies: BTreeMap<String, Arc<Policy>>,
    passwords: Passwords,
    /// Wakes whoever sends notices.
    noticed: tokio::sync::Notify,
    /// Who learns the ids of apps, once the host runs. Weak, because the host holds this.
    learn: OnceLock<Weak<dyn Learn>>,
}

/// The platform, ready to answer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Server {
    pub embedded: Arc<Embedded>,
    /// All zones, for callers within the process: what they are believed stands in [`ServiceIdentity`].
    pub zones: Router,
}

impl Server {
    pub fn new(embedded: Arc<Embedded>) -> Self {
        Self { zones: zones::zones(embedded.clone()), embedded }
    }

    /// Whether a request for this path is for the platform, unless its host is a service's own.
    pub fn is_for(path: &str) -> bool {
        PATHS.iter().any(|prefix| path.starts_with(prefix))
    }

    /// Answers a request that came from outside.
    ///
    /// Cancellation: a write that has begun takes place all the same.
    pub async fn answer(&self, mut request: Request<Body>) -> Response {
        // Nobody outside is a service by saying so.
        request.extensions_mut().remove::<ServiceIdentity>();
        match TowerToHyperService::new(self.zones.clone()).call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// The answer to a client that asks too often.
    pub fn too_many_requests(&self) -> Response {
        self.embedded.say(axum::response::IntoResponse::into_response(Refusal::TooManyRequests))
    }
}

impl Embedded {
    /// The platform of `config` over `store`; `policies` are those of the configuration's services by their keys.
    pub fn new(config: &config::Platform, store: Store, clock: Clock, policies: BTreeMap<String, Arc<Policy>>) -> Self {
        Self {
            store,
            clock,
            config: config.clone(),
            policies,
            passwords: Passwords::new(),
            noticed: tokio::sync::Notify::new(),
            learn: OnceLock::new(),
        }
    }

    /// From now on `learn` is told the ids of apps. Only the first one ever is.
    pub fn tell(&self, learn: Weak<dyn Learn>) {
        let _ = self.learn.set(learn);
    }

    fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// How headers for a service are made. `None` for one of the configuration that is no longer there, and for one whose key
    /// was sealed by another host.
    fn policy(&self, service: &Service) -> Option<Arc<Policy>> {
        let Some(sealed) = &service.sign_key else { return self.policies.get(&service.key).cloned() };
        let key = self.sign_key(&service.id, sealed)?;
        Policy::new(&service.key, &key, &Default::default()).ok().map(Arc::new)
    }

    fn sign_key(&self, service_id: &str, sealed: &[u8]) -> Option<Secret> {
        let key = self.store.seal().open(&Service::place(service_id), sealed);
        if key.is_none() {
            tracing::error!(service_id, "the key of a registered service cannot be opened: it was sealed under another host key");
        }
        key
    }

    /// Does one write.
    async fn write(&self, write: Write) -> Result<Written, StoreError> {
        let mut written = self.store.platform_write(vec![write]).await?;
        Ok(written.pop().unwrap_or(Written::Done))
    }

    /// Turns an answer's status into the one that the operator's clients hear.
    fn say(&self, mut response: Response) -> Response {
        if self.config.error_status == 200 && !response.status().is_success() {
            *response.status_mut() = http::StatusCode::OK;
        }
        response
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("store", &self.store).finish_non_exhaustive()
    }
}
