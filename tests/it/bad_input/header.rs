//! Requests that are not HTTP, or not what HTTP means, byte by byte.
//!
//! Most of them never become requests: the HTTP library answers by itself, with a status and nothing else. Those answers have no
//! code and no request id, and no page of another origin may read them; what was wrong stands in the log, at level "debug".

use super::store::contents;
use crate::support::{http::Connection, log::Line};

/// Who answers, and what is said of the cause.
enum By {
    /// The library, whose words are in the log.
    Library(&'static str),
    /// The host, by this code.
    Host(&'static str),
}

/// What, the request as it goes over the wire, the status, and by whom.
fn rows() -> Vec<(&'static str, String, u16, By)> {
    use By::{Host, Library};
    let get = |headers: &str| format!("GET /s/innocent/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    let line = |line: &str| format!("{line}\r\nhost: x\r\nconnection: close\r\n\r\n");
    let many = (0..300).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    let large = |bytes: usize| get(&format!("x-y: {}\r\n", "z".repeat(bytes)));
    vec![
        ("no request", "\r\n\r\n\r\nhello\r\n\r\n".into(), 400, Library("HTTP method")),
        ("no version", line("GET /s/innocent/"), 400, Library("URI")),
        ("an unknown version", line("GET /s/innocent/ HTTP/9.9"), 400, Library("HTTP version")),
        ("a method that is none", line("G@T /s/innocent/ HTTP/1.1"), 400, Library("HTTP method")),
        ("blanks in the target", line("GET /s/inno cent/ HTTP/1.1"), 400, Library("HTTP version")),
        ("a header without a colon", get("nonsense\r\n"), 400, Library("HTTP header")),
        ("a name with a blank", get("x y: z\r\n"), 400, Library("HTTP header")),
        ("a blank before the colon", get("x-y : z\r\n"), 400, Library("HTTP header")),
        ("a control character in a value", get("x-y: a\u{1}b\r\n"), 400, Library("HTTP header")),
        ("a NUL in a value", get("x-y: a\0b\r\n"), 400, Library("HTTP header")),
        ("a folded header", get("x-y: a\r\n b\r\n"), 400, Library("HTTP header")),
        ("a length that is no number", get("content-length: ten\r\n"), 400, Library("content-length")),
        ("a negative length", get("content-length: -1\r\n"), 400, Library("content-length")),
        ("two lengths", get("content-length: 1\r\ncontent-length: 2\r\n"), 400, Library("content-length")),
        ("a coding that is not the last", get("transfer-encoding: chunked, gzip\r\n"), 400, Library("transfer-encoding")),
        ("a coding beside chunked", get("transfer-encoding: gzip, chunked\r\n") + "0\r\n\r\n", 400, Host("WH2104")),
        ("too many headers", get(&many), 431, Library("too large")),
        ("a header of 200 KiB", large(200 << 10), 431, Library("too large")),
        ("a header of 70 KiB", large(70 << 10), 431, Host("WH2202")),
        ("a path of 100 KiB", line(&format!("GET /s/innocent/{} HTTP/1.1", "z".repeat(100 << 10))), 414, Library("URI")),
    ]
}

#[test]
fn what_is_not_http_is_refused_and_the_next_is_served() {
    let host = super::talkative_host();
    let before = contents(host.path());
    let (mut unread, mut wrong) = (0, Vec::new());
    for (what, request, status, by) in rows() {
        let mut connection = Connection::to(host.address);
        connection.write(request.as_bytes());
        let answer = connection.finish();
        assert_eq!(answer.status, status, "{what}");
        match by {
            By::Host(code) => answer.assert(status, code),
            By::Library(cause) => {
                let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(
                    (names.as_slice(), answer.text().as_str()),
                    (&["connection", "content-length", "date"][..], ""),
                    "{what}"
                );
                unread += 1;
                let ended_early = |line: &Line| line.message() == "a connection ended early";
                host.log().expect(unread, "that a request could not be read", ended_early);
                let line = host.log().lines().into_iter().rfind(ended_early).expect("it was there");
                if !line.field("error").contains(cause) {
                    wrong.push(format!("{what} is not `{cause}`: {}", line.field("error")));
                }
            }
        }
        host.assert_serves_others();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(host.metric("wharf_requests_unreadable_total"), unread as u64);
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
