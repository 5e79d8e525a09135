//! Stock components beside plugins of the contract: what holds of one generation of `wasi:http` holds of the other, and mostly it
//! is what holds of every plugin.

mod engine;
mod failures;
pub(crate) mod limits;
mod reuse;
mod seen;
mod streams;

use wharf_guests::{Guest, INNOCENT, PROXY, SERVICE};

use crate::support::{Running, Service, TestHost};

/// One of each generation.
const STOCK: [&Guest; 2] = [&PROXY, &SERVICE];

/// What the second generation needs.
const SWITCHED_ON: &str = "[runtime]\nwasi-http-0-3 = true";

/// A host for stock components, and the innocent neighbour.
fn host(service: Service) -> Running {
    TestHost::new().section(SWITCHED_ON).with(service).with(Service::of(&INNOCENT)).start()
}

/// Tries something with each generation: the host, and the path of its service. It may run once at a time, so that a permit
/// which it does not give back shows at its next call.
fn each(limits: &[(&str, &str)], test: impl Fn(&mut Running, &str)) {
    for guest in STOCK {
        let one = if limits.iter().any(|(limit, _)| *limit == "concurrency") { &[][..] } else { &[("concurrency", "1")] };
        let limits = limits.iter().chain(one);
        let mut host = host(limits.fold(Service::of(guest), |service, (limit, value)| service.limit(limit, value)));
        test(&mut host, &format!("/s/{}", guest.name));
        host.assert_serves_others();
        host.stop();
    }
}
