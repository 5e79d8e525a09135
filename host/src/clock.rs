//! The time of day, asked in one place so that tests can set it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::units::millis;

/// Milliseconds since 1970. Copies share nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    /// What the clock stands still at; only builds with debug assertions can set it.
    fixed_ms: Option<u64>,
}

impl Clock {
    /// The machine's clock; in builds with debug assertions, `WHARF_TEST_CLOCK_MS` makes it stand still instead.
    pub fn from_env() -> Self {
        #[cfg(debug_assertions)]
        #[expect(clippy::disallowed_methods, reason = "a test's clock is no configuration")]
        if let Some(fixed_ms) = std::env::var("WHARF_TEST_CLOCK_MS").ok().and_then(|text| text.parse().ok()) {
            return Self { fixed_ms: Some(fixed_ms) };
        }
        Self::default()
    }

    pub fn now_ms(&self) -> u64 {
        self.fixed_ms.unwrap_or_else(|| millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
    }
}
