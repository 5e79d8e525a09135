//! Valid headers are accepted, and the plugin sees exactly what they say.

use super::{
    RAN, host,
    vectors::{Vector, Vectors, assert_accepted},
};

/// Long enough for the vector that expires in the year 2100.
const LONG: (&str, &str) = ("max-lifetime", "\"36500d\"");

#[test]
fn an_anonymous_header_proves_the_app_and_no_user() {
    let vectors = Vectors::load();
    let host = host(&vectors, &[]).start();
    let answer = vectors.send(&host, vectors.named("anonymous-bool-no-expire"));
    assert_eq!(answer.status, 200);
    let identity = answer.json();
    assert_eq!((&identity["app"], &identity["user"]), (&"sample_app".into(), &serde_json::Value::Null));
    host.stop();
}

#[test]
fn every_valid_vector_is_accepted_and_the_plugin_sees_what_it_says() {
    let vectors = Vectors::load();
    let host = host(&vectors, &[LONG]).start();
    let mut accepted = 0;
    for vector in vectors.of_requests().filter(|vector| vector.valid) {
        assert_accepted(&vector.name, &vectors.send(&host, vector), &vector.identity());
        accepted += 1;
    }
    assert_eq!(accepted, 22);
    assert_eq!(host.stop().count(RAN), accepted);
}

#[test]
fn what_needs_a_setting_is_refused_without_it() {
    let vectors = Vectors::load();
    let host = host(&vectors, &[]).start();
    for vector in vectors.of_requests().filter(|vector| vector.requires.is_some()) {
        assert_eq!(vectors.send(&host, vector).status, 401, "{}", vector.name);
    }
    let line = host.log().find("why it refused", |line| line.message() == "Ocean-Auth refused");
    assert_eq!(line.field("cause"), "too_far");
    host.stop();
}

#[test]
fn a_revoked_account_is_refused_like_everything_else() {
    let vectors = Vectors::load();
    let host = host(&vectors, &[("revoked-accounts", "[\"55b750bf4de03bab3307c0e5\"]"), LONG]).start();
    let of_user = |vector: &&Vector| vector.valid && vector.identity()["user"]["id"] == "55b750bf4de03bab3307c0e5";
    let login = vectors.of_requests().find(of_user);
    let refused = vectors.send(&host, login.expect("a vector is of that user"));
    let wrong = vectors.send(&host, vectors.of_requests().find(|vector| !vector.valid).expect("a vector is not valid"));
    assert_eq!((refused.status, refused.without_date()), (401, wrong.without_date()));
    host.log().find("why it refused", |line| line.field("cause") == "revoked_account");
    assert_eq!(vectors.send(&host, vectors.named("anonymous-bool-no-expire")).status, 200);
    assert_eq!(host.stop().count(RAN), 1);
}

#[test]
fn the_missing_comma_is_forgiven_where_that_is_switched_on() {
    let vectors = Vectors::load();
    let host = host(&vectors, &[("missing-comma", "true")]).start();
    let vector = vectors.of_requests().find(|vector| vector.accept_with.as_deref() == Some("missing-comma=true"));
    let answer = vectors.send(&host, vector.expect("a vector misses the comma"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["user"]["id"], "55b750bf4de03bab3307c0e5");

    // That defect and no other.
    for vector in vectors.of_requests().filter(|vector| !vector.valid && vector.accept_with.is_none()) {
        assert_eq!(vectors.send(&host, vector).status, 401, "{}", vector.name);
    }
    assert_eq!(host.stop().count(RAN), 1);
}
