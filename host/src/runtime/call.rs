//! A request's call: one admitted request in, one outcome out.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, uri::Authority};
use tokio::sync::oneshot;
use wasmtime::component::Resource;

use super::{
    entry::{Exports, OtherKind},
    inspect::Kind,
    instance::Instance,
    lanes::{Guest, Lanes},
    meter::{Breach, Limit},
    outcome::{Details, Failure, Outcome},
    passed::Passed,
    permit::Permit,
    plugin::Plugin,
    reply::Head,
    run::{Admitted, Export, on_lanes},
    state::{CallState, response_head},
    stock,
};
use crate::{
    bindings::types,
    caller::{Caller, Scheme},
    capabilities::{
        Writes,
        log::{About, Running},
    },
    reader::{BodyReader, ReadError, Waiting},
    task::AbortOnDrop,
};

/// A request as it goes to a plugin.
#[derive(Debug)]
pub struct Request<'r> {
    pub id: &'r str,
    pub method: &'r str,
    pub path_with_query: String,
    /// Its pattern.
    pub route: &'r str,
    pub params: Vec<(String, String)>,
    /// Without the caller's credentials and without headers of one hop.
    pub headers: HeaderMap,
    /// Only stock components are told: the host and port the client asked for, where the request's target named it, and
    /// whether it came by TLS.
    pub authority: Option<Authority>,
    pub secure: bool,
    pub body: Incoming,
    /// How long the call may take.
    pub timeout: Duration,
}

/// A request's body.
#[derive(Debug)]
pub enum Incoming {
    Empty,
    Bytes(Bytes),
    Reader(BodyReader),
}

/// What a guest ended with, unless it failed.
pub(super) enum Answer {
    Response {
        status: StatusCode,
        headers: HeaderMap,
        body: Body,
    },
    /// The body is handed on as it came, by the host and after the guest has ended.
    Passed(Box<Passed>),
    /// The head has been sent, and everything with it.
    Streamed,
}

/// Runs one call in an instance of its own, or in one that has served this app before.
///
/// Dropping the future ends the guest at its next tick at the latest; the permit is given back when the instance is gone.
pub fn call<'c>(
    lanes: &'c Arc<Lanes>,
    plugin: &'c Arc<Plugin>,
    permit: Permit,
    caller: &'c Caller,
    request: Request<'c>,
) -> impl Future<Output = Outcome> + Send {
    // Before there is a future: it is copied to its place with all that it holds, and all that a request needs no more would stay
    // in it.
    let prepared = prepare(plugin, permit, caller, request);
    async move {
        match prepared {
            Ok(prepared) => prepared.run(lanes).await,
            Err(failure) => Outcome::Failed(failure),
        }
    }
}

/// A call whose guest has been given its request.
struct Prepared<'c> {
    guest: Guest<Result<Answer, Failure>>,
    /// What the guest streams.
    heads: oneshot::Receiver<Head>,
    deadline: Instant,
    allowed: Duration,
    /// Whether the guest waits for the request's body.
    waiting: Option<Waiting>,
    which: Which<'c>,
}

fn prepare<'c>(
    plugin: &'c Arc<Plugin>,
    permit: Permit,
    caller: &'c Caller,
    request: Request<'c>,
) -> Result<Prepared<'c>, Failure> {
    let allowed = request.timeout;
    let (head, heads) = oneshot::channel();
    let capabilities = plugin.ready.ctx(caller, Writes::AtOnce);
    let about = About::Request { id: request.id.to_owned(), app: caller.app.clone() };
    let mut state = CallState::new(plugin, capabilities, about, allowed);
    let (deadline, tenant) = (state.deadline, caller.app.clone());
    let which = Which { plugin, caller, request_id: request.id, method: request.method, route: request.route };
    let waiting = match &request.body {
        Incoming::Reader(reader) => Some(reader.waiting()),
        Incoming::Empty | Incoming::Bytes(_) => None,
    };
    let plugin = plugin.clone();
    let guest = match plugin.entry.kind() {
        Kind::Contract => {
            state.answering(request.headers, head);
            let asked = types::Request {
                method: request.method.to_owned(),
                path_with_query: request.path_with_query,
                route: Some(request.route.to_owned()),
                params: request.params,
                body: types::Body::Empty,
            };
            let handle = Handle { caller: wit_caller(caller, request.id), request: asked, body: request.body };
            Admitted { plugin, permit, state, tenant, export: Box::new(handle) }.guest()
        }
        Kind::Http02 | Kind::Http03 => {
            state.answering(HeaderMap::new(), head);
            let incoming = stock::Incoming {
                caller,
                request_id: request.id,
                method: request.method.to_owned(),
                path_with_query: request.path_with_query,
                headers: request.headers,
                authority: request.authority,
                secure: request.secure,
                body: request.body,
            };
            let incoming = incoming.into_request().map_err(|error| Failure::Host(error.to_string()))?;
            let meter = state.ledger.meter.clone();
            Guest::new(async move { stock::run(&plugin, state, &permit, tenant, incoming).await }, meter)
        }
    };
    Ok(Prepared { guest, heads, deadline, allowed, waiting, which })
}

impl Prepared<'_> {
    async fn run(self, lanes: &Arc<Lanes>) -> Outcome {
        let Self { mut guest, mut heads, deadline, allowed, waiting, which } = self;
        // Most calls need nothing of the lanes.
        let end = match guest.begin().await {
            Some(end) => {
                // Over, whoever still reads what it handed on.
                drop(guest);
                end
            }
            None => {
                let mut running = Box::pin(on_lanes(lanes, guest, deadline, allowed));
                tokio::select! {
                    biased;
                    Ok(head) = &mut heads => return streaming(head, which.late(), running),
                    end = &mut running => end,
                }
            }
        };
        match end {
            // A short streamed reply ends in the same poll in which its head was sent.
            Ok(Answer::Streamed) => match heads.try_recv() {
                Ok(head) => Outcome::Streaming(head),
                Err(_) => Outcome::Failed(Failure::Invalid("nothing was returned, and no reply was started".into())),
            },
            Ok(Answer::Response { status, headers, body }) => Outcome::Response { status, headers, body },
            Ok(Answer::Passed(passed)) => Box::pin(passed.on(deadline, allowed, which.late())).await,
            // A head that was sent before the failure cannot be taken back: the caller must see the reply break off.
            Err(failure) => match heads.try_recv() {
                Ok(head) => {
                    which.late().broke_off(&failure);
                    Outcome::Streaming(head)
                }
                Err(_) => Outcome::Failed(match failure {
                    Failure::Wall { asked, allowed } if waiting.is_some_and(|waiting| waiting.is_true()) => {
                        Failure::BodyLate { asked, allowed }
                    }
                    failure => failure,
                }),
            },
        }
    }
}

/// Lets the guest go on as a task that is tied to the response's body, so that its deadline holds even when nobody reads.
fn streaming(head: Head, late: Late, running: impl Future<Output = Result<Answer, Failure>> + Send + 'static) -> Outcome {
    let task = tokio::spawn(async move {
        if let Err(failure) = running.await {
            late.broke_off(&failure);
        }
    });
    let body = head.body.owning(AbortOnDrop::new(task.abort_handle()));
    Outcome::Streaming(Head { body, ..head })
}

/// Which call it is.
struct Which<'c> {
    plugin: &'c Arc<Plugin>,
    caller: &'c Caller,
    request_id: &'c str,
    method: &'c str,
    route: &'c str,
}

impl Which<'_> {
    fn late(&self) -> Late {
        Late {
            plugin: self.plugin.clone(),
            request_id: self.request_id.to_owned(),
            app: self.caller.app.clone(),
            method: self.method.to_owned(),
            route: self.route.to_owned(),
        }
    }
}

/// Which call it was, for a failure that no answer can tell any more.
pub(super) struct Late {
    plugin: Arc<Plugin>,
    request_id: String,
    app: Option<String>,
    method: String,
    route: String,
}

impl Late {
    pub(super) fn broke_off(&self, failure: &Failure) {
        let Running { plugin, service, requests } = &*self.plugin.running;
        requests.failed(failure.kind(), failure.details().limit);
        let (service, plugin, request_id, app) = (&**service, &**plugin, self.request_id.as_str(), self.app.as_deref());
        let (method, route) = (self.method.as_str(), self.route.as_str());
        let Details { limit, asked, allowed, said, at } = failure.details();
        if failure.is_clients() {
            let what = "the request's body failed after its reply had begun; the connection is cut";
            tracing::info!(
                request_id, service, plugin, app, method, route, limit, asked, allowed, failure = %failure.text(), "{what}"
            );
        } else {
            let what = "the plugin failed after it had started its reply; the connection is cut";
            tracing::error!(
                request_id, service, plugin, app, method, route, limit, asked, allowed, failure = %failure.text(), said, at, "{what}"
            );
        }
    }
}

/// What the export `handler` is given.
struct Handle {
    caller: types::Caller,
    /// Still without its body, for which an instance is needed.
    request: types::Request,
    body: Incoming,
}

impl Export for Box<Handle> {
    type Answer = Answer;

    async fn invoke(mut self, instance: &mut Instance) -> wasmtime::Result<Result<Answer, Failure>> {
        let Instance { store, exports, .. } = instance;
        let Exports::Contract(handler) = exports else { return Err(OtherKind.into()) };
        self.request.body = match std::mem::replace(&mut self.body, Incoming::Empty) {
            Incoming::Empty => types::Body::Empty,
            Incoming::Bytes(bytes) => types::Body::Bytes(bytes.into()),
            Incoming::Reader(reader) => types::Body::Reader(store.data_mut().table.push(reader)?),
        };
        let Handle { caller, request, .. } = &*self;
        let returned = handler.call_handle(&mut *store, caller, request, Resource::new_borrow(0)).await?;
        let state = store.data_mut();
        Ok(match returned {
            Ok(Some(response)) => answer(state, response),
            Ok(None) => Ok(Answer::Streamed),
            Err(error) => Err(failed(state, error)),
        })
    }
}

fn answer(state: &mut CallState, response: types::Response) -> Result<Answer, Failure> {
    if state.head.is_none() {
        return Err(Failure::Invalid("a response was returned after a reply had been started".into()));
    }
    let (status, headers) = response_head(response.status, response.headers).map_err(Failure::Invalid)?;
    let allowed = state.ledger.limits.body_out;
    Ok(match response.body {
        types::Body::Empty => Answer::Response { status, headers, body: Body::empty() },
        types::Body::Bytes(bytes) => {
            within(bytes.len() as u64, allowed)?;
            Answer::Response { status, headers, body: Body::from(bytes) }
        }
        types::Body::Reader(reader) => {
            let reader = state.table.delete(reader).map_err(|error| Failure::Invalid(error.to_string()))?;
            Answer::Passed(Box::new(Passed { status, headers, reader, allowed }))
        }
    })
}

/// Fails where a response is larger than it may be.
pub(super) fn within(asked: u64, allowed: u64) -> Result<(), Failure> {
    if asked > allowed { Err(Failure::Breached(Breach { limit: Limit::BodyOut, asked, allowed })) } else { Ok(()) }
}

/// Why there is no response where the guest returned an error.
fn failed(state: &CallState, error: types::Error) -> Failure {
    match (state.ledger.breach, state.body_failed) {
        // The guest passed on what it was told of its limit.
        (Some(breach @ Breach { limit: Limit::BodyOut, .. }), _) => Failure::Breached(breach),
        // What the guest made of it is not its own failure.
        (_, Some(ReadError::TooLarge { asked, allowed })) => Failure::BodyTooLarge { asked, allowed },
        (_, Some(why)) => Failure::BodyLost(why),
        (_, None) => error.into(),
    }
}

fn wit_caller(caller: &Caller, request_id: &str) -> types::Caller {
    types::Caller {
        scheme: match caller.scheme {
            Scheme::Anonymous => types::Scheme::Anonymous,
            Scheme::OceanAuth => types::Scheme::OceanAuth,
            Scheme::Bearer => types::Scheme::Bearer,
            Scheme::Console => types::Scheme::Console,
            Scheme::Host => types::Scheme::Host,
        },
        app: caller.app.as_ref().map(|key| types::App { key: key.clone(), id: caller.app_id.clone() }),
        user: caller.user.as_ref().map(|user| types::AppUser {
            id: user.id.clone(),
            account: user.account.clone(),
            name: user.name.clone(),
            authenticated_by: user.authenticated_by.clone(),
        }),
        scopes: caller.scopes.clone(),
        request_id: request_id.to_owned(),
    }
}
