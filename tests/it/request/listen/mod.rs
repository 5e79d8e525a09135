//! The listener's limits, one row of `docs/operation.md` after the other: every wait for a client ends.
//!
//! Limits are set to fractions of a second and nothing else is: what is asserted is that a wait ends, and by which limit, never
//! how soon.

mod crowd;
mod drain;
mod http2;
mod quiet;
pub(crate) mod size;
pub(crate) mod slow;
pub(crate) mod tls;

use wharf_guests::{INNOCENT, SINK, SOURCE};

use crate::support::{Running, Service, TestHost};

/// A host with limits of its own, in `[listen]`.
fn host(limits: &[(&str, &str)]) -> Running {
    let host = TestHost::new().operation().log("level", "\"debug\"");
    let host = limits.iter().fold(host, |host, (limit, value)| host.listen(limit, value));
    host.with(Service::of(&INNOCENT)).with(Service::of(&SINK)).with(Service::of(&SOURCE)).start()
}

/// Asserts that one connection or body was given up for this limit, that it was counted, and that others are served.
#[track_caller]
fn assert_ended_by(host: &Running, limit: &str) {
    host.log().find(limit, |line| line.field("limit") == limit);
    assert_eq!(host.metric(&format!("wharf_connections_ended_total{{limit=\"{limit}\"}}")), 1, "{}", host.log().text());
    host.assert_serves_others();
}
