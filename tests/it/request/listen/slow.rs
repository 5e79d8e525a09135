//! Clients that send a body too slowly, or do not read the answer.

use wharf_guests::{INNOCENT, SINK};

use super::{assert_ended_by, host};
use crate::{
    limits::Row,
    support::{Service, TestHost, http::Connection},
};

/// Beginnings of bodies that the host reads itself, and that the plugin reads; and a piece more of each.
const BEGINNINGS: [(&str, &[u8]); 2] = [("content-length: 60000", b"x"), ("transfer-encoding: chunked", b"1\r\nx\r\n")];

fn begin(host: &crate::support::Running, header: &str) -> Connection {
    let mut connection = Connection::to(host.address);
    connection.write(format!("POST /s/sink/ HTTP/1.1\r\nhost: a\r\n{header}\r\n\r\n").as_bytes());
    connection
}

pub(crate) fn over_its_time(row: &Row) {
    drips(row);
    comes_for_too_long(row);
}

/// The request's own line and the service's figures name the limit too.
fn assert_counted(host: &crate::support::Running, limit: &str) {
    host.log().find("the limit beside the request", |line| line.field("service") == "sink" && line.field("limit") == limit);
    assert_eq!(host.metric(&format!("wharf_limit_hits_total{{service=\"sink\",limit=\"{limit}\"}}")), 1);
}

/// Whoever reads it.
fn drips(row: &Row) {
    for (header, piece) in BEGINNINGS {
        let host = host(&[("first-byte-timeout", "\"300ms\"")]);
        let mut connection = begin(&host, header);
        connection.drip(piece);
        row.assert(&connection.finish());
        assert_ended_by(&host, "min-body-rate");
        assert_counted(&host, "min-body-rate");
        host.stop();
    }
}

#[test]
fn a_body_that_stops_is_ended_too() {
    let host = host(&[("first-byte-timeout", "\"300ms\"")]);
    begin(&host, BEGINNINGS[0].0).finish().assert(408, "WH2205");
    assert_ended_by(&host, "min-body-rate");
    host.stop();
}

/// There is a time for all of it, however fast it is.
fn comes_for_too_long(row: &Row) {
    let host = host(&[("body-timeout", "\"1s\""), ("min-body-rate", "\"0B\"")]);
    let mut connection = begin(&host, BEGINNINGS[1].0);
    connection.drip(b"400\r\n".iter().chain(&[b'x'; 1 << 10]).chain(b"\r\n").copied().collect::<Vec<u8>>().as_slice());
    row.assert(&connection.finish());
    assert_ended_by(&host, "body-timeout");
    assert_counted(&host, "body-timeout");
    host.stop();
}

#[test]
fn slow_bodies_are_no_failure_of_the_plugin() {
    let host = host(&[("first-byte-timeout", "\"300ms\"")]);
    begin(&host, BEGINNINGS[1].0).finish().assert(408, "WH2205");
    let line = host.log().code("WH2205");
    assert_eq!((line.field("level").as_str(), line.field("service").as_str()), ("INFO", "sink"), "{}", line.text());
    assert_eq!(host.metric("wharf_failures_total{service=\"sink\",kind=\"body\"}"), 1);
    host.stop();
}

/// The time of the call is up before the listener loses its patience: no more the plugin's doing than the other.
#[test]
fn a_body_that_is_not_there_in_time_is_no_failure_of_the_plugin_either() {
    let host = TestHost::new().operation().with(Service::of(&SINK).limit("wall", "300ms")).with(Service::of(&INNOCENT)).start();
    for target in ["", "back"] {
        let mut connection = Connection::to(host.address);
        connection.write(format!("POST /s/sink/{target} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").as_bytes());
        connection.finish().assert(408, "WH2205");
    }
    let line = host.log().code("WH2205");
    assert_eq!((line.field("level").as_str(), line.field("limit").as_str()), ("INFO", "wall"), "{}", line.text());
    assert_eq!(host.metric("wharf_failures_total{service=\"sink\",kind=\"body\"}"), 2);
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_client_that_does_not_read_is_cut_off_and_the_plugin_with_it() {
    let host = host(&[("write-timeout", "\"300ms\"")]);
    let connection = host.get("/s/source/1000000000").open();
    assert_ended_by(&host, "write-timeout");
    connection.breaks_off();
    // The request is over when its connection is, and the plugin at its next tick.
    for gone in ["wharf_requests_in_flight{service=\"source\"}", "wharf_service_permits{service=\"source\",state=\"taken\"}"] {
        crate::support::wait::until(&format!("{gone} is 0"), || (host.metric(gone) == 0).then_some(()));
    }
    host.stop();
}

#[test]
fn a_client_that_was_told_no_in_the_middle_of_its_body_can_read_it() {
    let host = host(&[]);
    let mut connection = begin(&host, "content-length: 100000000");
    // More than any buffer between the two holds: the host must have thrown some of it away.
    connection.write(&vec![b'x'; 4 << 20]);
    connection.finish().assert(413, "WH2201");
    host.stop();
}
