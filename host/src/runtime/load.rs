//! Whether the threads that serve requests are busy.

use std::{
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::runtime::Handle;

/// How long is looked at at once, at least.
const WINDOW: Duration = Duration::from_millis(10);

/// How long a high load is remembered. A thread tells what it has worked when it comes to rest, or now and then: one window that
/// saw nothing says little.
const REMEMBERED: Duration = Duration::from_millis(200);

/// The load of the runtime that serves requests.
#[derive(Debug, Default)]
pub(super) struct Load {
    requests: OnceLock<Handle>,
    last: Mutex<Look>,
    is_high: AtomicBool,
}

#[derive(Debug, Default)]
struct Look {
    at: Option<Instant>,
    /// What all threads together had worked by then.
    worked: Duration,
    /// When the load was seen to be high.
    high: Option<Instant>,
}

impl Load {
    /// To be called where requests are served; the first caller's runtime is the one.
    pub(super) fn watch(&self) {
        self.requests.get_or_init(Handle::current);
    }

    /// Whether the threads have just worked for more than a quarter of the time, which is much where others work as well. Time in
    /// which one that had work waited for a processor counts.
    pub(super) fn is_high(&self) -> bool {
        // Where another thread looks, its look is as good.
        if let (Some(requests), Ok(mut last)) = (self.requests.get(), self.last.try_lock()) {
            let now = Instant::now();
            let passed = last.at.map(|at| now.saturating_duration_since(at));
            if passed.is_none_or(|passed| passed >= WINDOW) {
                let metrics = requests.metrics();
                let threads = metrics.num_workers();
                let worked: Duration = (0..threads).map(|thread| metrics.worker_total_busy_duration(thread)).sum();
                let share = |passed: Duration| worked.saturating_sub(last.worked).as_secs_f64() / passed.as_secs_f64();
                if passed.is_some_and(|passed| share(passed) > threads as f64 / 4.0) {
                    last.high = Some(now);
                }
                (last.at, last.worked) = (Some(now), worked);
                let is_high = last.high.is_some_and(|high| now.saturating_duration_since(high) < REMEMBERED);
                self.is_high.store(is_high, Ordering::Relaxed);
            }
        }
        self.is_high.load(Ordering::Relaxed)
    }
}
