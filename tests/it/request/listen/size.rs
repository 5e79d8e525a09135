//! Heads that are too large.

use http_body::Body as _;

use super::host;
use crate::{
    limits::{Row, assert_limit},
    support::{Answer, Request, Running, http2::Http2},
};

fn get(host: &Running, bytes: usize) -> Request {
    host.get("/s/innocent/").header("x-large", vec![b'a'; bytes])
}

/// Headers over the limit are refused in the usual shape, and far over it without one.
pub(crate) fn over_the_headers(row: &Row) {
    let [bytes, count] = row.numbers();
    let host = host(&[]);
    assert_eq!(get(&host, bytes - 4_096).send().status, 200);
    row.assert(&get(&host, bytes).send());
    assert_limit(&host.log().find("the limit", |line| line.field("limit") == "headers"), "headers", bytes as u64);
    assert_bare(&get(&host, 4 * bytes).send(), row.status());
    assert_eq!(host.metric("wharf_limit_hits_total{service=\"-\",limit=\"headers\"}"), 1);
    over_their_number(row, count, &host);
    host.assert_serves_others();
    host.stop();
}

/// The HTTP library's own answer tells nothing, and no page of another origin may read even that.
#[track_caller]
fn assert_bare(answer: &Answer, status: u16) {
    let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((answer.status, answer.text().as_str()), (status, ""));
    assert_eq!(names, ["connection", "content-length", "date"]);
}

/// A hundred headers are enough.
fn over_their_number(row: &Row, most: usize, host: &Running) {
    let with = |count: usize| (0..count).fold(host.get("/s/innocent/"), |get, number| get.header(&format!("x-{number}"), "1"));
    // `host` and `connection` are two.
    assert_eq!(with(most - 2).send().status, 200);
    assert_bare(&with(most - 1).send(), row.status());
    // Over HTTP/2 there is room for a proper answer.
    let names: Vec<String> = (0..=most).map(|number| format!("x-{number}")).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let mut client = Http2::to(host.address);
    assert_eq!(client.get("/s/innocent/", &headers[..most]).0, 200);
    let (status, body) = client.get("/s/innocent/", &headers);
    assert!(status == row.status() && body.contains(row.code()), "{status} {body}");
    assert_limit(&host.log().find("the limit", |line| line.field("limit") == "header-count"), "header-count", most as u64);
}

#[test]
fn http2_has_the_same_limits() {
    let host = host(&[]);
    let (fits, large) = ("a".repeat(60_000), "a".repeat(66_000));
    let mut client = Http2::to(host.address);
    assert_eq!(client.get("/s/innocent/", &[("x-large", &fits)]).0, 200);
    let (status, body) = client.get("/s/innocent/", &[("x-large", &large)]);
    assert!(status == 431 && body.contains("WH2202"), "{status} {body}");
    let bare = client.open("/s/innocent/", &[("x-large", &"a".repeat(100_000))]).expect("the host answers");
    let names: Vec<&str> = bare.headers().keys().map(http::HeaderName::as_str).collect();
    assert_eq!((bare.status().as_u16(), bare.body().is_end_stream(), names), (431, true, Vec::new()));
    assert_eq!(client.get("/s/innocent/", &[]).0, 200);
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
