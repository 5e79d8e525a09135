//! Where a guest is polled: at first by whoever took the request, and once it has used up its first tick by threads of its own.
//!
//! So no guest holds a request worker longer than a tick, and accepting connections, timers and administration run where no
//! guest is ever polled for longer. The slow lane's threads have a low priority: work that was quick goes first.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use tokio::runtime::{Builder, Handle, Runtime};

use super::meter::Meter;
use crate::task::AbortOnDrop;

/// How much what is slow gives way: a ninth of the share of what is quick. The lowest priority (19, a sixty-eighth) lets calls
/// run into their time limits as soon as the machine has other work, of the host or not: beside twelve busy loops on two cores a
/// call of half a second took a minute.
pub(super) const NICE: i32 = 10;

/// A running guest that can be moved between threads while it waits.
pub struct Guest<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    meter: Arc<Meter>,
}

impl<T> Guest<T> {
    pub fn new(future: impl Future<Output = T> + Send + 'static, meter: Arc<Meter>) -> Self {
        Self { future: Box::pin(future), meter }
    }

    /// Polls it once, for a tick at most: what most calls need to end. Where it gives nothing, it is to go on on the lanes.
    pub async fn begin(&mut self) -> Option<T> {
        std::future::poll_fn(|cx| match Pin::new(&mut *self).poll(cx) {
            Poll::Ready(end) => Poll::Ready(Some(end)),
            Poll::Pending => Poll::Ready(None),
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

/// The runtimes beside the one that serves requests; ended in the background when dropped.
#[derive(Debug)]
pub struct Lanes {
    slow: Option<Runtime>,
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
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let slow = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("wharf-slow-lane")
            .on_thread_start(|| {
                // Where the system refuses, the kernel's fairness has to do.
                if let Err(error) = rustix::process::nice(NICE) {
                    tracing::warn!(%error, "the slow lane runs at normal priority");
                }
            })
            .enable_all()
            .build()?;
        Ok(Self { slow: Some(slow), control })
    }

    /// Runs a guest to its end or its deadline. Dropping the future drops the guest at its next tick at the latest.
    pub async fn run<T: Send + 'static>(&self, guest: Guest<T>, deadline: Instant) -> Result<T, Lost> {
        let deadline = tokio::time::Instant::from_std(deadline);
        let mut guest = Some(guest);
        let first = std::future::poll_fn(|cx| {
            let Some(running) = guest.as_mut() else { return Poll::Ready(None) };
            // What has begun may have run over already.
            if !running.meter.ran_over()
                && let Poll::Ready(end) = Pin::new(&mut *running).poll(cx)
            {
                return Poll::Ready(Some(end));
            }
            if running.meter.ran_over() { Poll::Ready(None) } else { Poll::Pending }
        });
        match tokio::time::timeout_at(deadline, first).await {
            Ok(Some(end)) => return Ok(end),
            Ok(None) => {}
            Err(_) => return Err(Lost::Deadline),
        }
        let (Some(guest), Some(slow)) = (guest, &self.slow) else { return Err(Lost::Gone) };
        guest.meter.enter_slow_lane();
        let task = slow.spawn(guest);
        let aborting = AbortOnDrop::new(task.abort_handle());
        let watch = self.control.spawn(async move {
            let _aborting = aborting;
            tokio::time::timeout_at(deadline, task).await
        });
        let _aborting = AbortOnDrop::new(watch.abort_handle());
        match watch.await {
            Ok(Ok(Ok(end))) => Ok(end),
            Ok(Err(_)) => Err(Lost::Deadline),
            Ok(Ok(Err(_))) | Err(_) => Err(Lost::Gone),
        }
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        if let Some(slow) = self.slow.take() {
            slow.shutdown_background();
        }
    }
}
