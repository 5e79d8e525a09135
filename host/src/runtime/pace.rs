//! Whether the calls of a plugin may begin where requests are served.
//!
//! There is no tick inside one instruction, and one can take long: filling 200 MiB of fresh memory takes a fifth of a second, in one
//! piece. That a call would do so is known when it has done it. So a plugin whose polls are long is watched, and one that was seen
//! to compute in them begins on the slow lane for a while.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::engine::TICK;
use crate::capabilities::log::Running;

/// Polls end by their second tick. One that took this long had a long instruction in it, or its thread waited for a processor.
const LONG: Duration = TICK.saturating_mul(20);
/// Processor time of a poll that had one without doubt; making an instance and giving its memory back is in it.
const HEAVY: Duration = TICK.saturating_mul(10);
/// For how long a plugin is watched, and begins on the slow lane. What goes on there with long polls stays there; what comes back
/// after a quiet minute holds up requests by one poll before it is known again.
const WHILE: Duration = Duration::from_mins(1);

/// What is known of the polls of a plugin. Shared by all of its calls.
#[derive(Debug)]
pub struct Pace {
    /// What it is of: told to the log, and counted for.
    pub running: Arc<Running>,
    origin: Instant,
    /// Until when, in nanoseconds since `origin`; 0 if never.
    watched: AtomicU64,
    slow: AtomicU64,
}

impl Pace {
    pub fn new(running: Arc<Running>) -> Self {
        Self { running, origin: Instant::now(), watched: AtomicU64::new(0), slow: AtomicU64::new(0) }
    }

    /// Whether a call that begins now belongs on the slow lane at once.
    pub fn is_slow(&self, now: Instant) -> bool {
        self.is_before(&self.slow, now)
    }

    /// Whether polls are to be measured by the processor's time, which costs two calls of the system each.
    pub fn is_watched(&self, now: Instant) -> bool {
        self.is_before(&self.watched, now)
    }

    /// A poll took this long, of which it computed so much, as far as that was measured.
    pub fn polled(&self, took: Duration, computed: Option<Duration>) {
        match computed {
            Some(computed) if computed > HEAVY => self.slow_down(computed),
            None if took > LONG => self.extend(&self.watched, WHILE),
            _ => {}
        }
    }

    fn slow_down(&self, computed: Duration) {
        if !self.is_slow(Instant::now()) {
            tracing::warn!(
                service = &*self.running.service,
                plugin = &*self.running.plugin,
                millis = computed.as_millis(),
                "the plugin computed for long in one piece; for a minute its calls begin behind those of others"
            );
        }
        self.extend(&self.slow, WHILE);
        self.extend(&self.watched, 2 * WHILE);
    }

    fn is_before(&self, until: &AtomicU64, now: Instant) -> bool {
        let until = until.load(Ordering::Relaxed);
        until > 0 && self.at(now) < until
    }

    fn extend(&self, until: &AtomicU64, by: Duration) {
        until.fetch_max(self.at(Instant::now() + by), Ordering::Relaxed);
    }

    fn at(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.origin).as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::runtime) fn pace() -> Pace {
        let running = Running { plugin: "plugin".into(), service: "service".into(), requests: Arc::default() };
        Pace::new(Arc::new(running))
    }

    #[test]
    fn a_long_poll_is_a_reason_to_look_and_computing_in_one_to_give_way() {
        let (pace, now) = (pace(), Instant::now());
        pace.polled(LONG, None);
        assert!(!pace.is_watched(now), "a poll may wait for a processor");
        pace.polled(LONG * 2, None);
        assert!(pace.is_watched(now) && !pace.is_slow(now));
        pace.polled(LONG * 2, Some(HEAVY));
        assert!(!pace.is_slow(now), "it waited");
        pace.polled(LONG * 2, Some(HEAVY * 2));
        assert!(pace.is_slow(now));
        // It is forgiven, and watched for as long again.
        assert!(!pace.is_slow(now + WHILE * 3 / 2) && pace.is_watched(now + WHILE * 3 / 2));
        assert!(!pace.is_watched(now + WHILE * 3));
    }
}
