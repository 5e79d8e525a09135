//! Whose address counts.

use wharf_guests::INNOCENT;

use crate::support::{Running, Service, TestHost};

/// The address that the access line of the only request shows.
fn address(host: Running, forwarded: &str) -> String {
    host.get("/s/innocent/").header("x-forwarded-for", forwarded).send();
    let line = host.log().find("who came", |line| line.message() == "answered");
    assert_eq!((line.field("service").as_str(), line.field("status").as_str()), ("innocent", "200"));
    assert_eq!(line.field("plugin"), "test/innocent@0.1.0");
    host.stop();
    line.field("address")
}

fn host() -> TestHost {
    TestHost::new().log("access", "true").with(Service::of(&INNOCENT))
}

#[test]
fn a_trusted_proxy_says_who_the_client_is() {
    let host = host().listen("trusted-proxies", "[\"127.0.0.0/8\", \"10.0.0.0/8\"]").start();
    assert_eq!(address(host, "192.0.2.1, 203.0.113.7, 10.1.2.3"), "203.0.113.7");
}

#[test]
fn nobody_else_does() {
    assert_eq!(address(host().start(), "203.0.113.7"), "127.0.0.1");
}
