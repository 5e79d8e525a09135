//! A request's call: one admitted request in, one outcome out.

use std::{sync::Arc, time::Duration};

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
    reader::{BodyReader, ReadError},
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
    Passed(Passed),
    /// The head has been sent, and everything with it.
    Streamed,
}

/// Runs one call in an instance of its own, or in one that has served this app before.
///
/// Dropping the future ends the guest at its next tick at the latest; the permit is given back when the instance is gone.
pub async fn call(lanes: &Arc<Lanes>, plugin: &Arc<Plugin>, permit: Permit, caller: &Caller, request: Request<'_>) -> Outcome {
    let allowed = request.timeout;
    let (head, mut heads) = oneshot::channel();
    let capabilities = plugin.ready.ctx(caller, Writes::AtOnce);
    let about = About::Request { id: request.id.to_owned(), app: caller.app.clone() };
    let mut state = CallState::new(plugin, capabilities, about, allowed);
    let (deadline, tenant) = (state.deadline, caller.app.clone());
    let late = || Late {
        plugin: plugin.clone(),
        request_id: request.id.to_owned(),
        app: caller.app.clone(),
        method: request.method.to_owned(),
        route: request.route.to_owned(),
    };
    let waiting = match &request.body {
        Incoming::Reader(reader) => Some(reader.waiting()),
        Incoming::Empty | Incoming::Bytes(_) => None,
    };
    let plugin_of_guest = plugin.clone();
    let mut guest = match plugin.entry.kind() {
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
            Admitted { plugin: plugin_of_guest, permit, state, tenant, export: Box::new(handle) }.guest()
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
            let incoming = match incoming.into_request() {
                Ok(incoming) => incoming,
                Err(error) => return Outcome::Failed(Failure::Host(error.to_string())),
            };
            let meter = state.meter.clone();
            Guest::new(async move { stock::run(&plugin_of_guest, state, &permit, tenant, incoming).await }, meter)
        }
    };
    // Most calls need nothing of the lanes.
    let end = match guest.begin().await {
        Some(end) => end,
        None => {
            let mut running = Box::pin(on_lanes(lanes, guest, deadline, allowed));
            tokio::select! {
                biased;
                Ok(head) = &mut heads => return streaming(head, late(), running),
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
        Ok(Answer::Passed(passed)) => passed.on(deadline, allowed, late()).await,
        // A head that was sent before the failure cannot be taken back: the caller must see the reply break off.
        Err(failure) => match heads.try_recv() {
            Ok(head) => {
                late().broke_off(&failure);
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

/// Which call it is, for a failure that no answer can tell any more.
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
            Answer::Passed(Passed { status, headers, reader, allowed })
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
