//! One call of a component that exports `wasi:http/incoming-handler@0.2`, on the synchronous engine.

use std::{
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering},
    task::Poll,
};

use http::Response;
use tokio::sync::oneshot;
use wasmtime_wasi_http::{
    WasiBody, WasiHttpView,
    p2::bindings::http::types::{ErrorCode, Scheme},
};

use super::{
    super::{
        call::Answer,
        entry::{Exports, OtherKind},
        instance::Instance,
        outcome::Failure,
    },
    Stop,
    incoming::Incame,
    outgoing,
};

/// What a component sets as its response.
type Set = Result<Response<WasiBody>, ErrorCode>;

/// Calls the component and sends its answer on.
pub(super) async fn answer(instance: &mut Instance, request: Incame) -> Result<Answer, Stop> {
    let Instance { store, exports, .. } = instance;
    let Exports::Http02(handler) = exports else { return Err(Stop::Crashed(OtherKind.into())) };
    let (setter, mut set) = oneshot::channel();
    let limit = store.data().ledger.limits.body_out;
    let head = store.data_mut().head.take();
    let mut http = store.data_mut().http();
    let scheme = if request.secure { Scheme::Https } else { Scheme::Http };
    let incoming = http.new_incoming_request(scheme, request.request)?;
    let out = http.new_response_outparam(setter)?;
    let mut guest = pin!(handler.call_handle(store, incoming, out));

    // Most have set a response and written all of it before they first wait for anything.
    let first = std::future::poll_fn(|cx| match guest.as_mut().poll(cx) {
        Poll::Ready(end) => Poll::Ready(First::Ended(end)),
        Poll::Pending => Pin::new(&mut set).poll(cx).map(|set| First::Set(set.ok())),
    });
    match first.await {
        First::Ended(end) => {
            end?;
            Ok(outgoing::whole(response(set.try_recv().ok())?, limit)?)
        }
        First::Set(set) => {
            let head = head.ok_or_else(|| Failure::Host("the call has no reply".into()))?;
            let pump = outgoing::start(response(set)?, head, limit)?;
            let ended = AtomicBool::new(false);
            let guest = async {
                let end = guest.await;
                ended.store(true, Ordering::Relaxed);
                end.map_err(Stop::from)
            };
            // In this order at each turn, so that the pump sees that the component has ended.
            futures_util::future::try_join(guest, async { pump.run(&ended).await.map_err(Stop::from) }).await?;
            Ok(Answer::Streamed)
        }
    }
}

/// What comes first: the component's end, or its response while it waits for something.
enum First {
    Ended(wasmtime::Result<()>),
    Set(Option<Set>),
}

fn response(set: Option<Set>) -> Result<Response<WasiBody>, Stop> {
    match set {
        Some(Ok(response)) => Ok(response),
        Some(Err(code)) => Err(Stop::code(&code)),
        None => Err(Stop::Failed(Failure::Invalid("no response was set".into()))),
    }
}
