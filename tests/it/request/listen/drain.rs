//! Stopping while clients are there.

use std::net::TcpStream;

use rustix::process::Signal;

use super::host;
use crate::support::{Running, http::Connection, http2::Http2, wait::until};

/// A request whose body is still to come.
fn in_flight(host: &Running) -> Connection {
    let mut connection = Connection::to(host.address);
    connection.write(b"POST /s/sink/ HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 70000\r\n\r\n");
    // The plugin runs, and wants the body.
    connection.read_until(b"100 Continue\r\n\r\n");
    connection.take();
    connection
}

fn assert_takes_nobody(host: &Running) {
    until("the host takes no new connection", || TcpStream::connect(host.address).is_err().then_some(()));
    let ready = host.operation("GET", "/readyz").send();
    assert_eq!((ready.status, ready.text().as_str()), (503, "the host is stopping\n"));
}

#[test]
fn what_is_in_flight_finishes_and_nothing_new_is_taken() {
    let mut host = host(&[]);
    let mut busy = in_flight(&host);
    let mut idle = Connection::to(host.address);
    idle.write(b"GET /s/innocent/ HTTP/1.1\r\nhost: a\r\n\r\n");
    idle.read_until(b"innocent");
    host.process().signal(Signal::TERM);
    idle.rest();
    assert_takes_nobody(&host);
    busy.write(&[b'x'; 70_000]);
    let answer = busy.finish();
    assert_eq!((answer.status, answer.text().as_str()), (200, "70000"));
    assert!(host.process().wait().success());
}

#[test]
fn an_http2_connection_is_told_to_go_and_finishes_its_streams() {
    let mut host = host(&[]);
    let mut client = Http2::to(host.address);
    assert_eq!(client.get("/s/innocent/", &[]).0, 200);
    host.process().signal(Signal::TERM);
    client.ends();
    assert!(host.process().wait().success());
}

#[test]
fn after_the_drain_timeout_the_rest_is_cut() {
    let mut host = host(&[("drain-timeout", "\"300ms\"")]);
    let busy = in_flight(&host);
    host.process().signal(Signal::TERM);
    busy.breaks_off();
    assert!(host.process().wait().success());
    host.log().find("that they were cut", |line| line.message().contains("they are cut"));
}

#[test]
fn a_second_signal_cuts_at_once() {
    let mut host = host(&[]);
    let busy = in_flight(&host);
    host.process().signal(Signal::TERM);
    assert_takes_nobody(&host);
    host.process().signal(Signal::INT);
    busy.breaks_off();
    assert!(host.process().wait().success());
    host.log().find("that it was told again", |line| line.message().contains("told again"));
}
