//! Where a guest is polled: at first by whoever took the request, and once it has used up two ticks by threads of its own.
//!
//! So no guest holds a request worker longer than a tick, but by long instructions of a plugin that is not known for them yet
//! (`pace.rs`), and accepting connections, timers and administration run where no guest is ever polled for longer. What is quick
//! goes first: the threads of the slow lane have a low priority, and while those that serve requests are busy, slow calls go over to
//! the last lane, whose threads run when no other wants to.
//!
//! While 64 calls of another plugin compute without end, the 99th percentile of `hello` over 8 connections is 1.8 times what it is
//! alone (2 cores, `neighbour` in `benches/load.rs`; rounds of 1.1, 1.8 and 1.8). With the slow lane alone it was 6 times; half of
//! that came from quick calls that were sent there because their thread had waited for a processor. With nice 19 on the last lane
//! it was 2.3 times: a thread that wakes does not always take the processor from one that is only less important.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use tokio::runtime::{Builder, Handle, Runtime};

use super::{load::Load, meter::Meter};
use crate::task::AbortOnDrop;

/// How much what is slow gives way: a ninth of the share of what is quick.
pub(super) const NICE: i32 = 10;

/// Makes what is slow give way.
fn give_way() -> std::io::Result<()> {
    rustix::process::setpriority_process(None, NICE)?;
    Ok(())
}

/// Makes it wait until nobody else wants the processor (`SCHED_IDLE` of sched(7)). Were that so at all times, calls would run into
/// their time limits as soon as the machine has other work than the host's: even at nice 19, a call of half a second took a minute
/// beside twelve busy loops on two cores.
fn stand_back() -> std::io::Result<()> {
    let param = libc::sched_param { sched_priority: 0 };
    // SAFETY: the kernel reads the parameter during the call and keeps nothing of it; 0 is the calling thread.
    #[expect(unsafe_code, reason = "rustix has no call for it, and what has one brings eleven crates")]
    let set = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const param) };
    if set == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// A running guest that can be moved between threads while it waits.
pub struct Guest<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    meter: Arc<Meter>,
}

impl<T> Guest<T> {
    pub fn new(future: impl Future<Output = T> + Send + 'static, meter: Arc<Meter>) -> Self {
        Self { future: Box::pin(future), meter }
    }

    /// Polls it once, for a tick at most, unless it is known to take longer: what most calls need to end. Where it gives nothing, it
    /// is to go on on the lanes.
    pub async fn begin(&mut self) -> Option<T> {
        if self.meter.is_slow() {
            return None;
        }
        let mut began = false;
        std::future::poll_fn(|cx| {
            if std::mem::replace(&mut began, true) {
                return Poll::Ready(None);
            }
            match Pin::new(&mut *self).poll(cx) {
                Poll::Ready(end) => Poll::Ready(Some(end)),
                // It was made to give way: so others go first.
                Poll::Pending if self.meter.times_run_over() > 0 => Poll::Pending,
                Poll::Pending => Poll::Ready(None),
            }
        })
        .await
    }
}

impl<T> Future for Guest<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Self { future, meter } = self.get_mut();
        meter.time(|| future.as_mut().poll(cx))
    }
}

impl<T> Drop for Guest<T> {
    fn drop(&mut self) {
        self.meter.ended();
    }
}

/// The runtimes beside the one that serves requests; ended in the background when dropped.
#[derive(Debug)]
pub struct Lanes {
    slow: Lane,
    /// For the same calls, while the load is high.
    last: Lane,
    load: Arc<Load>,
    /// Where deadlines of slow calls are watched; no guest is polled here.
    control: Handle,
}

/// Why a call left its lane without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The deadline passed.
    Deadline,
    /// The host is going down, or the task panicked.
    Gone,
}

impl Lanes {
    /// `control` belongs to a runtime on which no guest runs. Fails when the system gives no threads.
    pub fn new(control: Handle) -> std::io::Result<Self> {
        let (slow, last) = (Lane::new("wharf-slow-lane", give_way)?, Lane::new("wharf-last-lane", stand_back)?);
        Ok(Self { slow, last, load: Arc::default(), control })
    }

    /// Runs a guest to its end or its deadline; to be called where requests are served. Dropping the future drops the guest at its
    /// next tick at the latest.
    pub async fn run<T: Send + 'static>(self: &Arc<Self>, guest: Guest<T>, deadline: Instant) -> Result<T, Lost> {
        let deadline = tokio::time::Instant::from_std(deadline);
        let mut guest = Some(guest);
        let first = std::future::poll_fn(|cx| {
            let Some(running) = guest.as_mut().filter(|running| !running.meter.is_slow()) else { return Poll::Ready(None) };
            match Pin::new(&mut *running).poll(cx) {
                Poll::Ready(end) => Poll::Ready(Some(end)),
                Poll::Pending if running.meter.is_slow() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        });
        match tokio::time::timeout_at(deadline, first).await {
            Ok(Some(end)) => return Ok(end),
            Ok(None) => {}
            Err(_) => return Err(Lost::Deadline),
        }
        let Some(guest) = guest else { return Err(Lost::Gone) };
        guest.meter.enter_slow_lane();
        self.load.watch();
        let lanes = self.clone();
        let watch = self.control.spawn(async move { tokio::time::timeout_at(deadline, lanes.go_on(guest)).await });
        let _aborting = AbortOnDrop::new(watch.abort_handle());
        match watch.await {
            Ok(Ok(end)) => end.ok_or(Lost::Gone),
            Ok(Err(_)) => Err(Lost::Deadline),
            Err(_) => Err(Lost::Gone),
        }
    }

    /// Runs a slow guest to its end, on the lane that is right at each time. `None` if a lane lost it.
    async fn go_on<T: Send + 'static>(self: Arc<Self>, mut guest: Guest<T>) -> Option<T> {
        loop {
            let is_last = self.load.is_high();
            let lane = if is_last { &self.last } else { &self.slow };
            let task = lane.0.as_ref()?.spawn(Stay { guest: Some(guest), is_last, load: self.load.clone() });
            let _aborting = AbortOnDrop::new(task.abort_handle());
            match task.await.ok()? {
                Stayed::Ended(end) => return Some(end),
                Stayed::Moves(moving) => guest = moving,
            }
        }
    }
}

/// Threads of one priority.
#[derive(Debug)]
struct Lane(Option<Runtime>);

impl Lane {
    fn new(name: &'static str, become_lower: fn() -> std::io::Result<()>) -> std::io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let lane = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name(name)
            .on_thread_start(move || {
                // For this thread alone. Where the system refuses, the kernel's fairness has to do.
                if let Err(error) = become_lower() {
                    tracing::warn!(%error, lane = name, "slow calls run at normal priority");
                }
            })
            .enable_all()
            .build()?;
        Ok(Self(Some(lane)))
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(lane) = self.0.take() {
            lane.shutdown_background();
        }
    }
}

/// A guest on one of the lanes.
struct Stay<T> {
    guest: Option<Guest<T>>,
    is_last: bool,
    load: Arc<Load>,
}

/// How its stay ended.
enum Stayed<T> {
    Ended(T),
    /// The other lane is right for it now.
    Moves(Guest<T>),
}

impl<T> Future for Stay<T> {
    type Output = Stayed<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Stayed<T>> {
        let Self { guest, is_last, load } = &mut *self;
        let Some(running) = guest.as_mut() else { return Poll::Pending };
        let before = running.meter.times_run_over();
        match Pin::new(&mut *running).poll(cx) {
            Poll::Ready(end) => Poll::Ready(Stayed::Ended(end)),
            // What waits stays where it is.
            Poll::Pending if running.meter.times_run_over() == before || load.is_high() == *is_last => Poll::Pending,
            Poll::Pending => guest.take().map_or(Poll::Pending, |moving| Poll::Ready(Stayed::Moves(moving))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering},
        time::Duration,
    };

    use super::*;
    use crate::runtime::{engine::TICK, pace::tests::pace};

    #[test]
    fn a_slow_call_makes_way_for_requests_and_comes_back() {
        let runtime = |name: &str| Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build();
        let (control, requests) = (runtime("control").expect("a thread"), runtime("requests").expect("a thread"));
        let lanes = Arc::new(Lanes::new(control.handle().clone()).expect("threads"));
        let busy = Arc::new(AtomicBool::new(false));
        let pace = Arc::new(pace());
        let meter = Arc::new(Meter::new(Duration::MAX, Instant::now(), pace));
        let guest = Guest::new(
            {
                let (busy, meter) = (busy.clone(), meter.clone());
                async move {
                    let mut seen: Vec<String> = Vec::new();
                    while seen.len() < 4 {
                        let here = std::thread::current().name().unwrap_or_default().to_owned();
                        if seen.last() != Some(&here) {
                            busy.store(here == "wharf-slow-lane", Ordering::Relaxed);
                            seen.push(here);
                        }
                        let began = Instant::now();
                        while began.elapsed() < TICK {}
                        assert!(meter.tick().is_ok());
                        tokio::task::yield_now().await;
                    }
                    seen
                }
            },
            meter,
        );
        // What requests are to the threads that serve them.
        let serving = requests.spawn(async move {
            loop {
                let began = Instant::now();
                while busy.load(Ordering::Relaxed) && began.elapsed() < TICK * 5 {}
                tokio::time::sleep(TICK / 10).await;
            }
        });
        let deadline = Instant::now() + Duration::from_secs(240);
        let seen = requests.block_on(requests.spawn(async move { lanes.run(guest, deadline).await })).expect("no panic");
        serving.abort();
        assert_eq!(seen, Ok(["requests", "wharf-slow-lane", "wharf-last-lane", "wharf-slow-lane"].map(str::to_owned).to_vec()));
    }
}
