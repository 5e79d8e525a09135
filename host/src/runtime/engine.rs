//! An engine: its settings, its pool and the thread that ticks its epochs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures};

/// The time slice of a guest. At 10 ms two spinning guests left an innocent plugin 551 requests/s on two workers, at 2 ms
/// 2,690, at 1 ms 4,620; normal load saw no cost.
pub const TICK: Duration = Duration::from_millis(1);

/// The stack of a guest's native frames. Recursion ends in a trap when it is used up.
pub const WASM_STACK: usize = 512 << 10;

/// Room beside the guest's frames for the host functions it calls.
const FIBER_STACK: usize = WASM_STACK + (512 << 10);

/// The most core instances of one component. Those of the usual tool chains have one to five, composed ones a few times that.
pub const MAX_CORE_INSTANCES: u32 = 20;

/// The most linear memories of one component: one for each language that it is composed of.
const MAX_MEMORIES: u32 = 8;

/// The most memories, and tables, of one core instance. Tool chains make no more, and so whoever has permits for core instances
/// finds room for their memories and tables as well.
const PER_CORE_INSTANCE: u32 = 1;

/// The most elements of one table, of 8 bytes each.
pub(super) const TABLE_ELEMENTS: usize = 20_000;

/// What a host can hold at once.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Core instances; a call takes one to five of them, of a composed component up to `per_component`.
    pub core_instances: u32,
    /// The most of them that one component may have.
    pub per_component: u32,
    /// The largest linear memory, in bytes.
    pub max_memory: u64,
    /// Reset memory by asking the kernel which pages were touched; see [`pagemap_scan_is_safe`].
    pub pagemap_scan: bool,
}

/// What an engine can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The contract and WASI 0.2: guests wait in host functions.
    Synchronous,
    /// The component model's own async as well, which WASI 0.3 is made of. Every call costs more, and most of the engine's
    /// recent security advisories were in that code.
    Asynchronous,
}

/// Settings that decide what code is generated; the compiling child must use exactly these, with on-demand allocation.
///
/// Features no back service needs are off: each is code that hostile input could reach. Multi-memory stays on, because off
/// makes the engine panic on some composed components.
pub fn code_settings(mode: Mode) -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(mode == Mode::Asynchronous)
        .epoch_interruption(true)
        .wasm_component_model(true)
        .wasm_multi_memory(true)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        // Garbage collection is not compiled in, but brings typed references to functions with it.
        .wasm_features(WasmFeatures::FUNCTION_REFERENCES | WasmFeatures::GC, false)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK)
        .generate_address_map(true)
        .memory_init_cow(true);
    config
}

/// An engine that runs plugins.
///
/// Fails when the machine cannot reserve the address space of the pool.
pub fn engine(mode: Mode, pool: Pool) -> wasmtime::Result<Engine> {
    let mut config = code_settings(mode);
    let mut allocation = PoolingAllocationConfig::new();
    allocation
        .total_core_instances(pool.core_instances)
        .total_component_instances(pool.core_instances)
        .total_memories(pool.core_instances)
        .total_tables(pool.core_instances)
        .total_stacks(match mode {
            Mode::Synchronous => pool.core_instances,
            // A call has a second one while components within it wait for each other.
            Mode::Asynchronous => pool.core_instances.saturating_mul(2),
        })
        .max_core_instances_per_component(pool.per_component)
        .max_memories_per_component(MAX_MEMORIES)
        .max_tables_per_component(pool.per_component)
        .max_memories_per_module(PER_CORE_INSTANCE)
        .max_tables_per_module(PER_CORE_INSTANCE)
        .max_memory_size(usize::try_from(pool.max_memory).unwrap_or(usize::MAX))
        .table_elements(TABLE_ELEMENTS)
        // A large part of what a call touched is reset by memset instead of madvise: an madvise interrupts every core.
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(512 << 10)
        .pagemap_scan(if pool.pagemap_scan { Enabled::Auto } else { Enabled::No });
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(allocation));
    Engine::new(&config)
}

/// Whether this machine cannot swap: else `PAGEMAP_SCAN` is not to be trusted, because swapped pages may not be reported, and
/// so not be reset between two instances. Unreadable counts as no.
pub fn pagemap_scan_is_safe() -> bool {
    std::fs::read_to_string("/proc/swaps").is_ok_and(|swaps| swaps.lines().count() <= 1)
}

/// Advances the epoch of an engine every [`TICK`]; ends and joins its thread when dropped.
#[derive(Debug)]
pub struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Fails when the system gives no thread.
    pub fn start(engine: &Engine, mode: Mode) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (engine.weak(), stop.clone());
        // By their names one sees from outside which engines there are.
        let name = match mode {
            Mode::Synchronous => "wharf-epoch",
            Mode::Asynchronous => "wharf-epoch-0.3",
        };
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(TICK);
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // The thread only sleeps and counts: it cannot have panicked, and there is nobody to tell.
            drop(thread.join());
        }
    }
}
