//! instantiate → call: one admitted request in, one outcome out.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, uri::Authority};
use tokio::sync::oneshot;
use wasmtime::component::{Resource, ResourceTableError};

use super::{
    entry::{Exports, OtherKind},
    inspect::Kind,
    instance::Instance,
    lanes::{Guest, Lanes, Lost},
    meter::{Breach, Limit, Meter},
    outcome::{Details, Failure, Outcome},
    permit::Permit,
    plugin::{Plugin, host_call_bytes, limit_reached},
    reply::Head,
    state::{CallState, response_head},
    stock,
};
use crate::{
    bindings::{log::Level, types},
    caller::{Caller, Scheme},
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
    /// Only stock components are told: the host and port the client asked for, where the request's target named it, and
    /// whether it came by TLS.
    pub authority: Option<Authority>,
    pub secure: bool,
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
pub(super) enum Answer {
    Response {
        status: StatusCode,
        headers: HeaderMap,
        body: Body,
    },
    /// The head has been sent, and everything with it.
    Streamed,
}

/// Runs one call in a fresh instance.
///
/// Dropping the future ends the guest at its next tick at the latest; the permit is given back when the instance is gone.
pub async fn call(lanes: &Arc<Lanes>, plugin: Arc<Plugin>, permit: Permit, caller: &Caller, request: Request) -> Outcome {
    let now = Instant::now();
    let allowed = request.timeout;
    let deadline = now + allowed;
    let meter = Arc::new(Meter::new(plugin.limits.cpu, now));
    let (head, mut heads) = oneshot::channel();
    let capabilities = plugin.ready.ctx(caller);
    let (name, tenant, counted) = (plugin.name.clone(), caller.app.clone(), request.counted);
    let guest = match plugin.entry.kind() {
        Kind::Contract => {
            let state = CallState::new(&plugin, meter.clone(), capabilities, &request.id, deadline, request.headers, head);
            let caller = wit_caller(caller, &request.id);
            let arguments = Arguments {
                method: request.method,
                path_with_query: request.path_with_query,
                route: request.route,
                params: request.params,
                body: request.body,
            };
            Guest::new(async move { run(&plugin, state, &permit, tenant.as_deref(), &caller, arguments).await }, meter)
        }
        Kind::Http02 => {
            let state = CallState::new(&plugin, meter.clone(), capabilities, &request.id, deadline, HeaderMap::new(), head);
            let incoming = stock::Incoming {
                caller,
                request_id: &request.id,
                method: request.method,
                path_with_query: request.path_with_query,
                headers: request.headers,
                authority: request.authority,
                secure: request.secure,
                body: request.body,
            };
            match incoming.into_request() {
                Ok(request) => Guest::new(
                    async move { stock::http_0_2::run(&plugin, state, &permit, tenant.as_deref(), request).await },
                    meter,
                ),
                Err(error) => return Outcome::Failed(Failure::Host(error.to_string())),
            }
        }
    };
    let about = About { plugin: name, request_id: request.id, began: now, allowed, counted };
    let mut running = Box::pin({
        let lanes = lanes.clone();
        async move { lanes.run(guest, deadline).await }
    });
    tokio::select! {
        biased;
        Ok(head) = &mut heads => streaming(head, about, running),
        end = &mut running => match end {
            // A short streamed reply ends in the same poll in which its head was sent.
            Ok(Ok(Answer::Streamed)) => match heads.try_recv() {
                Ok(head) => Outcome::Streaming(head),
                Err(_) => Outcome::Failed(Failure::Invalid("nothing was returned, and no reply was started".into())),
            },
            // A head that was sent before the failure cannot be taken back: the caller must see the reply break off.
            Ok(Err(failure)) => match heads.try_recv() {
                Ok(head) => {
                    about.broke_off(&failure);
                    Outcome::Streaming(head)
                }
                Err(_) => Outcome::Failed(failure),
            },
            Ok(Ok(Answer::Response { status, headers, body })) => Outcome::Response { status, headers, body },
            Err(Lost::Deadline) => Outcome::Failed(about.too_late()),
            Err(Lost::Gone) => Outcome::Failed(Failure::Host("the call was lost".into())),
        },
    }
}

/// Lets the guest go on as a task that is tied to the response's body, so that its deadline holds even when nobody reads.
fn streaming(
    head: Head,
    about: About,
    running: impl Future<Output = Result<Result<Answer, Failure>, Lost>> + Send + 'static,
) -> Outcome {
    let task = tokio::spawn(async move {
        match running.await {
            Ok(Ok(_)) => {}
            Ok(Err(failure)) => about.broke_off(&failure),
            Err(Lost::Deadline) => about.broke_off(&about.too_late()),
            Err(Lost::Gone) => about.broke_off(&Failure::Host("the call was lost".into())),
        }
    });
    let body = head.body.owning(AbortOnDrop::new(task.abort_handle()));
    Outcome::Streaming(Head { body, ..head })
}

/// Which call it is, for a failure that no answer can tell any more.
struct About {
    plugin: Arc<str>,
    request_id: String,
    began: Instant,
    allowed: Duration,
    counted: Arc<Requests>,
}

impl About {
    fn too_late(&self) -> Failure {
        Failure::Wall { asked: self.began.elapsed(), allowed: self.allowed }
    }

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

/// The engine's words for a host call with too large arguments. Its error type is private; should the words change, such a call
/// is reported as a crash.
const HOST_CALL_BYTES_USED_UP: &str = "fuel allocated for hostcalls has been exhausted";

struct Arguments {
    method: String,
    path_with_query: String,
    route: String,
    params: Vec<(String, String)>,
    body: Incoming,
}

async fn run(
    plugin: &Plugin,
    state: CallState,
    permit: &Permit,
    tenant: Option<&str>,
    caller: &types::Caller,
    arguments: Arguments,
) -> Result<Answer, Failure> {
    let mut instance = enter(plugin, state, permit, tenant).await?;
    let result = invoke(&mut instance, caller, arguments).await;
    let state = instance.store.data_mut();
    let answer = match result {
        Ok(Ok(Some(response))) => answer(state, response),
        Ok(Ok(None)) => Ok(Answer::Streamed),
        // The guest passed on what it was told of its limit.
        Ok(Err(_)) if let Some(breach @ Breach { limit: Limit::BodyOut, .. }) = state.ledger.breach => {
            Err(Failure::Breached(breach))
        }
        Ok(Err(error)) => Err(match state.body_failed {
            // What the guest made of it is not its own failure.
            Some(ReadError::TooLarge { asked, allowed }) => Failure::BodyTooLarge { asked, allowed },
            Some(why) => Failure::BodyLost(why),
            None => Failure::Error {
                code: error.code,
                message: error.message,
                retry_after: error.retry_after_ms.map(Duration::from_millis),
            },
        }),
        Err(error) => {
            let failure = crash(state, &error);
            flush_stdio(state);
            return Err(failure);
        }
    };
    flush_stdio(state);
    instance.give_back(plugin, tenant);
    answer
}

/// An instance for the call, or why there is none.
pub(super) async fn enter(plugin: &Plugin, state: CallState, permit: &Permit, tenant: Option<&str>) -> Result<Instance, Failure> {
    Instance::take(plugin, state, permit, tenant).await.map_err(|mut failed| {
        let failure = crash(failed.store.data(), &failed.error);
        flush_stdio(failed.store.data_mut());
        failure
    })
}

async fn invoke(
    instance: &mut Instance,
    caller: &types::Caller,
    arguments: Arguments,
) -> wasmtime::Result<Result<Option<types::Response>, types::Error>> {
    let Instance { store, exports, .. } = instance;
    let Exports::Contract(handler) = exports else { return Err(OtherKind.into()) };
    let body = match arguments.body {
        Incoming::Empty => types::Body::Empty,
        Incoming::Bytes(bytes) => types::Body::Bytes(bytes.into()),
        Incoming::Reader(reader) => types::Body::Reader(store.data_mut().table.push(reader)?),
    };
    let request = types::Request {
        method: arguments.method,
        path_with_query: arguments.path_with_query,
        route: Some(arguments.route),
        params: arguments.params,
        body,
    };
    handler.call_handle(store, caller, &request, Resource::new_borrow(0)).await
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

/// Says why a call ended in a trap: the limit it ran into, if it did, else the trap with what the guest said last.
pub(super) fn crash(state: &CallState, error: &wasmtime::Error) -> Failure {
    if let Some(breach) = limit_reached(error).or(state.ledger.breach) {
        return Failure::Breached(breach);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        let allowed = state.ledger.limits.handles.into();
        return Failure::Breached(Breach { limit: Limit::Handles, asked: allowed + 1, allowed });
    }
    let trap = format!("{error:#}");
    // Who has a permit has room in the pool.
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return Failure::Host(trap);
    }
    if trap.contains(HOST_CALL_BYTES_USED_UP) {
        let allowed = host_call_bytes(&state.capabilities.ready) as u64;
        return Failure::Breached(Breach { limit: Limit::HostCalls, asked: allowed + 1, allowed });
    }
    let (stdout, stderr) = state.stdio.take();
    Failure::Trapped { trap, stderr: if stderr.is_empty() { stdout } else { stderr } }
}

/// Whatever the guest printed and did not die of.
pub(super) fn flush_stdio(state: &mut CallState) {
    let (stdout, stderr) = state.stdio.take();
    for line in stdout.lines() {
        state.log.write(Level::Info, line, &[]);
    }
    for line in stderr.lines() {
        state.log.write(Level::Warn, line, &[]);
    }
}

fn wit_caller(caller: &Caller, request_id: &str) -> types::Caller {
    types::Caller {
        scheme: match caller.scheme {
            Scheme::Anonymous => types::Scheme::Anonymous,
            Scheme::OceanAuth => types::Scheme::OceanAuth,
            Scheme::Bearer => types::Scheme::Bearer,
        },
        app: caller.app.as_ref().map(|key| types::App { key: key.clone(), id: None }),
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
