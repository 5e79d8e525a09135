//! Browsers ask before they send Ocean-Auth, and ask without it.

use super::{RAN, SAMPLE_KEY, host_with_key};

#[test]
fn a_preflight_is_answered_without_the_header_and_without_the_plugin() {
    let host = host_with_key(SAMPLE_KEY, 1_440_750_000_000).start();
    let answer = host
        .request("OPTIONS", "/s/identity/")
        .header("Origin", "http://app.example.com")
        .header("Access-Control-Request-Method", "GET")
        .header("Access-Control-Request-Headers", "ocean-auth,content-type")
        .send();
    assert!((200..300).contains(&answer.status), "{}", answer.status);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let allowed = answer.header("access-control-allow-headers").unwrap_or_default().to_ascii_lowercase();
    for header in ["ocean-auth", "content-type", "accesstoken"] {
        assert!(allowed.split(", ").any(|one| one == header), "{header} is not in {allowed}");
    }
    let methods = answer.header("access-control-allow-methods").unwrap_or_default();
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
        assert!(methods.split(", ").any(|one| one == method), "{method} is not in {methods}");
    }
    assert_eq!(host.stop().count(RAN), 0);
}
