//! The time. A plugin could ask `std` as well; this clock is one that tests can set.

use std::time::Duration;

use crate::sys;

/// The time since 1970, as fine as the host's clock is. In a test it is what [`TestHost::at`](crate::testing::TestHost::at) said.
#[must_use]
pub fn now() -> Duration {
    sys::clock::now()
}

/// Milliseconds since 1970.
#[must_use]
pub fn now_ms() -> u64 {
    u64::try_from(now().as_millis()).unwrap_or(u64::MAX)
}
