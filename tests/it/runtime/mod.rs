//! One module for each guest: what its caller sees, what the log says, that others are served meanwhile, and that nothing of
//! it is left.

pub(crate) mod canary;
pub(crate) mod chatter;
pub(crate) mod compile;
mod composed;
pub(crate) mod drip;
pub(crate) mod escape;
pub(crate) mod fill;
pub(crate) mod flood;
pub(crate) mod giant;
pub(crate) mod grow;
pub(crate) mod hoard;
pub(crate) mod lifecycle;
pub(crate) mod malformed;
pub(crate) mod panic;
pub(crate) mod parts;
pub(crate) mod recurse;
pub(crate) mod sink;
pub(crate) mod sip;
pub(crate) mod sleep;
pub(crate) mod source;
pub(crate) mod spin;
pub(crate) mod stock;
mod streams;
pub(crate) mod tally;
pub(crate) mod trap;

use wharf_guests::{Guest, INNOCENT};

use crate::support::{Running, Service, TestHost, log::Line};

/// A guest and its innocent neighbour on one host. The guest may run once at a time: a permit that it does not give back shows
/// at its next call.
fn host(guest: &Guest, limits: &[(&str, &str)]) -> Running {
    let service = Service::of(guest).limit("concurrency", "1");
    let service = limits.iter().fold(service, |service, (limit, value)| service.limit(limit, value));
    TestHost::new().operation().with(service).with(Service::of(&INNOCENT)).start()
}

/// Calls a guest that fails, twice: the neighbour is served meanwhile, the second call finds what the first one found, and the
/// host goes on. Returns what the log says of the first.
#[track_caller]
fn assert_fails(host: &Running, target: &str, status: u16, code: &str) -> Line {
    for _ in 0..2 {
        let call = host.get(target).open();
        host.assert_serves_others();
        call.finish().assert(status, code);
    }
    host.assert_serves_others();
    let line = host.log().code(code);
    host.log().expect(2, code, |line| line.field("code") == code);
    line
}
