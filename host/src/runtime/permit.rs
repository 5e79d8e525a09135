//! The right to run one call now. There is no instance without one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Held for as long as the call's instance exists; dropping it lets the next one in.
#[derive(Debug)]
pub struct Permit {
    /// One reference for both: what all calls count, two processors fight for.
    permits: Arc<Permits>,
    core_instances: u32,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.permits.host.permits.add_permits(self.core_instances as usize);
        self.permits.plugin.add_permits(1);
    }
}

/// All permits of the host, counted in core instances, because a component may need several.
#[derive(Debug, Clone)]
pub struct HostPermits {
    permits: Arc<Semaphore>,
    core_instances: u32,
}

impl HostPermits {
    pub fn new(core_instances: u32) -> Self {
        Self { permits: Arc::new(Semaphore::new(core_instances as usize)), core_instances }
    }

    /// Permits that nobody holds, in core instances.
    pub fn available(&self) -> usize {
        self.permits.available_permits()
    }

    /// What one plugin may hold at most, in core instances: three quarters, so that it never takes the whole pool.
    pub fn share(&self) -> u32 {
        self.core_instances / 4 * 3
    }

    /// How many there are, taken or not.
    pub fn all(&self) -> usize {
        self.core_instances as usize
    }

    /// There were too few for one more call.
    fn none(&self, core_instances: u32) -> NoPermit {
        let allowed = u64::from(self.core_instances);
        let taken = allowed.saturating_sub(self.available() as u64);
        // Some may have come free in this very moment.
        NoPermit::Host { asked: (taken + u64::from(core_instances)).max(allowed + 1), allowed }
    }
}

/// The permits of one version of a plugin in one service.
#[derive(Debug)]
pub struct PluginPermits {
    permits: Arc<Permits>,
    concurrency: u32,
    waiting: AtomicU32,
}

/// What a call takes from: one permit of its plugin, and as many of the host's as it has core instances.
#[derive(Debug)]
struct Permits {
    plugin: Semaphore,
    host: HostPermits,
}

/// Why no permit was given: `asked` counts what is taken and what waits, `allowed` is all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPermit {
    /// All permits of the plugin stayed taken; counted in calls.
    Plugin { asked: u64, allowed: u64 },
    /// All permits of the host stayed taken; counted in core instances.
    Host { asked: u64, allowed: u64 },
}

impl PluginPermits {
    pub fn new(concurrency: u32, host: HostPermits) -> Self {
        let permits = Permits { plugin: Semaphore::new(concurrency as usize), host };
        Self { permits: Arc::new(permits), concurrency, waiting: AtomicU32::new(0) }
    }

    /// Permits that nobody holds.
    pub fn available(&self) -> usize {
        self.permits.plugin.available_permits()
    }

    /// How many there are, taken or not.
    pub fn all(&self) -> usize {
        self.concurrency as usize
    }

    /// How many calls wait for one.
    pub fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes a permit of the plugin, then one of the host for `core_instances`; waits at most `wait` for both together.
    ///
    /// At most as many calls wait as may run; a further one is refused at once. Cancelling gives up the place.
    pub async fn acquire(&self, core_instances: u32, wait: Duration) -> Result<Permit, NoPermit> {
        let Permits { plugin, host } = &*self.permits;
        if let Ok(taken) = plugin.try_acquire() {
            if let Ok(taken_of_host) = host.permits.try_acquire_many(core_instances) {
                return Ok(self.taken(taken, taken_of_host, core_instances));
            }
            let waiting = tokio::time::timeout(wait, host.permits.acquire_many(core_instances)).await;
            let taken_of_host = waiting.ok().and_then(Result::ok).ok_or_else(|| host.none(core_instances))?;
            return Ok(self.taken(taken, taken_of_host, core_instances));
        }
        let _place = Place::take(self).ok_or_else(|| self.none())?;
        let deadline = tokio::time::Instant::now() + wait;
        let waiting = tokio::time::timeout_at(deadline, plugin.acquire()).await;
        let taken = waiting.ok().and_then(Result::ok).ok_or_else(|| self.none())?;
        let waiting = tokio::time::timeout_at(deadline, host.permits.acquire_many(core_instances)).await;
        let taken_of_host = waiting.ok().and_then(Result::ok).ok_or_else(|| host.none(core_instances))?;
        Ok(self.taken(taken, taken_of_host, core_instances))
    }

    fn taken(&self, plugin: SemaphorePermit<'_>, host: SemaphorePermit<'_>, core_instances: u32) -> Permit {
        plugin.forget();
        host.forget();
        Permit { permits: self.permits.clone(), core_instances }
    }

    fn none(&self) -> NoPermit {
        let allowed = u64::from(self.concurrency);
        NoPermit::Plugin { asked: allowed + u64::from(self.waiting().max(1)), allowed }
    }
}

/// A place in the bounded queue of a plugin.
struct Place<'a>(&'a PluginPermits);

impl<'a> Place<'a> {
    fn take(permits: &'a PluginPermits) -> Option<Self> {
        let before = permits.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(permits);
        (before < permits.concurrency).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
