//! Heads that are too large.

use super::host;
use crate::support::{Request, Running, http2::Http2};

fn get(host: &Running, bytes: usize) -> Request {
    host.get("/s/innocent/").header("x-large", vec![b'a'; bytes])
}

#[test]
fn headers_over_the_limit_are_refused_in_the_usual_shape_and_far_over_it_at_all() {
    let host = host(&[]);
    assert_eq!(get(&host, 60_000).send().status, 200);
    get(&host, 66_000).send().assert(431, "WH2202");
    assert_eq!(get(&host, 300_000).send().status, 431);
    assert_eq!(host.metric("wharf_limit_hits_total{service=\"-\",limit=\"headers\"}"), 1);
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_hundred_headers_are_enough() {
    let host = host(&[]);
    let with = |count: usize| (0..count).fold(host.get("/s/innocent/"), |get, number| get.header(&format!("x-{number}"), "1"));
    // `host` and `connection` are two.
    assert_eq!(with(98).send().status, 200);
    assert_eq!(with(99).send().status, 431);
    host.stop();
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
