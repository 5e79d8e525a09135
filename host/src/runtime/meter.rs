//! Counts what a call uses, and says stop.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use wasmtime::{ResourceLimiter, UpdateDeadline};

use super::{
    engine::{TABLE_ELEMENTS, TICK},
    pace::Pace,
};
use crate::{limits::Limits, units::millis};

/// A limit that a call ran into. The log shows all three; the caller of the service sees only a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    pub limit: Limit,
    /// What the call wanted to have, in the limit's unit (bytes, milliseconds or a count).
    pub asked: u64,
    pub allowed: u64,
}

/// The limits that are enforced while a guest runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Memory,
    /// One table; all of them together count as memory.
    TableElements,
    Cpu,
    HostCalls,
    /// What one call of the host takes and returns.
    HostCallBytes,
    /// Only WASI's functions end in it: those of the contract return the error `limit.handles` instead.
    Handles,
    /// What another server sent.
    BodyIn,
    BodyOut,
}

impl Limit {
    /// The limit's name, in `[limits]` for those that stand there.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::TableElements => "table-elements",
            Self::Cpu => "cpu",
            Self::HostCalls => "host-calls",
            Self::HostCallBytes => "host-call-bytes",
            Self::Handles => "handles",
            Self::BodyIn => "body-in",
            Self::BodyOut => "body-out",
        }
    }
}

/// Processor time of one call, shared between the one who polls it and the epoch callback inside it.
///
/// Epochs are wall clock, so the polls themselves are timed: by the monotonic clock on the fast lane (25 ns), by the thread's
/// processor time on the slow lane, whose threads must give way to others. A poll of the fast lane ends by its second tick, so it
/// counts as one tick and a half at most: what it took longer, its thread waited for a processor.
#[derive(Debug)]
pub struct Meter {
    allowed: Duration,
    /// Nanoseconds on the lane's clock at which the running poll began.
    poll_began: AtomicU64,
    /// Nanoseconds of all polls that have ended.
    spent: AtomicU64,
    /// Bytes of the call's memories and tables, which never shrink.
    memory: AtomicU64,
    run_over: AtomicU32,
    /// Polls that were long although no tick said so.
    long_polls: AtomicU32,
    on_slow_lane: AtomicBool,
    /// Whether it is not to be polled anywhere else.
    begins_slow: bool,
    pace: Arc<Pace>,
    origin: Instant,
}

impl Meter {
    /// Of a call that begins `now`.
    pub fn new(allowed: Duration, now: Instant, pace: Arc<Pace>) -> Self {
        Self {
            allowed,
            poll_began: AtomicU64::new(0),
            spent: AtomicU64::new(0),
            memory: AtomicU64::new(0),
            run_over: AtomicU32::new(0),
            long_polls: AtomicU32::new(0),
            on_slow_lane: AtomicBool::new(false),
            begins_slow: pace.is_slow(now),
            pace,
            origin: now,
        }
    }

    /// Runs one poll of the guest and counts its time.
    pub fn time<T>(&self, poll: impl FnOnce() -> T) -> T {
        let (began, run_over) = (self.now(), self.times_run_over());
        self.poll_began.store(began, Ordering::Relaxed);
        let watch = (!self.is_on_slow_lane() && self.pace.is_watched(self.origin)).then(processor_time);
        let result = poll();
        let took = self.now().saturating_sub(began);
        let computed = if self.is_on_slow_lane() { Some(took) } else { watch.map(|began| processor_time() - began) };
        self.pace.polled(Duration::from_nanos(took), computed.map(Duration::from_nanos));
        self.spent.fetch_add(self.used(took), Ordering::Relaxed);
        // No tick falls into one long instruction, and a guest that lets go right behind it is never seen by one.
        if took > 2 * nanos(TICK) && run_over == self.times_run_over() {
            self.long_polls.fetch_add(1, Ordering::Relaxed);
        }
        result
    }

    /// What the epoch callback does at each tick: stop the guest for good, let it go on, or make it give way.
    pub fn tick(&self) -> Result<UpdateDeadline, Breach> {
        let poll = self.now().saturating_sub(self.poll_began.load(Ordering::Relaxed));
        let spent = Duration::from_nanos(self.spent.load(Ordering::Relaxed).saturating_add(self.used(poll)));
        if spent > self.allowed {
            // Rounded up: a log that says "asked for 200, allowed are 200" explains nothing.
            return Err(Breach { limit: Limit::Cpu, asked: millis(spent).saturating_add(1), allowed: millis(self.allowed) });
        }
        // A tick that falls on a call that has only begun to run says nothing about it: at 1 ms, it would send one in a
        // hundred calls of 10 µs to the slow lane.
        if Duration::from_nanos(poll) < TICK / 2 {
            return Ok(UpdateDeadline::Continue(1));
        }
        self.run_over.fetch_add(1, Ordering::Relaxed);
        // Wasmtime's own yield starves the other tasks of tokio.
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    }

    /// How often the call was made to give way.
    pub fn times_run_over(&self) -> u32 {
        self.run_over.load(Ordering::Relaxed)
    }

    /// Whether the call belongs on the slow lane: its plugin is known for it, or it was made to give way twice, or should have been.
    /// Once happens to the quickest, when its thread has to wait for a processor; it would wait on the slow lane behind all that are
    /// slow.
    pub fn is_slow(&self) -> bool {
        self.begins_slow || self.times_run_over() + self.long_polls.load(Ordering::Relaxed) >= 2
    }

    /// From now on the call is polled on the slow lane's threads.
    pub fn enter_slow_lane(&self) {
        self.on_slow_lane.store(true, Ordering::Relaxed);
    }

    /// The call's memories and tables have come to so many bytes.
    fn holds(&self, bytes: u64) {
        self.memory.store(bytes, Ordering::Relaxed);
    }

    /// The call is over, in whatever way: what it took is counted for its service.
    pub fn ended(&self) {
        let requests = &self.pace.running.requests;
        requests.cpu.count(self.spent.load(Ordering::Relaxed));
        requests.memory.count(self.memory.load(Ordering::Relaxed));
    }

    /// Nanoseconds of processor time in a poll that took this long on the lane's clock.
    fn used(&self, poll: u64) -> u64 {
        if self.is_on_slow_lane() { poll } else { poll.min(nanos(TICK) * 3 / 2) }
    }

    fn now(&self) -> u64 {
        if self.is_on_slow_lane() { processor_time() } else { nanos(self.origin.elapsed()) }
    }

    fn is_on_slow_lane(&self) -> bool {
        self.on_slow_lane.load(Ordering::Relaxed)
    }
}

/// Nanoseconds that this thread has computed.
fn processor_time() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What a call may still use besides processor time; lives in the call's store.
#[derive(Debug)]
pub struct Ledger {
    pub limits: Limits,
    pub meter: Arc<Meter>,
    /// What the guest was refused last and went on without, or what ended its call.
    pub breach: Option<Breach>,
    memory: u64,
    /// What the last growth added to it.
    grown: u64,
    host_calls: u32,
}

/// A trap because of a limit; the breach itself stands in the ledger.
#[derive(Debug, thiserror::Error)]
#[error("limit `{}` reached", .0.limit.as_str())]
pub struct LimitReached(pub Breach);

impl Ledger {
    pub fn new(limits: Limits, meter: Arc<Meter>) -> Self {
        Self { limits, meter, breach: None, memory: 0, grown: 0, host_calls: 0 }
    }

    /// Bytes of all memories and tables.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// The same instance begins its next call: what it holds stays counted, what it did does not.
    pub fn renew(&mut self, meter: Arc<Meter>) {
        meter.holds(self.memory);
        self.meter = meter;
        self.breach = None;
        self.host_calls = 0;
    }

    /// Counts one host call. Every imported function of the contract begins with it.
    pub fn host_call(&mut self) -> wasmtime::Result<()> {
        self.host_calls = self.host_calls.saturating_add(1);
        if self.host_calls > self.limits.host_calls {
            let breach =
                Breach { limit: Limit::HostCalls, asked: self.host_calls.into(), allowed: self.limits.host_calls.into() };
            return Err(self.reached(breach));
        }
        Ok(())
    }

    /// Makes the trap for a breach, which is why the call ends: whatever it lived through before, a refused growth for one.
    pub fn reached(&mut self, breach: Breach) -> wasmtime::Error {
        self.breach = Some(breach);
        wasmtime::Error::new(LimitReached(breach))
    }

    /// Accounts for growth of a memory or table; `false` refuses it.
    fn grow(&mut self, from: u64, to: u64) -> bool {
        let grown = to.saturating_sub(from);
        let asked = self.memory.saturating_add(grown);
        if asked > self.limits.memory {
            self.breach.get_or_insert(Breach { limit: Limit::Memory, asked, allowed: self.limits.memory });
            return false;
        }
        (self.memory, self.grown) = (asked, grown);
        self.meter.holds(asked);
        true
    }

    /// What was allowed came to nothing, because of the memory's or table's own maximum or for want of addresses.
    fn not_grown(&mut self) {
        self.memory -= std::mem::take(&mut self.grown);
        self.meter.holds(self.memory);
    }
}

/// All memories and tables of a call count together. A refused growth is no trap: the guest sees it fail and may go on; only
/// if it then traps is the memory limit the reason that is reported.
impl ResourceLimiter for Ledger {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current as u64, desired as u64))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.not_grown();
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS {
            let (asked, allowed) = (desired as u64, TABLE_ELEMENTS as u64);
            self.breach.get_or_insert(Breach { limit: Limit::TableElements, asked, allowed });
            return Ok(false);
        }
        Ok(self.grow(current as u64 * 8, desired as u64 * 8))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.not_grown();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::pace::tests::pace;

    fn meter(allowed: Duration) -> Meter {
        Meter::new(allowed, Instant::now(), Arc::new(pace()))
    }

    #[test]
    fn memory_that_came_to_nothing_is_not_counted() {
        let meter = Arc::new(meter(Duration::MAX));
        let mut ledger = Ledger::new(Limits::DEFAULT, meter.clone());
        let held = || meter.memory.load(Ordering::Relaxed);
        assert!(ledger.memory_growing(0, 1 << 20, None).unwrap());
        assert_eq!(held(), 1 << 20);
        assert!(ledger.memory_growing(1 << 20, 3 << 20, None).unwrap());
        ledger.memory_grow_failed(wasmtime::Error::msg("its own maximum")).unwrap();
        assert_eq!(held(), 1 << 20);
        assert!(!ledger.memory_growing(1 << 20, usize::MAX, None).unwrap());
        assert_eq!(held(), 1 << 20);
        // The next call of the instance begins with what it holds.
        let next = Arc::new(super::tests::meter(Duration::MAX));
        ledger.renew(next.clone());
        assert_eq!(next.memory.load(Ordering::Relaxed), 1 << 20);
    }

    #[test]
    fn a_thread_that_waits_for_a_processor_spends_nothing() {
        let allowed = TICK * 4;
        let meter = meter(allowed);
        // Ten times what is allowed, of which the call itself takes nothing.
        let starved = || std::thread::sleep(allowed * 10);
        for poll in 1..=2 {
            let tick = meter.time(|| {
                starved();
                meter.tick()
            });
            assert!(matches!(tick, Ok(UpdateDeadline::YieldCustom(..))), "in poll {poll}");
            assert_eq!(meter.is_slow(), poll == 2, "in poll {poll}");
        }
        meter.enter_slow_lane();
        assert!(
            meter
                .time(|| {
                    starved();
                    meter.tick()
                })
                .is_ok()
        );
    }

    #[test]
    fn a_call_whose_polls_are_long_without_a_tick_is_slow() {
        let meter = meter(Duration::MAX);
        let poll = |length: Duration| {
            meter.time(|| {
                let began = Instant::now();
                while began.elapsed() < length {}
            });
        };
        poll(TICK * 3);
        assert!(!meter.is_slow(), "its thread may have waited");
        poll(TICK * 3);
        assert!(meter.is_slow());
        assert_eq!(meter.times_run_over(), 0);
    }

    #[test]
    fn a_call_that_computes_is_stopped_on_either_lane() {
        for slow in [false, true] {
            let meter = meter(TICK * 2);
            if slow {
                meter.enter_slow_lane();
            }
            let stopped = (0..1_000).find_map(|_| {
                meter.time(|| {
                    let began = meter.now();
                    while meter.now() - began < nanos(TICK) {}
                    meter.tick().err()
                })
            });
            assert_eq!(stopped.map(|breach| (breach.limit, breach.allowed)), Some((Limit::Cpu, 2)));
        }
    }

    #[test]
    fn calls_of_a_plugin_that_computes_in_long_polls_begin_slow() {
        let pace = Arc::new(pace());
        let begins_slow = || {
            let meter = Meter::new(Duration::MAX, Instant::now(), pace.clone());
            let is_slow = meter.is_slow();
            meter.time(|| {
                let began = processor_time();
                while processor_time() - began < 25 * nanos(TICK) {}
            });
            is_slow
        };
        assert_eq!([begins_slow(), begins_slow(), begins_slow()], [false, false, true]);
    }
}
