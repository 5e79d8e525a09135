//! Heads that are too large.

use super::host;
use crate::{
    limits::{Row, assert_limit},
    support::{Request, Running, http2::Http2},
};

fn get(host: &Running, bytes: usize) -> Request {
    host.get("/s/innocent/").header("x-large", vec![b'a'; bytes])
}

/// Headers over the limit are refused in the usual shape, and far over it without one.
pub(crate) fn over_the_headers(row: &Row) {
    let host = host(&[]);
    assert_eq!(get(&host, 60_000).send().status, 200);
    row.assert(&get(&host, 66_000).send());
    assert_limit(&host.log().find("the limit", |line| line.field("limit") == "headers"), "headers", 64 << 10);
    let far = get(&host, 300_000).send();
    assert_eq!((far.status, far.text().as_str()), (row.status(), ""));
    assert_eq!(host.metric("wharf_limit_hits_total{service=\"-\",limit=\"headers\"}"), 1);
    over_their_number(row, &host);
    host.assert_serves_others();
    host.stop();
}

/// A hundred headers are enough.
fn over_their_number(row: &Row, host: &Running) {
    let with = |count: usize| (0..count).fold(host.get("/s/innocent/"), |get, number| get.header(&format!("x-{number}"), "1"));
    // `host` and `connection` are two.
    assert_eq!(with(98).send().status, 200);
    assert_eq!(with(99).send().status, row.status());
    // Over HTTP/2 there is room for a proper answer.
    let names: Vec<String> = (0..101).map(|number| format!("x-{number}")).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let mut client = Http2::to(host.address);
    assert_eq!(client.get("/s/innocent/", &headers[..100]).0, 200);
    let (status, body) = client.get("/s/innocent/", &headers);
    assert!(status == row.status() && body.contains(row.code()), "{status} {body}");
    assert_limit(&host.log().find("the limit", |line| line.field("limit") == "header-count"), "header-count", 100);
}

#[test]
fn http2_has_the_same_limits() {
    let host = host(&[]);
    let (fits, large) = ("a".repeat(60_000), "a".repeat(66_000));
    let mut client = Http2::to(host.address);
    assert_eq!(client.get("/s/innocent/", &[("x-large", &fits)]).0, 200);
    let (status, body) = client.get("/s/innocent/", &[("x-large", &large)]);
    assert!(status == 431 && body.contains("WH2202"), "{status} {body}");
    assert_eq!(client.open("/s/innocent/", &[("x-large", &"a".repeat(300_000))]).map(|answer| answer.status().as_u16()), None);
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_credential_that_is_far_too_long_meets_its_uniform_refusal() {
    let host = crate::support::TestHost::new()
        .with(crate::support::Service::of(&wharf_guests::IDENTITY).security_key("a key of the tests"))
        .start();
    let short = host.get("/s/identity/").header("ocean-auth", "00").send();
    let long = "a".repeat(32_768);
    let answer = host.get("/s/identity/").header("ocean-auth", &long).send();
    assert_eq!((answer.status, answer.without_date()), (401, short.without_date()));
    assert_eq!(Http2::to(host.address).get("/s/identity/", &[("ocean-auth", &long)]), (401, short.text()));
    host.stop();
}
