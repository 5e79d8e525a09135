//! Requests that are not HTTP, or not what HTTP means, byte by byte.

use super::store::contents;
use crate::support::http::Connection;

/// What, the request as it goes over the wire, and the status.
fn rows() -> Vec<(&'static str, String, u16)> {
    let get = |headers: &str| format!("GET /s/innocent/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    let line = |line: &str| format!("{line}\r\nhost: x\r\nconnection: close\r\n\r\n");
    let many = (0..300).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    vec![
        ("no request", "\r\n\r\n\r\nhello\r\n\r\n".into(), 400),
        ("no version", line("GET /s/innocent/"), 400),
        ("an unknown version", line("GET /s/innocent/ HTTP/9.9"), 400),
        ("a method that is none", line("G@T /s/innocent/ HTTP/1.1"), 400),
        ("blanks in the target", line("GET /s/inno cent/ HTTP/1.1"), 400),
        ("a header without a colon", get("nonsense\r\n"), 400),
        ("a name with a blank", get("x y: z\r\n"), 400),
        ("a blank before the colon", get("x-y : z\r\n"), 400),
        ("a control character in a value", get("x-y: a\u{1}b\r\n"), 400),
        ("a NUL in a value", get("x-y: a\0b\r\n"), 400),
        ("a folded header", get("x-y: a\r\n b\r\n"), 400),
        ("a length that is no number", get("content-length: ten\r\n"), 400),
        ("a negative length", get("content-length: -1\r\n"), 400),
        ("two lengths", get("content-length: 1\r\ncontent-length: 2\r\n"), 400),
        ("a coding that is not the last", get("transfer-encoding: chunked, gzip\r\n"), 400),
        ("too many headers", get(&many), 431),
        ("a header of 100 KiB", get(&format!("x-y: {}\r\n", "z".repeat(100 << 10))), 431),
        ("a path of 100 KiB", line(&format!("GET /s/innocent/{} HTTP/1.1", "z".repeat(100 << 10))), 414),
    ]
}

#[test]
fn what_is_not_http_is_refused_and_the_next_is_served() {
    let host = super::host();
    let before = contents(host.path());
    let mut wrong = Vec::new();
    for (what, request, status) in rows() {
        let mut connection = Connection::to(host.address);
        connection.write(request.as_bytes());
        let answer = connection.rest();
        if !answer.starts_with(&format!("HTTP/1.1 {status} ")) {
            wrong.push(format!("{what} is not {status}: {:?}", answer.lines().next()));
        }
        host.assert_serves_others();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(contents(host.path()), before);
    host.stop();
}

/// Two readings of one request's end are how requests are smuggled past a proxy.
#[test]
fn a_request_ends_in_one_place() {
    let host = super::host();
    let smuggled = "GET /s/identity/ HTTP/1.1\r\nhost: x\r\n\r\n";
    for (what, headers, body) in [
        ("a length and chunks", "content-length: 4\r\ntransfer-encoding: chunked\r\n", format!("0\r\n\r\n{smuggled}")),
        ("a chunk of no size", "transfer-encoding: chunked\r\n", format!("zz\r\n{smuggled}")),
        ("a chunk of too large a size", "transfer-encoding: chunked\r\n", format!("fffffffffffffffff\r\n{smuggled}")),
    ] {
        let mut connection = Connection::to(host.address);
        connection.write(format!("GET /s/innocent/ HTTP/1.1\r\nhost: x\r\n{headers}\r\n{body}").as_bytes());
        let answer = connection.rest();
        let statuses: Vec<&str> = answer.matches("HTTP/1.1 ").collect();
        assert!(statuses.len() <= 1, "{what}: a second request was answered:\n{answer}");
        host.assert_serves_others();
    }
    host.stop();
}
