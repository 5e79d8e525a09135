//! Access tokens of an issuer whose keys stand in a file, or behind an address, and change there.

use std::fs;

use serde_json::json;

use super::{
    doors, get,
    issuer::{ISS, Key, Published},
    text,
};
use crate::{
    limits::Row,
    support::{Running, TestHost, log::Line, wait::until, wharf},
};

const AUDIENCE: &str = "https://wharf.example.com/s/doors";
const NOW_S: u64 = 1_800_000_000;

/// A host whose clock stands still, with the issuer's keys in `jwks`.
fn host(jwks: &str) -> TestHost {
    TestHost::new()
        .clock(NOW_S * 1_000)
        .listen("public-url", "\"https://wharf.example.com\"")
        .section(&format!("[issuers.acme]\nissuer = \"{ISS}\"\njwks = {jwks}\n"))
        .with(doors(&[]))
        .with(doors(&[("issuers", "[]")]).named("closed"))
}

fn host_with_file(set: &str) -> TestHost {
    let host = host("{ file = \"acme.json\" }");
    fs::write(host.path().join("acme.json"), set).expect("a key file can be written");
    host
}

#[track_caller]
fn opens_in_time(host: &Running, token: &str) {
    until("the issuer's keys are known", || (get(host, "app", token).status == 200).then_some(()));
}

#[test]
fn a_signed_token_is_its_caller() {
    let key = Key::new("k1");
    let host = host_with_file(&key.set()).start();
    let token = key.sign(AUDIENCE, NOW_S, &json!({}));
    for _ in 0..2 {
        for route in ["none", "any", "app", "user", "bearer", "scoped"] {
            let answer = get(&host, route, &token);
            assert_eq!(answer.status, 200, "{route} {}", host.log().text());
            let seen = answer.json();
            assert_eq!((text(&seen, "app"), text(&seen, "user"), text(&seen, "authenticated_by")), ("a1", "u1", "issuer:acme"));
            assert_eq!(seen["scopes"], json!(["notes:read", "notes:write"]));
            assert!(!seen["headers"].to_string().contains("authorization"), "{seen}");
        }
    }
    // Without a user of its own the app calls for itself.
    let of_app = key.sign(AUDIENCE, NOW_S, &json!({"sub": "a1", "scope": "notes:read"}));
    assert_eq!(get(&host, "app", &of_app).status, 200);
    get(&host, "user", &of_app).assert(403, "WH2003");
    get(&host, "scoped", &of_app).assert(403, "WH2003");
    // A service that takes tokens of no issuer.
    let closed = key.sign("https://wharf.example.com/s/closed", NOW_S, &json!({}));
    host.get("/s/closed/any").header("authorization", format!("Bearer {closed}")).send().assert(401, "WH2001");
    host.stop();
}

#[test]
fn a_token_that_is_not_right_is_refused_and_its_cause_is_in_the_log() {
    let key = Key::new("k1");
    let host = host_with_file(&key.set()).start();
    let with = |changes| key.sign(AUDIENCE, NOW_S, &changes);
    let causes = [
        (with(json!({"exp": NOW_S - 30})), "expired"),
        (with(json!({"nbf": NOW_S + 31})), "not_yet_valid"),
        (with(json!({"aud": "https://wharf.example.com/s/other"})), "other_service"),
        (with(json!({"iss": "https://other.example.com/"})), "other_issuer"),
        (with(json!({"client_id": ""})), "bad_claim"),
        (Key::new("k1").sign(AUDIENCE, NOW_S, &json!({})), "bad_signature"),
        (Key::new("k2").sign(AUDIENCE, NOW_S, &json!({})), "unknown_key"),
        ("a.b.c".to_owned(), "malformed"),
    ];
    for (token, cause) in &causes {
        let answer = get(&host, "none", token);
        answer.assert(401, "WH2001");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="wharf", error="invalid_token""#), "{cause}");
    }
    let log = host.stop();
    let refused = log.lines().into_iter().filter(|line| line.message() == "bearer token refused");
    let seen: Vec<(String, String)> = refused.map(|line| (line.field("code"), line.field("cause"))).collect();
    assert_eq!(seen, causes.each_ref().map(|(_, cause)| ("WH2001".to_owned(), (*cause).to_owned())));
}

#[test]
fn keys_in_a_file_may_change_while_the_host_runs() {
    let (old, new) = (Key::new("k1"), Key::new("k2"));
    let host = host_with_file(&old.set()).start();
    let (by_old, by_new) = (old.sign(AUDIENCE, NOW_S, &json!({})), new.sign(AUDIENCE, NOW_S, &json!({})));
    assert_eq!(get(&host, "app", &by_old).status, 200);
    get(&host, "app", &by_new).assert(401, "WH2001");
    fs::write(host.path().join("acme.json"), new.set()).expect("a key file can be written");
    opens_in_time(&host, &by_new);
    get(&host, "app", &by_old).assert(401, "WH2001");
    host.stop();
}

#[test]
fn keys_behind_an_address_may_change_and_stay_when_it_fails() {
    let (old, new) = (Key::new("k1"), Key::new("k2"));
    let published = Published::new("no keys yet".to_owned());
    let host = host(&format!("{{ url = \"http://{}/jwks.json\" }}", published.address)).start();
    let (by_old, by_new) = (old.sign(AUDIENCE, NOW_S, &json!({})), new.sign(AUDIENCE, NOW_S, &json!({})));
    // Nobody is to throw a good token away because its issuer cannot be reached.
    let later = get(&host, "app", &by_old);
    later.assert(503, "WH1010");
    assert_eq!((later.header("retry-after"), later.header("www-authenticate")), (Some("1"), None));
    published.set(old.set());
    opens_in_time(&host, &by_old);
    published.set("no keys at all".to_owned());
    // Asked again and again for a key nobody has, the host fetches now and then, and keeps what it has.
    until("a fetch fails", || {
        get(&host, "app", &by_new).assert(401, "WH2001");
        let kept = |line: &Line| line.message().contains("keys cannot be had") && line.field("keys") == "1";
        host.log().lines().iter().any(kept).then_some(())
    });
    assert_eq!(get(&host, "app", &by_old).status, 200);
    published.set(new.set());
    opens_in_time(&host, &by_new);
    get(&host, "app", &by_old).assert(401, "WH2001");
    host.stop();
}

#[test]
fn a_host_checks_key_files_and_fetches_nothing_before_it_runs() {
    let check = |host: &TestHost, format: &str| {
        host.write();
        wharf(["check", "--format", format]).within(host.path()).run()
    };
    let missing = host("{ file = \"absent.json\" }");
    check(&missing, "text").refused("WH1010", "acme");
    let private = host_with_file(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"c2VjcmV0"}]}"#);
    let run = check(&private, "text");
    run.refused("WH1010", "private key");
    assert!(!run.stderr.contains("c2VjcmV0"), "{}", run.stderr);
    // Port 1 answers nobody.
    let remote =
        TestHost::new().section(&format!("[issuers.acme]\nissuer = \"{ISS}\"\njwks = {{ url = \"http://127.0.0.1:1/\" }}\n"));
    let run = check(&remote, "text");
    assert!(run.stderr.contains("`acme`") && run.stderr.contains("not fetched"), "{}", run.stderr);
    assert_eq!(check(&remote, "json").json()["issuers_not_fetched"], json!(["acme"]));
}

/// A token that would be good, were it not so long.
pub(crate) fn over_its_length(row: &Row) {
    let key = Key::new("k1");
    let host = host_with_file(&key.set()).start();
    let token = |filling: usize| key.sign(AUDIENCE, NOW_S, &json!({"jti": "1".repeat(filling)}));
    let lengths = [token(11_000), token(13_000)].map(|token| (token.len(), token));
    let [most] = row.numbers();
    assert!(lengths[0].0 < most && lengths[1].0 > most, "{} {}", lengths[0].0, lengths[1].0);
    assert_eq!(get(&host, "app", &lengths[0].1).status, 200);
    row.assert(&get(&host, "app", &lengths[1].1));
    host.log().find("that it was too long", |line| line.field("cause") == "too_large");
    host.stop();
}
