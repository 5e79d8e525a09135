//! Clients that do not say what they want.

use super::{assert_ended_by, host};
use crate::support::http::Connection;

#[test]
fn a_silent_connection_is_closed() {
    let host = host(&[("first-byte-timeout", "\"200ms\"")]);
    assert_eq!(Connection::to(host.address).rest(), "");
    assert_ended_by(&host, "first-byte-timeout");
    host.stop();
}

#[test]
fn half_a_head_or_half_an_http2_preface_is_closed() {
    for half in ["G", "GET /s/innocent/ HTTP/1.1\r\nhost: a\r\nx: ", "PRI * HTTP/2.0\r\n\r\nS"] {
        let host = host(&[("header-timeout", "\"300ms\"")]);
        let mut connection = Connection::to(host.address);
        connection.write(half.as_bytes());
        assert_eq!(connection.rest(), "", "{half:?}");
        assert_ended_by(&host, "header-timeout");
        host.stop();
    }
}

#[test]
fn a_head_that_drips_is_closed() {
    let host = host(&[("header-timeout", "\"300ms\"")]);
    let mut connection = Connection::to(host.address);
    connection.write(b"GET /s/innocent/ HTTP/1.1\r\nhost: a\r\nx: ");
    connection.drip(b"y");
    assert_eq!(connection.rest(), "");
    assert_ended_by(&host, "header-timeout");
    host.stop();
}

/// A connection on which one request has been answered.
fn after_one_request(host: &crate::support::Running) -> Connection {
    let mut connection = Connection::to(host.address);
    connection.write(b"GET /s/innocent/ HTTP/1.1\r\nhost: a\r\n\r\n");
    connection.read_until(b"innocent");
    connection.take();
    connection
}

#[test]
fn an_idle_connection_is_closed_and_not_before_its_time() {
    let host = host(&[("idle-timeout", "\"300ms\""), ("first-byte-timeout", "\"100ms\""), ("header-timeout", "\"100ms\"")]);
    assert_eq!(after_one_request(&host).rest(), "");
    assert_ended_by(&host, "idle-timeout");
    host.stop();
}

#[test]
fn the_second_head_has_no_more_time_than_the_first() {
    let host = host(&[("header-timeout", "\"300ms\"")]);
    let mut connection = after_one_request(&host);
    connection.write(b"GET /s/inno");
    assert_eq!(connection.rest(), "");
    assert_ended_by(&host, "header-timeout");
    host.stop();
}
