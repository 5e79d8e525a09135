use wharf_guests::{INNOCENT, SINK};

use super::host;
use crate::{
    limits::{Row, assert_limit},
    support::{Running, Service, TestHost, http::chunk, install_with},
};

/// A body over its limit is refused, announced or not, and whether it is the service's or the route's.
pub(crate) fn over_its_body(row: &Row) {
    over_a_kibibyte(row, host(&SINK, &[("body-in", "1KiB")]));

    let host = TestHost::new().with(Service::of(&SINK).not_installed()).with(Service::of(&INNOCENT)).start();
    let smaller = |manifest: String| manifest.replace("auth = \"none\"", "auth = \"none\"\nbody-limit = \"1KiB\"");
    install_with(host.path(), &SINK, smaller).ok();
    over_a_kibibyte(row, host);
}

fn over_a_kibibyte(row: &Row, host: Running) {
    for length in [0, 1_023, 1_024] {
        let body = vec![b'x'; length];
        assert_eq!(host.post("/s/sink/").body(&body).send().text(), length.to_string());
        assert_eq!(host.post("/s/sink/").chunked(&body).send().text(), length.to_string());
    }
    for length in [1_025, 1 << 20] {
        let body = vec![b'x'; length];
        row.assert(&host.post("/s/sink/").body(&body).send());
        row.assert(&host.post("/s/sink/").chunked(&body).send());
    }
    host.log().expect(4, "the limit", |line| line.field("limit") == "body-in");
    let lines = host.log().lines();
    let asked = lines.iter().filter(|line| line.field("limit") == "body-in").map(|line| assert_limit(line, "body-in", 1 << 10));
    let asked: Vec<u64> = asked.collect();
    assert_eq!((asked[0], asked[1], asked[2]), (1_025, 1_025, 1 << 20), "{asked:?}");
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
