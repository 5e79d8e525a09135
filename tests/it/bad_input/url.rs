//! Targets that lead nowhere.

use super::store::contents;
use crate::support::{Answer, Running, http::Connection, http2::Http2};

/// Method, target, status, code, and what the log says is the matter with it.
const ROWS: &[(&str, &str, u16, &str, &str)] = &[
    ("GET", "/", 404, "WH2101", "no-service"),
    ("GET", "/s", 404, "WH2101", "no-service"),
    ("GET", "/s/", 404, "WH2101", "no-service"),
    ("GET", "/s//", 404, "WH2101", "no-service"),
    ("GET", "/s/absent/", 404, "WH2101", "no-service"),
    ("GET", "/s/INNOCENT/", 404, "WH2101", "no-service"),
    ("GET", "/s/innocent%2f", 404, "WH2101", "no-service"),
    ("GET", "/innocent/", 404, "WH2101", "no-service"),
    ("GET", "/s/innocent/absent", 404, "WH2102", "no-route"),
    ("GET", "/s/innocent//", 404, "WH2102", "no-route"),
    ("GET", "/s/innocent/%2f", 400, "WH2104", "an encoded slash"),
    ("GET", "/s/innocent/%5c", 400, "WH2104", "a backslash"),
    ("GET", "/s/innocent/%00", 400, "WH2104", "a control character"),
    ("GET", "/s/innocent/%0d%0a", 400, "WH2104", "a control character"),
    ("GET", "/s/innocent/%", 400, "WH2104", "percent-encoding is broken"),
    ("GET", "/s/innocent/%zz", 400, "WH2104", "percent-encoding is broken"),
    ("GET", "/s/innocent/%ff", 400, "WH2104", "not UTF-8"),
    ("GET", "/s/innocent/../identity/", 400, "WH2104", "`..` segment"),
    ("GET", "/s/innocent/%2e%2e/identity/", 400, "WH2104", "`..` segment"),
    ("GET", "/s/innocent/./", 400, "WH2104", "a `.` or"),
    ("POST", "/s/innocent/", 405, "WH2103", "no-method"),
    ("TRACE", "/s/innocent/", 405, "WH2103", "no-method"),
    ("BREW", "/s/innocent/", 405, "WH2103", "no-method"),
    ("OPTIONS", "*", 400, "WH2104", "not a path"),
    ("CONNECT", "example.com:443", 400, "WH2104", "not a path"),
];

#[test]
fn a_target_that_leads_nowhere_says_so_and_wakes_no_plugin() {
    let host = super::talkative_host();
    let before = contents(host.path());
    let mut wrong = Vec::new();
    for (method, target, status, code, why) in ROWS {
        let answer = host.request(method, target).send();
        if answer.status != *status || answer.json()["error"]["code"] != *code {
            wrong.push(format!("{method} {target} is not {status} {code}: {} {}", answer.status, answer.text()));
            continue;
        }
        answer.assert(*status, code);
        assert_named(&host, &answer, method, target, why);
        if *status == 405 {
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{method} {target}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    host.assert_serves_others();
    assert_eq!(contents(host.path()), before);
    assert_eq!(host.stop().count("identity runs"), 0);
}

/// Asserts that the log has what was asked for, and why it leads nowhere, under the id that the answer gives.
#[track_caller]
fn assert_named(host: &Running, answer: &Answer, method: &str, target: &str, why: &str) {
    let id = answer.json()["error"]["request_id"].as_str().expect("an answer has an id").to_owned();
    let path = if method == "CONNECT" { "" } else { target };
    let refused = host.log().find("why", |line| line.field("request_id") == id && line.message() != "answered");
    assert!(refused.text().contains(why), "{method} {target}: {}", refused.text());
    let asked = host.log().find("what was asked for", |line| line.field("request_id") == id && line.message() == "answered");
    assert_eq!((asked.field("method").as_str(), asked.field("path").as_str()), (method, path));
}

/// The host finds services by it, and so may a proxy in front: both must read the same.
#[test]
fn a_request_names_one_host() {
    let host = super::host();
    for (lines, why) in [
        ("", "names its host"),
        ("host: a\r\nhost: a\r\n", "names its host twice"),
        ("host: a b\r\n", "no host name"),
        ("host: a/b\r\n", "no host name"),
        ("host: b@a\r\n", "no host name"),
        ("host: a:evil\r\n", "no host name"),
        ("host: a:1:2\r\n", "no host name"),
        ("host: [::1]a\r\n", "no host name"),
    ] {
        let mut connection = Connection::to(host.address);
        connection.write(format!("GET /s/innocent/ HTTP/1.1\r\n{lines}connection: close\r\n\r\n").as_bytes());
        connection.finish().assert(400, "WH2104");
        host.log().find(why, |line| line.text().contains(why));
    }
    let mut connection = Connection::to(host.address);
    connection.write(b"GET http://u:p@a/s/innocent/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    connection.finish().assert(400, "WH2104");
    host.log().find("no host of the target", |line| line.text().contains("the request target names no host"));
    let mut connection = Http2::to(host.address);
    let url = format!("http://{}/s/innocent/", host.address);
    assert_eq!(connection.get(&url, &[("host", "another")]).0, 400);
    host.log().find("two hosts", |line| line.text().contains("name two hosts"));
    assert_eq!(connection.get(&url, &[("host", &host.address.to_string())]), (200, "innocent".to_owned()));
    for head in
        ["HTTP/1.0\r\n", "HTTP/1.1\r\nhost:\r\nconnection: close\r\n", "HTTP/1.1\r\nhost: [::1]:80\r\nconnection: close\r\n"]
    {
        let mut connection = Connection::to(host.address);
        connection.write(format!("GET /s/innocent/ {head}\r\n").as_bytes());
        assert_eq!(connection.finish().text(), "innocent", "{head}");
    }
    host.stop();
}

#[test]
fn what_there_is_at_a_path_can_be_asked() {
    let host = super::host();
    let answer = host.request("OPTIONS", "/s/innocent/").send();
    assert_eq!((answer.status, answer.header("allow")), (204, Some("GET, HEAD, OPTIONS")), "{}", answer.text());
    host.request("OPTIONS", "/s/innocent/nothing").send().assert(404, "WH2102");
    host.stop();
}

#[test]
fn a_head_has_the_head_of_its_get_and_no_body() {
    let host = super::host();
    let (get, head) = (host.get("/s/innocent/").send(), host.request("HEAD", "/s/innocent/").send());
    assert_eq!((head.status, head.raw.ends_with(b"\r\n\r\n")), (200, true), "{:?}", String::from_utf8_lossy(&head.raw));
    assert_eq!(head.header("content-type"), get.header("content-type"));
    host.stop();
}
