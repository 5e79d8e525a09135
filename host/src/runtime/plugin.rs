//! One installed version of a plugin, ready to run: linked once, instantiated per call.

use std::sync::Arc;

use wasmtime::{
    Engine, Store,
    component::{HasSelf, InstancePre, Linker},
};

use super::{
    artifact::Artifact,
    engine::{MAX_CORE_INSTANCES, Pool, engine},
    entry::Entry,
    inspect::Inspected,
    instance::{Idle, IdlePlaces},
    meter::LimitReached,
    state::CallState,
    weight::weight,
};
use crate::{
    bindings::{self, lifecycle},
    capabilities, codes,
    limits::Limits,
    problem::Problem,
};

/// Bytes that one host call's arguments may have: twice what a guest may read at once, and the largest thing a capability
/// takes whole.
pub(super) fn host_call_bytes(ready: &capabilities::Ready) -> usize {
    const HOST_CALL_BYTES: usize = 2 << 20;
    HOST_CALL_BYTES.saturating_add(ready.largest_argument())
}

/// The optional export, by a name that finds every version compatible with it.
const LIFECYCLE: &str = "wharf:service/lifecycle@0.1.0";

/// A plugin that calls can run on. Shared by all calls of its version; the next version is another one.
pub struct Plugin {
    /// `id@version`, for logs.
    pub name: Arc<str>,
    pub limits: Limits,
    /// What it may do beyond answering.
    pub ready: Arc<capabilities::Ready>,
    /// What one instance takes of the host's permits: see [`weight`].
    pub core_instances: u32,
    /// After how many calls an instance is replaced; 0 or 1 is a fresh one for every call.
    pub(super) reuse: u32,
    pub(super) idle: Idle,
    pub(super) pre: InstancePre<CallState>,
    pub(super) entry: Entry,
    /// Where the component exports it.
    pub(super) lifecycle: Option<lifecycle::GuestIndices>,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Turns compiled components into plugins: the engine, and every function that a guest of it may import, linked once.
#[derive(Clone)]
pub struct Loader {
    linker: Arc<Linker<CallState>>,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}

impl Loader {
    /// Fails only when the engine cannot define its own functions.
    pub fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        bindings::types::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
        capabilities::link(&mut linker)?;
        Ok(Self { linker: Arc::new(linker) })
    }

    /// For trying out components where no call will ever run: the same engine, which refuses the same, with the smallest pool.
    pub fn trial(max_memory: u64) -> Result<Self, Problem> {
        engine(Pool { core_instances: 1, per_component: MAX_CORE_INSTANCES, max_memory, pagemap_scan: false })
            .and_then(|engine| Self::new(&engine))
            .map_err(|error| Problem::new(&codes::HOST_FAILED, "the engine cannot be set up").why(format_args!("{error:#}")))
    }

    pub fn engine(&self) -> &Engine {
        self.linker.engine()
    }

    /// Links a compiled component. Fails if it was compiled for another engine, imports what is not linked, has more parts than
    /// the pool allows for one, exports no handler that this host can call, or an optional interface without all of its
    /// functions. Blocking.
    pub fn load(
        &self,
        artifact: &Artifact,
        inspected: &Inspected,
        name: Arc<str>,
        limits: Limits,
        reuse: Reuse,
        ready: Arc<capabilities::Ready>,
    ) -> Result<Plugin, LoadError> {
        let failed = |error: wasmtime::Error| LoadError(format!("{error:#}"));
        let component = artifact.load(self.engine()).map_err(failed)?;
        let pre = self.linker.instantiate_pre(&component).map_err(failed)?;
        let kind = inspected.kind().ok_or_else(|| LoadError("no request can reach it".to_owned()))?;
        let entry = Entry::new(kind, &pre).map_err(failed)?;
        let lifecycle = match component.get_export_index(None, LIFECYCLE) {
            Some(_) => Some(lifecycle::GuestIndices::new(&pre).map_err(failed)?),
            None => None,
        };
        let core_instances = weight(artifact, inspected.core_instances).map_err(failed)?;
        let idle = Idle::new(reuse.places, core_instances);
        Ok(Plugin { name, limits, ready, core_instances, reuse: reuse.calls, idle, pre, entry, lifecycle })
    }
}

/// Whether instances of a plugin serve more than one call.
#[derive(Debug, Clone)]
pub struct Reuse {
    /// After how many calls an instance is replaced; 0 is a fresh one for every call.
    pub calls: u32,
    pub places: IdlePlaces,
}

impl Reuse {
    pub fn never() -> Self {
        Self { calls: 0, places: IdlePlaces::new(0) }
    }
}

/// Why a component cannot be made ready.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(String);

impl Plugin {
    /// A store for one call, with all of its limits in force before the first instruction runs.
    pub(super) fn store(&self, state: CallState) -> Store<CallState> {
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| &mut state.ledger);
        store.set_hostcall_fuel(host_call_bytes(&self.ready));
        // Before instantiating: a start function is guest code as well.
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| {
            let state = store.data_mut();
            state.meter.tick().map_err(|breach| state.ledger.reached(breach))
        });
        store
    }
}

/// Whether an error is a limit that was reached rather than a crash.
pub(super) fn limit_reached(error: &wasmtime::Error) -> Option<super::meter::Breach> {
    error.downcast_ref::<LimitReached>().map(|reached| reached.0)
}
