use wharf_guests::SINK;

use super::host;
use crate::support::http::chunk;

#[test]
fn a_body_over_its_limit_is_refused_announced_or_not() {
    let host = host(&SINK, &[("body-in", "1KiB")]);
    for length in [0, 1_023, 1_024] {
        let body = vec![b'x'; length];
        assert_eq!(host.post("/s/sink/").body(&body).send().text(), length.to_string());
        assert_eq!(host.post("/s/sink/").chunked(&body).send().text(), length.to_string());
    }
    for length in [1_025, 1 << 20] {
        let body = vec![b'x'; length];
        host.post("/s/sink/").body(&body).send().assert(413, "WH2201");
        host.post("/s/sink/").chunked(&body).send().assert(413, "WH2201");
    }
    let line = host.log().find("the limit", |line| line.field("limit") == "body-in");
    assert_eq!((line.field("asked"), line.field("allowed")), ("1025".to_owned(), "1024".to_owned()));
    // An announced body is refused before the plugin runs.
    host.assert_serves_others();
    let runs = host.stop().lines().iter().filter(|line| line.message().starts_with("sink read")).count();
    assert_eq!(runs, 6);
}

#[test]
fn a_body_reaches_the_guest_before_its_end_has_come() {
    let host = host(&SINK, &[]);
    let mut call = host.post("/s/sink/").header("transfer-encoding", "chunked").open();
    call.write(&chunk(b"one"));
    host.assert_serves_others();
    call.write(&[chunk(b"two"), chunk(b"")].concat());
    assert_eq!(call.finish().text(), "6");
    host.stop();
}

#[test]
fn a_sender_who_leaves_half_way_ends_the_call() {
    let host = host(&SINK, &[("wall", "5m")]);
    let mut call = host.post("/s/sink/").header("transfer-encoding", "chunked").open();
    call.write(&chunk(b"one"));
    call.leave();
    crate::support::wait::until("the one permit is free again", || (host.post("/s/sink/").probe() == Some(200)).then_some(()));
    host.stop();
}
