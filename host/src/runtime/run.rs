//! What every call has in common, whichever export it is for: an instance is taken, the guest runs on the lanes until its
//! deadline, and what it left behind is told.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use wasmtime::component::ResourceTableError;

use super::{
    crash,
    instance::Instance,
    lanes::{Guest, Lanes, Lost},
    meter::{Breach, Limit},
    outcome::Failure,
    permit::Permit,
    plugin::{Plugin, host_call_bytes, limit_reached},
    state::CallState,
};
use crate::bindings::log::Level;

/// One call of an export: [`super::call`] and [`super::lifecycle`].
pub(super) trait Export: Send + 'static {
    /// What the guest ended with.
    type Answer: Send + 'static;

    /// Calls the guest's function and judges what it returned. An error of the outer result is a trap.
    fn invoke(self, instance: &mut Instance) -> impl Future<Output = wasmtime::Result<Result<Self::Answer, Failure>>> + Send;
}

/// An admitted call before it runs.
pub(super) struct Admitted<E> {
    pub(super) plugin: Arc<Plugin>,
    pub(super) permit: Permit,
    pub(super) state: Box<CallState>,
    /// The app whose idle instances it may use.
    pub(super) tenant: Option<String>,
    pub(super) export: E,
}

impl<E: Export> Admitted<E> {
    /// The call as the lanes run it; the permit is given back when the instance is gone.
    pub(super) fn guest(self) -> Guest<Result<E::Answer, Failure>> {
        let meter = self.state.ledger.meter.clone();
        // Boxed at once, so that the call's state is not copied from future to future.
        Guest::new(inside(self), meter)
    }
}

/// Runs a guest on the lanes, at most until its deadline, which is `allowed` after its call began. Dropping the future ends the
/// guest at its next tick at the latest.
pub(super) fn on_lanes<A: Send + 'static>(
    lanes: &Arc<Lanes>,
    guest: Guest<Result<A, Failure>>,
    deadline: Instant,
    allowed: Duration,
) -> impl Future<Output = Result<A, Failure>> + Send + use<A> {
    let lanes = lanes.clone();
    async move {
        match lanes.run(guest, deadline).await {
            Ok(end) => end,
            Err(Lost::Deadline) => {
                let asked = allowed + Instant::now().saturating_duration_since(deadline);
                Err(Failure::Wall { asked, allowed })
            }
            Err(Lost::Gone) => Err(Failure::Host("the call was lost".into())),
        }
    }
}

async fn inside<E: Export>(call: Admitted<E>) -> Result<E::Answer, Failure> {
    let Admitted { plugin, permit, state, tenant, export } = call;
    let mut instance = enter(&plugin, state, &permit, tenant.as_deref()).await?;
    let end = export.invoke(&mut instance).await;
    let end = match end {
        Ok(end) => end,
        Err(error) => {
            let failure = crash(instance.store.data(), &error);
            flush_stdio(instance.store.data_mut());
            return Err(failure);
        }
    };
    flush_stdio(instance.store.data_mut());
    instance.give_back(&plugin, tenant);
    end
}

/// An instance for the call, or why there is none.
pub(super) async fn enter(
    plugin: &Plugin,
    state: Box<CallState>,
    permit: &Permit,
    tenant: Option<&str>,
) -> Result<Instance, Failure> {
    Instance::take(plugin, state, permit, tenant).await.map_err(|mut failed| {
        let failure = crash(failed.store.data(), &failed.error);
        flush_stdio(failed.store.data_mut());
        failure
    })
}

/// The engine's words for a host call with too large arguments. Its error type is private; should the words change, such a call
/// is reported as a crash.
const HOST_CALL_BYTES_USED_UP: &str = "fuel allocated for hostcalls has been exhausted";

/// Says why a call ended in a trap: the limit it ran into, if it did, else the trap with what the guest said last.
pub(super) fn crash(state: &CallState, error: &wasmtime::Error) -> Failure {
    if let Some(breach) = limit_reached(error) {
        return Failure::Breached(breach);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        let allowed = state.ledger.limits.handles.into();
        return Failure::Breached(Breach { limit: Limit::Handles, asked: allowed + 1, allowed });
    }
    // Never the whole error: it writes the names of the guest's functions out, and these are the guest's to choose.
    let why = crash::why(error);
    // Who has a permit has room in the pool.
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return Failure::Host(why);
    }
    if why.contains(HOST_CALL_BYTES_USED_UP) {
        let allowed = host_call_bytes(&state.capabilities.ready) as u64;
        return Failure::Breached(Breach { limit: Limit::HostCallBytes, asked: allowed + 1, allowed });
    }
    // What the guest was refused and most likely died of: an allocator that gets no memory traps.
    if let Some(breach) = state.ledger.breach {
        return Failure::Breached(breach);
    }
    let said = crash::said(&state.stdio.take_last_words());
    Failure::Trapped { trap: why, at: crash::at(error), said }
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
