//! The line's time: what it is, and waiting for it, in one place so that tests can set it.

use std::time::{Duration, Instant};

use crate::clock::Clock;
#[cfg(test)]
use crate::units::millis;

/// The longest wait for a time of day, which may be set meanwhile: whoever waits looks again.
const LONGEST: Duration = Duration::from_hours(1);

/// Where the time comes from.
#[derive(Debug, Clone)]
pub(super) enum Timer {
    Machine(Clock),
    /// Stands still until the test sets it.
    #[cfg(test)]
    Set(tokio::sync::watch::Receiver<u64>),
}

impl Timer {
    pub(super) fn now_ms(&self) -> u64 {
        match self {
            Self::Machine(clock) => clock.now_ms(),
            #[cfg(test)]
            Self::Set(now) => *now.borrow(),
        }
    }

    /// Waits until `ms`, or for ever. May return an hour after it was called although it is not time yet.
    pub(super) async fn until(&self, ms: Option<u64>) {
        let Some(ms) = ms else { return std::future::pending().await };
        match self {
            Self::Machine(clock) => {
                let left = Duration::from_millis(ms.saturating_sub(clock.now_ms()));
                tokio::time::sleep(left.min(LONGEST)).await;
            }
            #[cfg(test)]
            Self::Set(_) => self.set_to(ms).await,
        }
    }

    /// Waits so long, whatever becomes of the time of day.
    pub(super) async fn pause(&self, duration: Duration) {
        match self {
            Self::Machine(_) => tokio::time::sleep(duration).await,
            #[cfg(test)]
            Self::Set(now) => {
                let until = *now.borrow() + millis(duration);
                self.set_to(until).await;
            }
        }
    }

    /// Starts to measure how long something takes.
    pub(super) fn measure(&self) -> impl Fn() -> Duration + use<> {
        let began = match self {
            Self::Machine(_) => Some(Instant::now()),
            // While time stands still, nothing takes any.
            #[cfg(test)]
            Self::Set(_) => None,
        };
        move || began.map(|began| began.elapsed()).unwrap_or_default()
    }

    #[cfg(test)]
    async fn set_to(&self, ms: u64) {
        let Self::Set(now) = self else { return };
        if now.clone().wait_for(|now| *now >= ms).await.is_err() {
            std::future::pending().await
        }
    }
}
