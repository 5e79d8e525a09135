//! One back service on the line: what its loops share.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, RateLimiter};
use tokio::sync::{Notify, watch};

use super::{
    Deliver, Platform, PlatformError,
    line::{Served, Settings},
    negative::Negative,
    timer::Timer,
};
use crate::{
    codes,
    store::{Store, StoreError, messages::State},
};

/// Ids that the platform does not know are remembered for a minute: a notice may be faster than what it announces, and by then
/// a poll has found it.
const NEGATIVE_MS: u64 = 60_000;
/// Some 100 KB. The rate of notices lets six times as many in within that minute: then the oldest are forgotten, and asked for
/// once more if they are named again.
const NEGATIVES: usize = 1_024;
/// What the loops do after the store failed: they look again so much later.
pub(super) const STORE_MS: u64 = 1_000;

/// In [`Status::trouble`], the platform's list itself and not the call for it.
const LIST: &str = "list";
/// All words of [`Status::trouble`].
pub const TROUBLES: [&str; 4] = ["message", "messages", "resolve", LIST];

/// What all services of a line share.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) deliver: Arc<dyn Deliver>,
    pub(super) timer: Timer,
    pub(super) settings: Settings,
    /// The name of this run of this process in leases.
    pub(super) owner: String,
}

/// One service.
pub(super) struct Service {
    pub(super) key: String,
    pub(super) platform: Arc<dyn Platform>,
    pub(super) service_id: Option<String>,
    pub(super) purge_after_cancel: Duration,
    pub(super) shared: Arc<Shared>,
    pub(super) notices: DefaultDirectRateLimiter,
    pub(super) unknown: Negative,
    /// Messages of other services in the last list.
    pub(super) foreign: AtomicUsize,
    pub(super) wakes: Wakes,
    pub(super) hold: Hold,
    /// Done messages of which the platform is not told yet: this host's requests go by what was there before them.
    pub(super) completing: Completing,
    health: watch::Sender<Health>,
}

/// One for each loop: there may be something to do now.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    pub(super) fetch: Notify,
    /// Messages wait for their place in the platform's order.
    pub(super) place: Notify,
    /// Notices were turned away.
    pub(super) missed: Notify,
    pub(super) dispatch: Notify,
    pub(super) resolve: Notify,
    pub(super) purge: Notify,
}

/// Until when nothing is delivered, because nobody would take it.
#[derive(Debug, Default)]
pub(super) struct Hold(AtomicU64);

impl Hold {
    pub(super) fn until(&self, ms: u64) {
        self.0.store(ms, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.until(0);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Ids of messages whose completion is under way.
#[derive(Debug, Default)]
pub(super) struct Completing(Mutex<BTreeSet<String>>);

/// An id leaves when this is dropped.
pub(super) struct Entered<'a> {
    all: &'a Completing,
    id: String,
}

impl Completing {
    pub(super) fn enter(&self, id: &str) -> Entered<'_> {
        self.lock().insert(id.to_owned());
        Entered { all: self, id: id.to_owned() }
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.lock().contains(id)
    }

    /// No code that can panic runs under this lock.
    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
    }
}

/// What the platform's last answers say of the service.
#[derive(Debug, Clone, Default)]
struct Health {
    paused: Option<Paused>,
    polled_ms: Option<u64>,
    /// What each call came to last, if it failed.
    trouble: BTreeMap<&'static str, String>,
}

/// The platform does not accept the service's access token, so its messages rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// The platform's own word for what is wrong with the token.
    pub code: String,
    pub since_ms: u64,
}

/// A service's messages as an operator sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub service: String,
    /// An alarm: nothing goes on until somebody puts a good token in place.
    pub paused: Option<Paused>,
    /// When the platform last told what is unresolved.
    pub polled_ms: Option<u64>,
    /// What calls to the platform came to that fail at present, by the call: `message`, `messages`, `resolve`; and `list` while
    /// the platform lists more than is read.
    pub trouble: BTreeMap<&'static str, String>,
    /// How many messages are in each state.
    pub counts: BTreeMap<State, u64>,
}

impl Service {
    pub(super) fn new(served: Served, shared: Arc<Shared>) -> Self {
        Self {
            key: served.key,
            platform: served.platform,
            service_id: served.service_id,
            purge_after_cancel: served.purge_after_cancel,
            notices: RateLimiter::direct(shared.settings.notices),
            shared,
            unknown: Negative::new(NEGATIVES, NEGATIVE_MS),
            foreign: AtomicUsize::new(0),
            wakes: Wakes::default(),
            hold: Hold::default(),
            completing: Completing::default(),
            health: watch::Sender::default(),
        }
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.shared.timer.now_ms()
    }

    pub(super) fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Waits until the platform accepts the service's token, as far as is known.
    pub(super) async fn unpaused(&self) {
        // The sender is in `self`, so the channel is open.
        let _ = self.health.subscribe().wait_for(|health| health.paused.is_none()).await;
    }

    /// Takes note of what a call to the platform came to. Each change is logged once.
    pub(super) fn heard<T>(&self, call: &'static str, answer: &Result<T, PlatformError>) {
        let now_ms = self.now_ms();
        let key = &self.key;
        self.health.send_if_modified(|health| match answer {
            Ok(_) => {
                // Only a poll ends a pause: calls that were under way when the token ran out may still be answered.
                if health.paused.is_none() && health.trouble.remove(call).is_some() {
                    tracing::info!(service = key, call, "the platform answers again");
                }
                false
            }
            Err(error @ PlatformError::Token { code }) => {
                health.trouble.insert(call, error.to_string());
                if health.paused.as_ref().is_some_and(|paused| paused.code == *code) {
                    return false;
                }
                let alarm = codes::PLATFORM_TOKEN.id;
                tracing::error!(
                    code = alarm,
                    service = key,
                    error = code,
                    "the platform does not accept the access token; messages rest"
                );
                health.paused = Some(Paused { code: code.clone(), since_ms: now_ms });
                true
            }
            Err(error @ (PlatformError::Refused { .. } | PlatformError::Unavailable(_))) => {
                if health.trouble.insert(call, error.to_string()).is_none() {
                    tracing::warn!(service = key, call, %error, "a call to the platform failed; it is tried again");
                } else {
                    tracing::debug!(service = key, call, %error, "a call to the platform failed");
                }
                false
            }
        });
    }

    /// The platform told what is unresolved: all of it, or the beginning of a list that was `cut`.
    pub(super) fn polled(&self, at_ms: u64, cut: bool) {
        self.health.send_modify(|health| {
            health.polled_ms = Some(at_ms);
            health.trouble.remove("messages");
            if health.paused.take().is_some() {
                health.trouble.retain(|call, _| *call == LIST);
                tracing::info!(service = self.key, "the platform accepts the access token; messages go on");
            }
            match (cut, health.trouble.contains_key(LIST)) {
                (true, false) => {
                    tracing::error!(
                        service = self.key,
                        "the platform lists more unresolved messages than are read at once; those at its end are found by \
                         notices only, until some before them are resolved: `wharf messages list --state dead`"
                    );
                    let why = "it is longer than is read; what stands at its end is found by notices only".to_owned();
                    health.trouble.insert(LIST, why);
                }
                (false, true) => {
                    health.trouble.remove(LIST);
                    tracing::info!(service = self.key, "the platform's list of unresolved messages is read to its end again");
                }
                (true, true) | (false, false) => {}
            }
        });
    }

    /// The store failed: logged here, once for each time.
    pub(super) fn store_failed(&self, what: &str, error: &StoreError) {
        tracing::error!(service = self.key, error = %error.problem(), "{what}");
    }

    pub(super) fn status(&self, counts: BTreeMap<State, u64>) -> Status {
        let Health { paused, polled_ms, trouble } = self.health.borrow().clone();
        Status { service: self.key.clone(), paused, polled_ms, trouble, counts }
    }
}
