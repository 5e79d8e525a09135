//! The acceptance scenarios of the platform's header, against the binary: who is accepted and as whom, who is refused, and
//! that no refusal tells more than another.
//!
//! The guest `identity` answers with the caller it was given, and writes a line to the log each time it runs: the host's log is
//! one stream in order, so that a call that happened before another one cannot be missing when the other one is there.

mod accepted;
mod encoding;
mod expiry;
mod preflight;
pub(crate) mod refused;
mod seal;
mod start;
mod vectors;

use crate::support::{Service, TestHost};
use vectors::Vectors;

/// The securityKey of the platform's own examples.
pub(crate) const SAMPLE_KEY: &str = "sample_signKey";

/// What the guest writes whenever it runs.
const RAN: &str = "identity runs";

/// A host with one service for each securityKey of the vectors, whose clock stands at the vectors' time. `settings` are lines
/// of every service.
fn host(vectors: &Vectors, settings: &[(&str, &str)]) -> TestHost {
    vectors.keys().enumerate().fold(TestHost::new().clock(vectors.now_ms), |host, (index, key)| {
        let service = Service::of(&wharf_guests::IDENTITY).named(&format!("s{index}")).security_key(key);
        host.with(settings.iter().fold(service, |service, (key, value)| service.set(key, value)))
    })
}

/// A host with the service `identity` under one key.
fn host_with_key(key: &str, now_ms: u64) -> TestHost {
    TestHost::new().clock(now_ms).with(Service::of(&wharf_guests::IDENTITY).security_key(key))
}
