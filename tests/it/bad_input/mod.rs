//! Bad input, a row each: what is refused, by which code, naming what; and that nothing of it was kept.

mod cli;
pub(crate) mod component;
mod config;
mod features;
mod header;
mod manifest;
mod store;
mod url;

use wharf_guests::{IDENTITY, INNOCENT};

use crate::support::{Running, Service, TestHost};

/// A host with a service that anybody may call and one that wants a caller.
fn host() -> Running {
    set_up().start()
}

/// The same with all in its log that explains a request.
fn talkative_host() -> Running {
    set_up().operation().log("level", "\"debug\"").start()
}

fn set_up() -> TestHost {
    let identity = Service::of(&IDENTITY).security_key("a key of the identity service's own");
    TestHost::new().with(Service::of(&INNOCENT)).with(identity)
}
