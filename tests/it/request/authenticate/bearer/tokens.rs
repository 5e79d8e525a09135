//! The host's own tokens, from the command line to the plugin and to their end.

use super::{create, doors, get, text};
use crate::support::{Service, TestHost};

const NOW: u64 = 1_800_000_000_000;

#[test]
fn a_token_opens_its_service_until_the_moment_it_is_revoked() {
    let host = TestHost::new().with(doors(&[])).with(doors(&[]).named("other")).start();
    let created = create(&host, &["--user", "u1", "--scope", "notes:read notes:write"]);
    let token = text(&created, "token");
    for route in ["none", "any", "app", "user", "bearer", "scoped"] {
        let answer = get(&host, route, token);
        assert_eq!(answer.status, 200, "{route}");
        let seen = answer.json();
        assert_eq!((text(&seen, "app"), text(&seen, "user"), text(&seen, "authenticated_by")), ("a1", "u1", "wharf:token"));
        assert_eq!(seen["scopes"], serde_json::json!(["notes:read", "notes:write"]));
        assert!(!seen["headers"].to_string().contains("authorization"), "{seen}");
    }
    let elsewhere = host.get("/s/other/any").header("authorization", format!("Bearer {token}")).send();
    elsewhere.assert(401, "WH2001");

    host.wharf(["token", "revoke", text(&created, "id")]).ok();
    // Even where the route would have let anybody in.
    get(&host, "none", token).assert(401, "WH2001");
    let log = host.stop();
    log.expect(2, "that a token was refused", |line| line.message() == "bearer token refused");
    let causes: Vec<String> = log.lines().iter().map(|line| line.field("cause")).filter(|cause| !cause.is_empty()).collect();
    assert_eq!(causes, ["other_service", "revoked"]);
    assert!(!log.text().contains(token), "the token is in the log");
}

#[test]
fn a_token_outlives_a_restart_and_not_its_expiry() {
    let host = TestHost::new().with(doors(&[])).clock(NOW).start();
    let created = create(&host, &["--expires", "1s"]);
    let token = text(&created, "token");
    assert_eq!(get(&host, "app", token).status, 200);
    let host = host.stopped().clock(NOW + 999).serve();
    assert_eq!(get(&host, "app", token).status, 200);
    let host = host.stopped().clock(NOW + 1_000).serve();
    get(&host, "app", token).assert(401, "WH2001");
    assert!(host.stop().lines().iter().any(|line| line.field("cause") == "expired"));
}

#[test]
fn what_is_listed_shows_no_token() {
    let host = TestHost::new().with(doors(&[])).start();
    let created = create(&host, &[]);
    let listed = host.wharf(["token", "list", "--format", "json"]).ok();
    assert!(listed.contains(text(&created, "id")) && !listed.contains(text(&created, "token")), "{listed}");
    host.stop();
}

#[test]
fn a_token_that_never_was_cannot_be_revoked() {
    let host = TestHost::new().with(doors(&[])).start();
    let created = create(&host, &[]);
    // What was given may be the token itself: it is never repeated.
    host.wharf(["token", "revoke", "0123456789ab"]).refused("WH2004", "wharf token list");
    let run = host.wharf(["token", "revoke", text(&created, "token")]);
    run.refused("WH1007", "wharf token list");
    assert!(!run.stderr.contains(text(&created, "token")), "{}", run.stderr);
    assert_eq!(get(&host, "app", text(&created, "token")).status, 200);
    host.stop();
}

#[test]
fn a_store_that_fails_is_not_the_tokens_fault() {
    let host = TestHost::new().with(doors(&[])).with(Service::of(&wharf_guests::INNOCENT)).start();
    let created = create(&host, &[]);
    let database = rusqlite::Connection::open(host.path().join("data/wharf.db")).expect("the database can be opened");
    database.execute_batch("ALTER TABLE tokens RENAME TO lost").expect("a table can be renamed");
    let answer = get(&host, "app", text(&created, "token"));
    answer.assert(503, "WH1303");
    assert_eq!((answer.header("retry-after"), answer.header("www-authenticate")), (Some("1"), None));
    host.log().find("that it could not be looked up", |line| line.message().contains("could not be looked up"));
    host.wharf(["token", "list"]).refused("WH1303", "tokens");
    host.assert_serves_others();
    // Nothing is lost by it.
    database.execute_batch("ALTER TABLE lost RENAME TO tokens").expect("a table can be renamed");
    assert_eq!(get(&host, "app", text(&created, "token")).status, 200);
    host.stop();
}
