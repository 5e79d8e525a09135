//! The time. A plugin could ask `std` as well; this clock is one that tests can set.

use crate::sys;

/// Milliseconds since 1970. In a test it is what [`TestHost::at`](crate::testing::TestHost::at) said.
#[must_use]
pub fn now_ms() -> u64 {
    sys::clock::now_ms()
}
