//! What every answer of a console says to the browser.

use super::{CODE, HOST, assert_private, get, open, unstarted};
use crate::support::{Answer, Platform};

fn policies(answer: &Answer) -> Vec<&str> {
    let policies = answer.headers.iter().filter(|(name, _)| name == "content-security-policy");
    policies.map(|(_, value)| value.as_str()).collect()
}

#[test]
fn a_page_may_use_its_own_origin_and_be_framed_by_none() {
    const FLOOR: &str = "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; worker-src 'none'";
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookie = open(&host, CODE);
    let page = get(&host, "/", &cookie).send();
    assert_private(&page);
    assert_eq!(policies(&page), [format!("default-src 'self'; {FLOOR}")]);
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    // A plugin may say otherwise of what is its own, and not of the rest.
    let page = get(&host, "/grab", &cookie).send();
    assert_private(&page);
    assert_eq!(policies(&page), ["default-src *", FLOOR]);
    assert_eq!(page.header("referrer-policy"), Some("origin"));
    assert_eq!(page.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(page.header("clear-site-data"), None);
    host.stop();
}

#[test]
fn answers_that_never_reached_the_plugin_are_as_private() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let large = "x".repeat(70 << 10);
    for (request, status) in [
        (host.get("/").at(HOST), 403),
        (host.get("/%2f").at(HOST), 400),
        (host.get("/").at(HOST).header("x-large", &large), 431),
        (host.request("OPTIONS", "/").at(HOST).header("access-control-request-method", "GET"), 403),
    ] {
        let answer = request.header("origin", "http://evil.example").send();
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_private(&answer);
    }
    host.stop();
}
