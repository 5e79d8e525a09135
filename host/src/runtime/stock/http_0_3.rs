//! One call of a component that exports `wasi:http/handler@0.3`, on the asynchronous engine.

use std::sync::atomic::AtomicBool;

use wasmtime_wasi_http::{WasiHttpView, p3::Request};

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

/// Calls the component and sends its answer on.
pub(super) async fn answer(instance: &mut Instance, request: Incame) -> Result<Answer, Stop> {
    let Instance { store, exports, .. } = instance;
    let Exports::Http03(handler) = exports else { return Err(Stop::Crashed(OtherKind.into())) };
    let limit = store.data().ledger.limits.body_out;
    let head = store.data_mut().head.take();
    let http = store.data_mut().http();
    let (request, received) = Request::from_http(http.hooks, request.request);
    let request = http.table.push(request).map_err(wasmtime::Error::from)?;
    store
        .run_concurrent(async |accessor| {
            let response = handler.call_handle(accessor, request).await?.map_err(|code| Stop::code(&code))?;
            let response = accessor.with(|mut store| {
                let response = store.data_mut().http().table.delete(response)?;
                response.into_http(store, received)
            })?;
            let head = head.ok_or_else(|| Failure::Host("the call has no reply".into()))?;
            // A component that ends without having ended its body keeps its caller waiting for as long as a call may take: the
            // engine does not tell whether one of its writes is still under way.
            outgoing::start(response, head, limit)?.run(&AtomicBool::new(false)).await?;
            // What it still does after its answer is its own affair, within its limits.
            std::future::poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
            Ok(Answer::Streamed)
        })
        .await?
}
