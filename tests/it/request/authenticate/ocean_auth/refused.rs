//! Invalid headers are refused: the plugin does not run, and all refusals are one.

use super::{RAN, host, vectors::Vectors};
use crate::{limits::Row, support::Answer};

#[test]
fn every_invalid_vector_is_refused_alike_and_the_plugin_never_runs() {
    let vectors = Vectors::load();
    let host = host(&vectors, &[]).start();
    let invalid: Vec<_> = vectors.of_requests().filter(|vector| !vector.valid).collect();
    assert_eq!(invalid.len(), 47);
    let mut first: Option<Answer> = None;
    for vector in &invalid {
        let answer = vectors.send(&host, vector);
        let first = first.get_or_insert_with(|| answer.clone());
        let (one, other) = (first.without_date(), answer.without_date());
        assert_eq!(String::from_utf8_lossy(&one), String::from_utf8_lossy(&other), "{}", vector.name);
        assert!(answer.complete, "{}", vector.name);
    }

    let first = first.expect("there were refusals");
    assert_eq!(first.status, 401);
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.header("access-control-allow-origin"), Some("*"), "a browser must see the refusal");
    let body = first.json();
    assert_eq!(body["success"], false);
    assert_eq!((&body["err"]["name"], &body["err"]["errCode"]), (&"Ocean Error".into(), &"ocean.notAuthorizeByOcean".into()));

    // A call now writes the first line of a plugin: none before it ran.
    assert_eq!(vectors.send(&host, vectors.named("anonymous-bool-no-expire")).status, 200);
    let log = host.stop();
    assert_eq!(log.count(RAN), 1);

    // The causes are in the log, in order; only a request without the header has none to tell.
    let refusals = log.lines().into_iter().filter(|line| line.message() == "Ocean-Auth refused");
    let causes: Vec<String> = refusals.map(|line| line.field("cause")).collect();
    let expected: Vec<&str> =
        invalid.iter().filter(|vector| vector.hex.is_some()).filter_map(|vector| vector.expected_error.as_deref()).collect();
    assert_eq!(causes, expected);
}

#[test]
fn a_refusal_may_have_the_status_that_old_clients_read() {
    let vectors = Vectors::load();
    let host = host(&vectors, &[("error-status", "200")]).start();
    let with_200 = vectors.send(&host, vectors.named("wrong-key"));
    assert_eq!(with_200.status, 200);
    assert_eq!(with_200.json()["success"], false);
    let missing = vectors.send(&host, vectors.named("header-missing"));
    assert_eq!(missing.without_date(), with_200.without_date());
    assert_eq!(host.stop().count(RAN), 0);
}

#[test]
fn two_headers_are_no_header() {
    let vectors = Vectors::load();
    let host = host(&vectors, &[]).start();
    let valid = vectors.named("anonymous-bool-no-expire").hex.clone().expect("it has a header");
    let answer = host.get("/s/s0/").header("Ocean-Auth", &valid).header("Ocean-Auth", &valid).send();
    assert_eq!(answer.without_date(), vectors.send(&host, vectors.named("wrong-key")).without_date());
    assert_eq!(host.stop().count(RAN), 0);
}

/// A header that is too long for any header is 431, and one below that is the refusal, whichever way it is wrong.
pub(crate) fn over_its_length(row: &Row) {
    let vectors = Vectors::load();
    let host = host(&vectors, &[]).start();
    let refusal = vectors.send(&host, vectors.named("wrong-key"));
    assert_eq!(refusal.status, row.status());
    let refusal = refusal.without_date();
    let [most] = row.numbers();
    for length in [most - 1, most, most + 1, 60 << 10] {
        let answer = host.get("/s/s0/").header("Ocean-Auth", "a".repeat(length)).send();
        assert_eq!(answer.without_date(), refusal, "{length} characters");
    }
    assert_eq!(host.get("/s/s0/").header("Ocean-Auth", "a".repeat(200 << 10)).send().status, 431);
    host.log().expect(2, "that a header was too long", |line| line.field("cause") == "too_large");
    host.stop();
}
