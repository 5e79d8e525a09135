//! Too many connections.

use super::host;
use crate::support::{Running, http::Connection, wait::until};

/// Opens connections that hold their places.
fn fill(host: &Running, count: usize) -> Vec<Connection> {
    (0..count)
        .map(|_| {
            let mut connection = Connection::to(host.address);
            connection.write(b"GET /s/innocent/ HTTP/1.1\r\nhost: a\r\n\r\n");
            connection.read_until(b"innocent");
            connection
        })
        .collect()
}

/// The places are taken; one that leaves makes room.
fn assert_full(host: &Running, mut held: Vec<Connection>, limit: &str) {
    let mut refused = Connection::to(host.address);
    refused.write(b"GET /s/innocent/ HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(refused.rest(), "");
    assert_eq!(host.metric(&format!("wharf_connections_refused_total{{limit=\"{limit}\"}}")), 1);
    held.pop().expect("places are held").leave();
    until("there is room again", || host.get("/s/innocent/").probe().filter(|status| *status == 200));
}

#[test]
fn an_address_has_only_so_many_places() {
    let host = host(&[("max-connections-per-address", "2")]);
    let held = fill(&host, 2);
    assert_full(&host, held, "max-connections-per-address");
    host.stop();
}

#[test]
fn the_host_has_only_so_many_places() {
    let host = host(&[("max-connections", "3")]);
    let held = fill(&host, 3);
    assert_full(&host, held, "max-connections");
    host.stop();
}

#[test]
fn a_trusted_proxy_brings_many_clients() {
    let host = host(&[("max-connections-per-address", "2"), ("trusted-proxies", "[\"127.0.0.1\"]")]);
    assert_eq!(fill(&host, 4).len(), 4);
    host.stop();
}
