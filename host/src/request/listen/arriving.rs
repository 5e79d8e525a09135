//! A request's body as it arrives: in time as a whole, and never too slowly.

use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::watch::Watch;
use crate::{config, observe::metrics::Connections, reader::TooSlow};

/// How slow a body may be.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Time for all of it.
    total: Duration,
    /// Bytes per second; 0 for any.
    rate: u64,
    /// The longest that may be waited for the client, in one pause or in many that it has not made good since.
    pause: Duration,
}

impl Pace {
    pub fn new(limits: &config::Listen) -> Self {
        Self { total: limits.body_timeout, rate: limits.min_body_rate, pause: limits.first_byte_timeout }
    }

    /// The time that this many bytes may take.
    fn earned(&self, bytes: usize) -> Duration {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        match bytes.saturating_mul(1_000_000).checked_div(self.rate) {
            Some(micros) => Duration::from_micros(micros),
            None => self.pause,
        }
    }
}

/// Why a body was given up: the limit's name in `[listen]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slow {
    Total,
    Rate,
}

impl Slow {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Total => "body-timeout",
            Self::Rate => "min-body-rate",
        }
    }
}

/// What is wrong with a body that breaks off.
pub type BodyError = Box<dyn Error + Send + Sync>;

/// A body that is given up when it is too slow.
///
/// Only waiting for the client counts, not the time in which the plugin does something else: while it waits, it uses up an
/// allowance, which every byte that arrives fills up again by as much as a byte may take.
#[derive(Debug)]
pub struct Arriving {
    body: Incoming,
    pace: Pace,
    began: Instant,
    allowance: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
    watch: Arc<Watch>,
    counted: Arc<Connections>,
}

impl Arriving {
    pub fn new(body: Incoming, pace: Pace, watch: Arc<Watch>, counted: Arc<Connections>) -> Self {
        let began = Instant::now();
        Self { body, pace, began, allowance: pace.pause, waiting_since: None, timer: None, ended: false, watch, counted }
    }

    /// Whether the wait has been too long; if not, the task is woken when it is.
    fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<Slow> {
        let now = Instant::now();
        let since = *self.waiting_since.get_or_insert(now);
        let total = self.began + self.pace.total;
        let rate = (self.pace.rate > 0).then(|| since + self.allowance);
        let (until, slow) = match rate {
            Some(rate) if rate < total => (rate, Slow::Rate),
            _ => (total, Slow::Total),
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() != until {
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(cx).map(|()| slow)
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let waited = self.waiting_since.take().map_or(Duration::ZERO, |since| since.elapsed());
                let earned = frame.data_ref().map_or(Duration::ZERO, |data| self.pace.earned(data.len()));
                self.allowance = (self.allowance.saturating_sub(waited) + earned).min(self.pace.pause);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => {
                self.ended = true;
                Poll::Ready(None)
            }
            Poll::Pending => self.poll_too_slow(cx).map(|slow| {
                self.counted.ended.add(slow.as_str());
                tracing::info!(peer = %self.watch.peer, limit = slow.as_str(), "a request's body came too slowly");
                Some(Err(TooSlow(slow.as_str()).into()))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            self.watch.leave_unread();
        }
    }
}
