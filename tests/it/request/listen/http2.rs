//! HTTP/2 in clear text.

use wharf_guests::{PAGE, SLEEP, SOURCE};

use super::{assert_ended_by, host};
use crate::support::{Service, TestHost, http2::Http2, wait::until};

#[test]
fn many_requests_share_a_connection() {
    let host = host(&[]);
    let mut client = Http2::to(host.address);
    for _ in 0..10 {
        assert_eq!(client.get("/s/innocent/", &[]), (200, "innocent".to_owned()));
    }
    let (status, body) = client.get("/s/source/300000", &[]);
    assert_eq!((status, body.len()), (200, 300_000));
    assert_eq!(client.get("/s/nobody/", &[]).0, 404);
    host.stop();
}

/// The client's library takes a body that must not be for a broken protocol.
#[test]
fn what_has_no_content_is_sent_without() {
    let host = TestHost::new().with(Service::of(&PAGE)).with(Service::of(&SOURCE)).operation().start();
    let mut client = Http2::to(host.address);
    for target in ["/s/page/", "/s/source/300000", "/s/page/none", "/s/nobody/"] {
        let (head, get) = (client.head(target), client.open(target, &[]).expect("the host answers"));
        assert_eq!((head.status(), head.headers().get("content-type")), (get.status(), get.headers().get("content-type")));
        assert!(client.read(head).is_empty(), "{target}");
        drop(get);
    }
    for status in ["204", "304"] {
        assert_eq!(client.get("/s/page/", &[("x-status", status)]), (status.parse().expect("a number"), String::new()));
    }
    host.stop();
}

#[test]
fn a_reader_that_leaves_no_room_is_cut_off_however_alive_its_connection_is() {
    // Both an answer that the plugin still writes, and one that it has long finished.
    for target in ["/s/source/1000000", "/s/source/20000"] {
        let host = host(&[("write-timeout", "\"300ms\"")]);
        let mut client = Http2::to(host.address);
        let unread = client.open(target, &[]).expect("the host answers");
        client.ends();
        assert_ended_by(&host, "write-timeout");
        drop(unread);
        host.stop();
    }
}

#[test]
fn a_connection_without_requests_is_closed() {
    let host = host(&[("idle-timeout", "\"300ms\"")]);
    let mut client = Http2::to(host.address);
    assert_eq!(client.get("/s/innocent/", &[]).0, 200);
    client.ends();
    assert_ended_by(&host, "idle-timeout");
    host.stop();
}

#[test]
fn a_client_that_cancels_without_end_is_cut_off() {
    let host = TestHost::new().operation().with(Service::of(&SLEEP)).with(Service::of(&wharf_guests::INNOCENT)).start();
    let mut client = Http2::to(host.address);
    until("the connection is closed", || (!client.cancel("/s/sleep/")).then_some(()));
    host.log().find("why", |line| line.field("limit") == "cancelled-requests" || line.text().contains("ENHANCE_YOUR_CALM"));
    until("no cancelled call is left", || (host.metric("wharf_requests_in_flight{service=\"sleep\"}") == 0).then_some(()));
    host.assert_serves_others();
    host.stop();
}
