//! One installed version of a plugin, ready to run: linked once, instantiated per call.

use std::sync::{Arc, Weak};

use wasmtime::{
    Engine, Store,
    component::{HasSelf, InstancePre, Linker},
};

use super::{
    artifact::Artifact,
    engine::{Mode, Pool, Ticker, engine},
    engines::NoEngine,
    entry::Entry,
    inspect::Inspected,
    instance::{Idle, IdlePlaces},
    meter::LimitReached,
    pace::Pace,
    state::CallState,
    weight::weight,
};
use crate::{
    bindings::{self, lifecycle},
    capabilities::{self, log::Running},
    limits::Limits,
};

/// Bytes that one host call's arguments may have: twice what a guest may read at once, and the largest thing a capability
/// takes whole.
pub(super) fn host_call_bytes(ready: &capabilities::Ready) -> usize {
    const HOST_CALL_BYTES: usize = 2 << 20;
    HOST_CALL_BYTES.saturating_add(ready.largest_argument())
}

/// The optional export, by a name that finds every version compatible with it.
const LIFECYCLE: &str = "wharf:service/lifecycle@0.1.0";

/// What the asynchronous engine may remember of one call: its tasks, and both ends of its streams and futures. A call that opens
/// none of its own needs about a dozen.
pub(super) fn concurrent_handles(limits: &Limits) -> usize {
    64 + 4 * limits.handles as usize
}

/// A plugin that calls can run on. Shared by all calls of its version; the next version is another one.
pub struct Plugin {
    /// Which version it is, and for which service.
    pub running: Arc<Running>,
    pub limits: Limits,
    /// How long its calls have taken in one piece.
    pub(super) pace: Arc<Pace>,
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
    /// Last, so that its engine goes on ticking for as long as there is an instance.
    _loader: Loader,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin").field("running", &self.running).finish_non_exhaustive()
    }
}

/// Turns compiled components into plugins: an engine with every function that a guest of it may import, linked once.
#[derive(Clone)]
pub struct Loader(Arc<Linked>);

struct Linked {
    linker: Linker<CallState>,
    mode: Mode,
    /// None where nothing runs.
    _ticker: Option<Ticker>,
}

/// The same, for who does not keep it from ending.
#[derive(Default)]
pub(super) struct WeakLoader(Weak<Linked>);

impl WeakLoader {
    pub(super) fn upgrade(&self) -> Option<Loader> {
        self.0.upgrade().map(Loader)
    }
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").field("mode", &self.0.mode).finish_non_exhaustive()
    }
}

impl Loader {
    /// Fails when the machine cannot reserve the pool, or gives no thread. Where nothing `runs`, nothing ticks.
    pub fn new(mode: Mode, pool: Pool, runs: bool) -> Result<Self, NoEngine> {
        let failed = |error: wasmtime::Error| NoEngine::Failed(format!("{error:#}"));
        let engine = engine(mode, pool).map_err(|error| NoEngine::Pool(format!("{error:#}")))?;
        let ticker = runs.then(|| Ticker::start(&engine, mode)).transpose();
        let ticker = ticker.map_err(|error| NoEngine::Failed(format!("a thread cannot be started: {error}")))?;
        let mut linker = Linker::new(&engine);
        define(&mut linker, mode).map_err(failed)?;
        Ok(Self(Arc::new(Linked { linker, mode, _ticker: ticker })))
    }

    pub(super) fn downgrade(&self) -> WeakLoader {
        WeakLoader(Arc::downgrade(&self.0))
    }

    pub fn engine(&self) -> &Engine {
        self.0.linker.engine()
    }

    /// Links a compiled component. Fails if it was compiled for another engine, imports what is not linked, has more parts than
    /// the pool allows for one, exports no handler that this host can call, or an optional interface without all of its
    /// functions. Blocking.
    pub fn load(&self, parts: Parts<'_>) -> Result<Plugin, LoadError> {
        let Parts { artifact, inspected, running, limits, reuse, ready } = parts;
        let failed = |error: wasmtime::Error| LoadError(format!("{error:#}"));
        let component = artifact.load(self.engine()).map_err(failed)?;
        let pre = self.0.linker.instantiate_pre(&component).map_err(failed)?;
        let kind = inspected.kind().ok_or_else(|| LoadError("no request can reach it".to_owned()))?;
        let entry = Entry::new(kind, &pre).map_err(failed)?;
        let lifecycle = match component.get_export_index(None, LIFECYCLE) {
            Some(_) => Some(lifecycle::GuestIndices::new(&pre).map_err(failed)?),
            None => None,
        };
        let core_instances = weight(artifact, self.0.mode, inspected.core_instances).map_err(failed)?;
        let (idle, reuse, loader) = (Idle::new(reuse.places, core_instances), reuse.calls, self.clone());
        let pace = Arc::new(Pace::new(running.clone()));
        Ok(Plugin { running, limits, pace, ready, core_instances, reuse, idle, pre, entry, lifecycle, _loader: loader })
    }
}

/// Every function that a guest may import. That it may is judged at install, by what its manifest declares; what its calls may do
/// then, by what is granted.
fn define(linker: &mut Linker<CallState>, mode: Mode) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    if mode == Mode::Asynchronous {
        wasmtime_wasi::p3::add_to_linker(linker)?;
        wasmtime_wasi_http::p3::add_to_linker(linker)?;
    }
    bindings::types::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    capabilities::link(linker)
}

/// What a plugin is made of.
#[derive(Debug)]
pub struct Parts<'a> {
    /// Compiled for the loader's engine.
    pub artifact: &'a Artifact,
    /// What the component that it was compiled from says of itself.
    pub inspected: &'a Inspected,
    pub running: Arc<Running>,
    pub limits: Limits,
    pub reuse: Reuse,
    pub ready: Arc<capabilities::Ready>,
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
        if self.entry.kind().mode() == Mode::Asynchronous
            && let Some(table) = store.concurrent_resource_table()
        {
            table.set_max_capacity(concurrent_handles(&self.limits));
        }
        store.set_hostcall_fuel(host_call_bytes(&self.ready));
        // Before instantiating: a start function is guest code as well.
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| {
            let state = store.data_mut();
            state.ledger.meter.tick().map_err(|breach| state.ledger.reached(breach))
        });
        store
    }
}

/// Whether an error is a limit that was reached rather than a crash.
pub(super) fn limit_reached(error: &wasmtime::Error) -> Option<super::meter::Breach> {
    error.downcast_ref::<LimitReached>().map(|reached| reached.0)
}
