//! How long to wait before the next attempt: twice as long each time, up to a limit, and never quite the same.

use std::time::Duration;

/// A series of waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second attempt, at most.
    pub first: Duration,
    /// Before any attempt, at most.
    pub most: Duration,
}

impl Backoff {
    /// The wait after attempt number `failed`, 1 being the first: between half and all of what the series has there. `random`
    /// chooses; it should be different for each message, so that those that failed together do not come back together.
    pub fn after(&self, failed: u32, random: u64) -> Duration {
        let doublings = failed.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.most);
        let half = whole / 2;
        let span = u64::try_from((whole - half).as_nanos()).unwrap_or(u64::MAX);
        // The remainder favours small waits by less than one in a billion.
        half + Duration::from_nanos(random % span.saturating_add(1).max(1))
    }

    /// [`Backoff::after`], with chance of its own.
    pub(super) fn draw(&self, failed: u32) -> Duration {
        let mut random = [0; 8];
        // Without randomness messages come back together, which costs time and nothing else.
        let _ = getrandom::fill(&mut random);
        self.after(failed, u64::from_le_bytes(random))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_is_within_its_step_of_the_series(
            first in 1_u64..100_000, most in 1_u64..100_000_000, failed in any::<u32>(), random in any::<u64>(),
        ) {
            let backoff = Backoff { first: Duration::from_millis(first), most: Duration::from_millis(most) };
            let steps = failed.saturating_sub(1).min(40);
            let whole = Duration::from_millis(first.saturating_mul(1 << steps).min(most));
            let wait = backoff.after(failed, random);
            prop_assert!(wait >= whole / 2 && wait <= whole, "{wait:?} of {whole:?}");
        }

        #[test]
        fn chance_alone_moves_a_wait(failed in 1_u32..20, random in any::<u64>()) {
            let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_mins(5) };
            prop_assert_eq!(backoff.after(failed, random), backoff.after(failed, random));
            // By a nanosecond where the number differs by one, but for where the remainder begins anew.
            let (one, next) = (backoff.after(failed, random / 2), backoff.after(failed, random / 2 + 1));
            prop_assert!(next == one + Duration::from_nanos(1) || next < one, "{one:?} {next:?}");
        }
    }

    /// Messages that failed together come back over the whole second half of their wait.
    #[test]
    fn many_waits_are_spread_over_their_step() {
        let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_mins(5) };
        for failed in [1, 4, 12] {
            let whole = Duration::from_secs(1 << (failed - 1)).min(Duration::from_mins(5));
            let mut waits: Vec<_> = (0..256).map(|_| backoff.draw(failed)).collect();
            waits.sort_unstable();
            let (first, last) = (waits[0], waits[255]);
            // That chance leaves a quarter of the span empty at one end happens once in 10^32 runs.
            assert!(first < whole * 5 / 8 && last > whole * 7 / 8, "{first:?} to {last:?} of {whole:?}");
            waits.dedup();
            assert!(waits.len() > 250, "{} different waits", waits.len());
        }
    }
}
