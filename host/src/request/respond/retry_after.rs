//! `Retry-After` (RFC 9110 §10.2.3), in seconds.

use std::time::Duration;

use axum::response::Response;
use http::{HeaderValue, header::RETRY_AFTER};

/// The response, with the time after which asking again may help.
pub(super) fn retry_after(mut response: Response, after: Duration) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(after)));
    response
}

/// Rounded up: who comes earlier than was asked is refused again.
fn whole_seconds(after: Duration) -> u64 {
    after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_come_back_too_early() {
        for (millis, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (1_500, 2), (u64::MAX, 18_446_744_073_709_552)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds, "{millis}");
        }
    }
}
