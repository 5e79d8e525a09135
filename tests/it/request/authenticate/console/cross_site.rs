//! What changes things is taken from the console's own pages only.

use super::{CODE, HOST, OTHER_HOST, assert_page, open, unstarted};
use crate::support::Platform;

#[test]
fn a_change_needs_an_origin_that_is_the_consoles_own() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookie = open(&host, CODE);
    let port = host.address.port();
    let (own, sibling) = (format!("http://{HOST}:{port}"), format!("http://{OTHER_HOST}:{port}"));
    let (other_port, shared) = (format!("http://{HOST}:{}", port.wrapping_add(1)), format!("http://127.0.0.1:{port}"));
    let site = |site| ("sec-fetch-site", site);
    let origin = |origin| ("origin", origin);
    for (headers, status) in [
        (&[origin(&*own)][..], 200),
        (&[site("same-origin")], 200),
        (&[origin(&own), site("same-origin")], 200),
        (&[], 403),
        (&[origin(&own), site("same-site")], 403),
        (&[origin(&own), site("cross-site")], 403),
        (&[origin(&own), site("none")], 403),
        (&[origin(&sibling)], 403),
        (&[origin(&sibling), site("same-origin")], 403),
        (&[origin(&other_port)], 403),
        (&[origin(&shared)], 403),
        (&[origin("null")], 403),
        (&[origin("null"), site("same-origin")], 403),
        (&[origin(&own), origin("http://evil.example")], 403),
    ] {
        let request = host.post("/change").at(HOST).header("cookie", &cookie);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = request.body("a=1").send();
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.text());
        match status {
            200 => assert!(answer.text().contains("form a=1\n")),
            _ => assert_page(&answer, 403, "WH2008"),
        }
    }
    // Reading is harmless: no page of another origin gets to see the answer.
    let request = host.get("/").at(HOST).header("cookie", &cookie).header("origin", "http://evil.example");
    assert_eq!(request.header("sec-fetch-site", "cross-site").send().status, 200);
    let log = host.stop();
    assert_eq!(log.count("desk runs"), 4);
}

#[test]
fn a_preflight_is_answered_by_services_and_not_by_consoles() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookie = open(&host, CODE);
    let ask = |name: &str| {
        let request = host.request("OPTIONS", "/change").at(name).header("cookie", &cookie);
        request.header("origin", "http://evil.example").header("access-control-request-method", "POST").send()
    };
    assert_page(&ask(HOST), 403, "WH2008");
    let answer = ask("desk.localhost");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, Some("*")));
    host.stop();
}
