//! The line as a whole: its services, their loops, and who holds them.

use std::{collections::BTreeMap, fmt, num::NonZeroU32, sync::Arc, time::Duration};

use governor::Quota;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    Deliver, Platform, Status,
    backoff::Backoff,
    calls::Call,
    dispatch, keep, poll, purge,
    service::{Service, Shared, Wakes},
    timer::Timer,
};
use crate::{
    clock::Clock,
    store::{
        Store, StoreError,
        messages::{Keep, State},
    },
};

/// A service whose messages are handled.
pub struct Served {
    /// Its key in the configuration.
    pub key: String,
    /// The platform as this service sees it.
    pub platform: Arc<dyn Platform>,
    /// Its id at the platform, if messages that name another one are to be left alone.
    pub service_id: Option<String>,
    /// How long after a cancel the app's data is purged.
    pub purge_after_cancel: Duration,
}

/// How the line goes about its work.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How often the platform is asked for what is not resolved.
    pub poll_interval: Duration,
    /// Deliveries of a message before it is dead.
    pub max_attempts: u32,
    /// Between deliveries of a message.
    pub backoff: Backoff,
    /// Between calls to the platform that come to nothing.
    pub calls_backoff: Backoff,
    /// How long a claim lasts whose holder gives no sign of life.
    pub lease: Duration,
    /// Deliveries of one service at once.
    pub deliveries: usize,
    /// Calls of each kind to the platform at once, for one service.
    pub calls: u32,
    /// Notices that a service takes.
    pub notices: Quota,
    /// What is remembered of messages that are over.
    pub keep: Keep,
}

impl Default for Settings {
    fn default() -> Self {
        // A burst is what a platform sends that was away for a while; whatever is turned away is listed seconds later.
        let notices = Quota::per_second(NonZeroU32::new(100).unwrap_or(NonZeroU32::MIN));
        Self {
            poll_interval: Duration::from_mins(1),
            // With a poll every minute, about a quarter of an hour for whoever mends the plugin.
            max_attempts: 16,
            backoff: Backoff { first: Duration::from_secs(1), most: Duration::from_mins(5) },
            calls_backoff: Backoff { first: Duration::from_secs(1), most: Duration::from_mins(1) },
            lease: Duration::from_secs(30),
            // A delivery is a call of the plugin: more of them at once than permits would only wait.
            deliveries: 32,
            calls: 32,
            notices: notices.allow_burst(NonZeroU32::new(1_000).unwrap_or(NonZeroU32::MIN)),
            // The platform says of what it resolved that it did, so ids need not be remembered for ever.
            keep: Keep { ms: 30 * 24 * 3_600_000, most: 2_000_000 },
        }
    }
}

/// What a line is made of.
pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    pub services: Vec<Served>,
    pub deliver: Arc<dyn Deliver>,
    pub settings: Settings,
}

/// A line that runs. Dropping it breaks everything off, as a kill would: nothing that was answered is lost.
pub struct Line {
    handle: Handle,
    loops: JoinSet<()>,
    stop: CancellationToken,
}

/// What others may ask of a line.
#[derive(Clone)]
pub struct Handle {
    services: Arc<BTreeMap<String, Arc<Service>>>,
    shared: Arc<Shared>,
}

impl Line {
    /// Starts the loops of all services on the current runtime, on which no guest must run. Waits for nothing: a platform that
    /// is away is asked again later.
    ///
    /// To be called once for a store that no other process has open: claims that an earlier process left are ended.
    pub fn start(parts: Parts) -> Self {
        let timer = Timer::Machine(parts.clock);
        Self::start_with(parts, timer)
    }

    pub(super) fn start_with(parts: Parts, timer: Timer) -> Self {
        let Parts { store, clock: _, services, deliver, settings } = parts;
        let shared = Arc::new(Shared { store, deliver, timer, settings, owner: owner() });
        let services: BTreeMap<_, _> =
            services.into_iter().map(|served| (served.key.clone(), Arc::new(Service::new(served, shared.clone())))).collect();
        let stop = CancellationToken::new();
        let mut loops = JoinSet::new();
        for service in services.values() {
            loops.spawn(Call::Fetch.keep_up(service.clone(), stop.clone()));
            loops.spawn(poll::run(service.clone(), stop.clone()));
            loops.spawn(begin(service.clone(), stop.clone()));
            loops.spawn(Call::Resolve.keep_up(service.clone(), stop.clone()));
            loops.spawn(purge::run(service.clone(), stop.clone()));
        }
        loops.spawn(keep::run(shared.clone(), stop.clone()));
        Self { handle: Handle { services: Arc::new(services), shared }, loops, stop }
    }

    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Takes nothing new, and returns when what is under way has ended: at the latest when the plugins' and the platform's own
    /// time limits have.
    ///
    /// Cancellation: what is still under way is broken off, as by dropping the line.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.loops.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a loop of the message line ended badly");
            }
        }
    }
}

/// Ends the claims of whoever had this store before, then dispatches.
async fn begin(service: Arc<Service>, stop: CancellationToken) {
    let Shared { store, owner, settings, .. } = &*service.shared;
    if let Err(error) = store.messages_orphaned(&service.key, owner, service.now_ms(), settings.max_attempts).await {
        service.store_failed("claims of an earlier run cannot be ended; they run out by themselves", &error);
    }
    dispatch::run(service, stop).await;
}

impl Handle {
    pub(super) fn service(&self, key: &str) -> Option<&Arc<Service>> {
        self.services.get(key)
    }

    /// How all services are, in the order of their keys.
    ///
    /// Cancellation: harmless.
    pub async fn status(&self) -> Result<Vec<Status>, StoreError> {
        let mut counts: BTreeMap<String, BTreeMap<State, u64>> = BTreeMap::new();
        for (service, state, count) in self.shared.store.message_counts().await? {
            counts.entry(service).or_default().insert(state, count);
        }
        Ok(self.services.values().map(|service| service.status(counts.remove(&service.key).unwrap_or_default())).collect())
    }

    /// Something changed for a service from outside: its plugin is ready, or an operator changed a message. Nothing waits for
    /// its time any more.
    pub fn wake(&self, service: &str) {
        if let Some(service) = self.service(service) {
            service.hold.end();
            let Wakes { fetch, place, missed: _, dispatch, resolve, purge } = &service.wakes;
            for wake in [fetch, place, dispatch, resolve, purge] {
                wake.notify_one();
            }
        }
    }
}

/// A name that no other run of this or another process has.
fn owner() -> String {
    let mut random = [0; 8];
    // Without randomness two runs may share a name; then an earlier one's claims end with their leases only.
    let _ = getrandom::fill(&mut random);
    format!("{}-{:016x}", std::process::id(), u64::from_le_bytes(random))
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("services", &self.services.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}
