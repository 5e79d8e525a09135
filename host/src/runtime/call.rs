//! A request's call: one admitted request in, one outcome out.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::sync::oneshot;
use wasmtime::component::Resource;

use super::{
    instance::Instance,
    lanes::Lanes,
    meter::{Breach, Limit},
    outcome::{Details, Failure, Outcome},
    permit::Permit,
    plugin::Plugin,
    reply::Head,
    run::{Admitted, Export, run},
    state::{CallState, response_head},
};
use crate::{
    bindings::types,
    caller::{Caller, Scheme},
    capabilities::{Writes, log::About},
    observe::metrics::Requests,
    reader::{BodyReader, ReadError},
    task::AbortOnDrop,
};

/// A request as it goes to a plugin.
#[derive(Debug)]
pub struct Request {
    pub id: String,
    pub method: String,
    pub path_with_query: String,
    pub route: String,
    pub params: Vec<(String, String)>,
    /// Without the caller's credentials and without headers of one hop.
    pub headers: HeaderMap,
    pub body: Incoming,
    /// How long the call may take.
    pub timeout: Duration,
    /// Where a failure is counted that comes too late to be the call's outcome.
    pub counted: Arc<Requests>,
}

/// A request's body.
#[derive(Debug)]
pub enum Incoming {
    Empty,
    Bytes(Bytes),
    Reader(BodyReader),
}

/// What a guest ended with, unless it failed.
enum Answer {
    Response {
        status: StatusCode,
        headers: HeaderMap,
        body: Body,
    },
    /// Everything went through `start-reply`.
    Streamed,
}

/// Runs one call in an instance of its own, or in one that has served this app before.
///
/// Dropping the future ends the guest at its next tick at the latest; the permit is given back when the instance is gone.
pub async fn call(lanes: &Arc<Lanes>, plugin: Arc<Plugin>, permit: Permit, caller: &Caller, request: Request) -> Outcome {
    let allowed = request.timeout;
    let (head, mut heads) = oneshot::channel();
    let capabilities = plugin.ready.ctx(caller, Writes::AtOnce);
    let about = About::Request { id: request.id.clone() };
    let state = CallState::new(&plugin, capabilities, about, allowed).answering(request.headers, head);
    let handle = Handle {
        caller: wit_caller(caller, &request.id),
        method: request.method,
        path_with_query: request.path_with_query,
        route: request.route,
        params: request.params,
        body: request.body,
    };
    let late = Late { plugin: plugin.name.clone(), request_id: request.id, counted: request.counted };
    let call = Admitted { plugin, permit, state, tenant: caller.app.clone(), export: handle };
    let mut running = Box::pin(run(lanes, call, allowed));
    tokio::select! {
        biased;
        Ok(head) = &mut heads => streaming(head, late, running),
        end = &mut running => match end {
            // A short streamed reply ends in the same poll in which its head was sent.
            Ok(Answer::Streamed) => match heads.try_recv() {
                Ok(head) => Outcome::Streaming(head),
                Err(_) => Outcome::Failed(Failure::Invalid("nothing was returned, and no reply was started".into())),
            },
            Ok(Answer::Response { status, headers, body }) => Outcome::Response { status, headers, body },
            // A head that was sent before the failure cannot be taken back: the caller must see the reply break off.
            Err(failure) => match heads.try_recv() {
                Ok(head) => {
                    late.broke_off(&failure);
                    Outcome::Streaming(head)
                }
                Err(_) => Outcome::Failed(failure),
            },
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
struct Late {
    plugin: Arc<str>,
    request_id: String,
    counted: Arc<Requests>,
}

impl Late {
    fn broke_off(&self, failure: &Failure) {
        self.counted.failed(failure.kind(), failure.details().limit);
        let (plugin, request_id) = (&*self.plugin, self.request_id.as_str());
        let Details { limit, asked, allowed, stderr } = failure.details();
        tracing::error!(
            plugin, request_id, limit, asked, allowed, %failure, stderr,
            "the plugin failed after it had started its reply; the connection is cut"
        );
    }
}

/// What the export `handler` is given.
struct Handle {
    caller: types::Caller,
    method: String,
    path_with_query: String,
    route: String,
    params: Vec<(String, String)>,
    body: Incoming,
}

impl Export for Handle {
    type Answer = Answer;

    async fn invoke(self, instance: &mut Instance) -> wasmtime::Result<Result<Answer, Failure>> {
        let store = &mut instance.store;
        let body = match self.body {
            Incoming::Empty => types::Body::Empty,
            Incoming::Bytes(bytes) => types::Body::Bytes(bytes.into()),
            Incoming::Reader(reader) => types::Body::Reader(store.data_mut().table.push(reader)?),
        };
        let request = types::Request {
            method: self.method,
            path_with_query: self.path_with_query,
            route: Some(self.route),
            params: self.params,
            body,
        };
        let returned = instance.handler.call_handle(&mut *store, &self.caller, &request, Resource::new_borrow(0)).await?;
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
    if let types::Body::Bytes(bytes) = &response.body {
        let (asked, allowed) = (bytes.len() as u64, state.ledger.limits.body_out);
        if asked > allowed {
            return Err(Failure::Breached(Breach { limit: Limit::BodyOut, asked, allowed }));
        }
    }
    let body = state.take_body(response.body).map_err(|error| Failure::Invalid(format!("{error:#}")))?;
    Ok(Answer::Response { status, headers, body })
}

/// Why there is no response where the guest returned an error.
fn failed(state: &CallState, error: types::Error) -> Failure {
    match (state.ledger.breach, state.body_failed) {
        // The guest passed on what it was told of its limit.
        (Some(breach @ Breach { limit: Limit::BodyOut, .. }), _) => Failure::Breached(breach),
        // What the guest made of it is not its own failure.
        (_, Some(ReadError::TooLarge)) => Failure::BodyTooLarge,
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
