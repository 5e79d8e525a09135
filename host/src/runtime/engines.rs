//! The engines of a host: the synchronous one, and the asynchronous one for as long as a plugin needs it.

use std::sync::{Mutex, PoisonError};

use super::{
    engine::{MAX_CORE_INSTANCES, Mode, Pool},
    plugin::{Loader, WeakLoader},
};

/// Both engines, as far as they exist.
pub struct Engines {
    pool: Pool,
    runs: bool,
    synchronous: Loader,
    /// Kept by the plugins that run on it: when the last of them is gone, with its last call, so is the engine.
    asynchronous: Mutex<WeakLoader>,
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum NoEngine {
    #[error("its pool cannot be reserved: {0}")]
    Pool(String),
    #[error("{0}")]
    Failed(String),
}

impl std::fmt::Debug for Engines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engines").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl Engines {
    /// For a host. Each engine has a pool of its own, of that size; what runs in both together is bounded by the host's permits.
    pub fn running(pool: Pool) -> Result<Self, NoEngine> {
        Self::new(pool, true)
    }

    /// For trying out components where no call will ever run: the same engines, which refuse the same, with the smallest pools.
    pub fn trial(max_memory: u64) -> Result<Self, NoEngine> {
        Self::new(Pool { core_instances: 1, per_component: MAX_CORE_INSTANCES, max_memory, pagemap_scan: false }, false)
    }

    fn new(pool: Pool, runs: bool) -> Result<Self, NoEngine> {
        let synchronous = Loader::new(Mode::Synchronous, pool, runs)?;
        Ok(Self { pool, runs, synchronous, asynchronous: Mutex::default() })
    }

    /// The engine of that mode, made now if it is the asynchronous one and nothing runs on it. It is there for as long as somebody
    /// keeps what is returned. Blocking.
    pub fn loader(&self, mode: Mode) -> Result<Loader, NoEngine> {
        if mode == Mode::Synchronous {
            return Ok(self.synchronous.clone());
        }
        let mut made = self.asynchronous.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loader) = made.upgrade() {
            return Ok(loader);
        }
        let loader = Loader::new(mode, self.pool, self.runs)?;
        *made = loader.downgrade();
        Ok(loader)
    }
}
