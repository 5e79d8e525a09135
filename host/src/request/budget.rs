//! What one caller may send: so that one app in a loop is refused before it takes the permits of all others.

use std::{
    hash::{BuildHasher, RandomState},
    num::NonZeroU32,
    time::Duration,
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};

use super::client;
use crate::caller::Caller;

/// How often callers that have been quiet long enough are forgotten. At 60,000 requests a second from as many addresses, this
/// bounds what is remembered to about 20 MB.
pub const FORGET_EVERY: Duration = Duration::from_secs(10);

/// The budgets of all callers.
#[derive(Debug)]
pub struct Budgets {
    /// Keyed by a hash with a key of this process: callers cannot choose to collide.
    limiter: DefaultKeyedRateLimiter<u64>,
    hasher: RandomState,
    clock: governor::clock::DefaultClock,
    burst: NonZeroU32,
}

/// A caller's budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// The time until there is budget again.
    pub retry_after: Duration,
    /// Requests that would have had to go at once.
    pub asked: u64,
    /// Requests that may go at once.
    pub allowed: u64,
}

impl Budgets {
    /// `rate` requests a second in the long run, `burst` at once.
    pub fn new(rate: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_second(rate).allow_burst(burst);
        let clock = governor::clock::DefaultClock::default();
        Self { limiter: RateLimiter::keyed(quota), hasher: RandomState::new(), clock, burst }
    }

    /// Counts a request of this caller at this service. Fails with the time until there is budget again.
    pub fn spend(&self, service: &str, caller: &Caller) -> Result<(), Spent> {
        let who = match (&caller.app, &caller.user) {
            (Some(app), Some(user)) => self.hasher.hash_one((service, app, &user.id)),
            (Some(app), None) => self.hasher.hash_one((service, app)),
            (None, Some(user)) => self.hasher.hash_one((service, "", &user.id)),
            (None, None) => self.hasher.hash_one((service, client::network(caller.address))),
        };
        let allowed = u64::from(self.burst.get());
        self.limiter.check_key(&who).map_err(|not_until| Spent {
            retry_after: not_until.wait_time_from(self.clock.now()),
            asked: allowed + 1,
            allowed,
        })
    }

    /// Forgets callers whose budget is whole again.
    pub fn forget_quiet(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets(burst: u32) -> Budgets {
        Budgets::new(NonZeroU32::MIN, NonZeroU32::new(burst).unwrap())
    }

    #[test]
    fn a_caller_spends_its_own_budget_only() {
        let budgets = budgets(2);
        let (one, other) = (Caller::anonymous([127, 0, 0, 1].into()), Caller::anonymous([127, 0, 0, 2].into()));
        assert!(budgets.spend("notes", &one).is_ok());
        assert!(budgets.spend("notes", &one).is_ok());
        let Spent { retry_after, asked, allowed } = budgets.spend("notes", &one).unwrap_err();
        assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(1), "{retry_after:?}");
        assert_eq!((asked, allowed), (3, 2));
        assert!(budgets.spend("notes", &other).is_ok());
        assert!(budgets.spend("hello", &one).is_ok());
    }
}
