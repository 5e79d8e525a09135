//! Refusals as RFC 6750 §3.1 has them, and as docs/identity.md lists them.

use super::{create, doors, get, text};
use crate::support::{Answer, TestHost};

const PLAIN: &str = r#"Bearer realm="wharf""#;
const INVALID_TOKEN: &str = r#"Bearer realm="wharf", error="invalid_token""#;
const INVALID_REQUEST: &str = r#"Bearer realm="wharf", error="invalid_request""#;
const TOO_LITTLE: &str = r#"Bearer realm="wharf", error="insufficient_scope""#;

#[test]
fn every_refusal_has_its_status_its_challenge_and_its_code() {
    let host = TestHost::new().with(doors(&[])).start();
    let created = create(&host, &["--scope", "notes:read"]);
    let token = text(&created, "token");
    let good = format!("Bearer {token}");
    let unknown = format!("Bearer wharf_{}", "0".repeat(64));
    let missing_scope = format!(r#"{TOO_LITTLE}, scope="notes:read notes:write""#);
    let (good, unknown, missing_scope) = (good.as_str(), unknown.as_str(), missing_scope.as_str());
    for (route, headers, status, challenge, code) in [
        ("any", &[][..], 401, PLAIN, "WH2001"),
        ("bearer", &[], 401, PLAIN, "WH2001"),
        ("any", &[("authorization", "Basic YTpi")], 401, PLAIN, "WH2001"),
        ("none", &[("authorization", "Basic YTpi")], 401, PLAIN, "WH2001"),
        ("any", &[("authorization", unknown)], 401, INVALID_TOKEN, "WH2001"),
        ("none", &[("authorization", unknown)], 401, INVALID_TOKEN, "WH2001"),
        ("any", &[("authorization", "Bearer abc")], 401, INVALID_TOKEN, "WH2001"),
        ("any", &[("authorization", "Bearer a.b.c")], 401, INVALID_TOKEN, "WH2001"),
        ("any", &[("authorization", "Bearer")], 400, INVALID_REQUEST, "WH2002"),
        ("any", &[("authorization", "Bearer a b")], 400, INVALID_REQUEST, "WH2002"),
        ("any", &[("authorization", good), ("authorization", good)], 400, INVALID_REQUEST, "WH2002"),
        ("any", &[("authorization", good), ("ocean-auth", "00")], 400, INVALID_REQUEST, "WH2002"),
        ("user", &[("authorization", good)], 403, TOO_LITTLE, "WH2003"),
        ("scoped", &[("authorization", good)], 403, missing_scope, "WH2003"),
    ] {
        let request = host.get(&format!("/s/doors/{route}"));
        let answer = headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send();
        assert_eq!(answer.status, status, "{route} {headers:?}");
        answer.assert(status, code);
        assert_eq!(answer.header("www-authenticate"), Some(challenge), "{route} {headers:?}");
        assert!(answer.header("access-control-expose-headers").is_some_and(|names| names.contains("WWW-Authenticate")));
    }
    // A token in the query is nobody's.
    host.get(&format!("/s/doors/any?access_token={token}")).send().assert(401, "WH2001");
    host.stop();
}

/// Everything but what differs from request to request.
fn without_id(answer: &Answer) -> String {
    let id = answer.json()["error"]["request_id"].as_str().expect("an error has an id").to_owned();
    String::from_utf8(answer.without_date()).expect("an answer is UTF-8").replace(&id, "ID")
}

#[test]
fn one_answer_to_every_token_that_opens_nothing() {
    let host = TestHost::new().with(doors(&[])).with(doors(&[]).named("other")).start();
    let elsewhere = host.wharf(["token", "create", "--format", "json", "--service", "other", "--app", "a1"]).json();
    let revoked = create(&host, &[]);
    host.wharf(["token", "revoke", text(&revoked, "id")]).ok();
    let first = get(&host, "any", "abc");
    assert_eq!(
        without_id(&first),
        concat!(
            "HTTP/1.1 401 Unauthorized\r\n",
            "content-type: application/json\r\n",
            "x-content-type-options: nosniff\r\n",
            "www-authenticate: Bearer realm=\"wharf\", error=\"invalid_token\"\r\n",
            "access-control-allow-origin: *\r\n",
            "access-control-allow-headers: Content-Type, Ocean-Auth, AccessToken, Authorization, *\r\n",
            "access-control-allow-methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n",
            "access-control-expose-headers: WWW-Authenticate, Retry-After, *\r\n",
            "connection: close\r\n",
            "content-length: 104\r\n",
            "\r\n",
            r#"{"error":{"code":"WH2001","message":"the caller is not proven","request_id":"ID"}}"#,
        )
    );
    for token in [text(&elsewhere, "token"), text(&revoked, "token"), "wharf_", "a.b.c", "e30.e30.AA", &"x".repeat(20_000)] {
        assert_eq!(without_id(&get(&host, "any", token)), without_id(&first), "{token:.100}");
    }
    host.stop();
}
