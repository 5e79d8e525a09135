use wharf_guests::{DRIP, INNOCENT};

use super::host;
use crate::{
    limits::{Row, assert_limit},
    support::{Service, TestHost, http::Connection, wait::until},
};

#[test]
fn the_first_byte_leaves_before_the_last_is_made_and_leaving_ends_the_guest() {
    let host = host(&DRIP, &[]);
    // It streams for ever, so whatever arrives has left before the end.
    let mut call = host.get("/s/drip/").open();
    call.read_until(b"drop\n");
    host.assert_serves_others();
    call.leave();
    until("the one permit is free again", || (host.get("/s/drip/").probe() == Some(200)).then_some(()));
    host.stop();
}

#[test]
fn a_reply_over_its_time_is_cut_and_not_ended() {
    let host = host(&DRIP, &[("wall", "2s")]);
    let answer = host.get("/s/drip/").send();
    assert_eq!((answer.status, answer.complete), (200, false));
    assert!(answer.body.starts_with(b"drop\n"));
    host.log().find("that the reply was cut", |line| line.message().contains("the connection is cut"));
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_client_of_http_1_0_does_not_take_a_cut_for_the_end() {
    let host = host(&DRIP, &[("wall", "2s")]);
    let asks = |path: &str| {
        let mut client = Connection::to(host.address);
        client.write(format!("GET {path} HTTP/1.0\r\nhost: a\r\n\r\n").as_bytes());
        client
    };
    let mut cut = asks("/s/drip/");
    cut.read_until(b"drop\n");
    assert!(cut.ends_in_a_reset());
    let mut whole = asks("/s/innocent/");
    whole.read_until(b"\r\n\r\n");
    assert!(!whole.ends_in_a_reset());
    host.stop();
}

#[test]
fn a_crash_after_the_head_is_cut_and_its_text_is_in_the_log() {
    let host = host(&DRIP, &[]);
    // Whether its head still left is a matter of chance.
    host.get("/s/drip/cut").open().breaks_off();
    let line = host.log().find("that the reply was cut", |line| line.message().contains("the connection is cut"));
    assert!(line.text().contains("the line was cut"), "the panic's text is missing: {}", line.text());
    host.assert_serves_others();
    host.stop();
}

/// One call streams for ever, and there is a permit for one.
pub(crate) fn over_its_permits(row: &Row) {
    let drip = Service::of(&DRIP).limit("concurrency", "1");
    let host = TestHost::new().section("[runtime]\nwait = \"50ms\"").with(drip).with(Service::of(&INNOCENT)).start();
    let mut call = host.get("/s/drip/").open();
    call.read_until(b"drop\n");
    row.assert(&host.get("/s/drip/").send());
    let line = host.log().find("which permits", |line| line.field("limit") == "concurrency");
    assert_limit(&line, "concurrency", 1);
    assert_eq!(line.field("of"), "plugin");
    host.assert_serves_others();
    call.leave();
    host.stop();
}

#[test]
fn a_guest_that_streams_does_not_keep_the_host_from_stopping() {
    let drip = Service::of(&DRIP);
    let host = TestHost::new().listen("drain-timeout", "\"200ms\"").with(drip).start();
    let mut call = host.get("/s/drip/").open();
    call.read_until(b"drop\n");
    host.stop();
}
