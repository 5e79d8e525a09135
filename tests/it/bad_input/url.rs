//! Targets that lead nowhere.

use super::store::contents;

/// Method, target, status and code.
const ROWS: &[(&str, &str, u16, &str)] = &[
    ("GET", "/", 404, "WH2101"),
    ("GET", "/s", 404, "WH2101"),
    ("GET", "/s/", 404, "WH2101"),
    ("GET", "/s//", 404, "WH2101"),
    ("GET", "/s/absent/", 404, "WH2101"),
    ("GET", "/s/INNOCENT/", 404, "WH2101"),
    ("GET", "/s/innocent%2f", 404, "WH2101"),
    ("GET", "/innocent/", 404, "WH2101"),
    ("GET", "/s/innocent/absent", 404, "WH2102"),
    ("GET", "/s/innocent//", 404, "WH2102"),
    ("GET", "/s/innocent/%2f", 400, "WH2104"),
    ("GET", "/s/innocent/%5c", 400, "WH2104"),
    ("GET", "/s/innocent/%00", 400, "WH2104"),
    ("GET", "/s/innocent/%0d%0a", 400, "WH2104"),
    ("GET", "/s/innocent/%", 400, "WH2104"),
    ("GET", "/s/innocent/%zz", 400, "WH2104"),
    ("GET", "/s/innocent/%ff", 400, "WH2104"),
    ("GET", "/s/innocent/../identity/", 400, "WH2104"),
    ("GET", "/s/innocent/%2e%2e/identity/", 400, "WH2104"),
    ("GET", "/s/innocent/./", 400, "WH2104"),
    ("POST", "/s/innocent/", 405, "WH2103"),
    ("TRACE", "/s/innocent/", 405, "WH2103"),
    ("BREW", "/s/innocent/", 405, "WH2103"),
    ("OPTIONS", "*", 400, "WH2104"),
    ("CONNECT", "example.com:443", 400, "WH2104"),
];

#[test]
fn a_target_that_leads_nowhere_says_so_and_wakes_no_plugin() {
    let host = super::host();
    let before = contents(host.path());
    let mut wrong = Vec::new();
    for (method, target, status, code) in ROWS {
        let answer = host.request(method, target).send();
        if answer.status != *status || answer.json()["error"]["code"] != *code {
            wrong.push(format!("{method} {target} is not {status} {code}: {} {}", answer.status, answer.text()));
            continue;
        }
        answer.assert(*status, code);
        if *status == 405 {
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{method} {target}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    host.assert_serves_others();
    assert_eq!(contents(host.path()), before);
    assert_eq!(host.stop().count("identity runs"), 0);
}

#[test]
fn a_head_has_the_head_of_its_get_and_no_body() {
    let host = super::host();
    let (get, head) = (host.get("/s/innocent/").send(), host.request("HEAD", "/s/innocent/").send());
    assert_eq!((head.status, head.raw.ends_with(b"\r\n\r\n")), (200, true), "{:?}", String::from_utf8_lossy(&head.raw));
    assert_eq!(head.header("content-type"), get.header("content-type"));
    host.stop();
}
