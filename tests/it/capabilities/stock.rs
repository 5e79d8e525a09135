//! What leaves a stock component leaves by the rules of `http-out`.

use std::fs;

use wharf_guests::{Guest, INNOCENT, PROXY, SERVICE};

use crate::support::server::{Reply, Sent, Server};
use crate::support::{Answer, Running, Service, TestHost};

const STOCK: [&Guest; 2] = [&PROXY, &SERVICE];

fn new() -> TestHost {
    TestHost::new().section("[runtime]\nwasi-http-0-3 = true")
}

fn echo(sent: &Sent) -> Reply {
    match sent.line.as_str() {
        "GET /never" => Reply::Never,
        "POST /short" => Reply::new("200 OK\r\ncontent-length: 100000", "cut"),
        "POST /elsewhere" => Reply::new("307 Temporary Redirect\r\nlocation: /", ""),
        _ => Reply::new("201 Created", [sent.line.as_bytes(), b" ", &sent.body].concat()),
    }
}

fn host(service: Service) -> Running {
    new().with(service).with(Service::of(&INNOCENT)).start()
}

fn granted(guest: &Guest, server: &Server, more: &str) -> Service {
    let grant = format!("{{ hosts = [\"{}\"], private = [\"127.0.0.1\"]{more} }}", server.address);
    Service::of(guest).set("http-out", &grant)
}

#[track_caller]
fn fetch(host: &Running, guest: &Guest, method: &str, url: &str, body: &[u8]) -> Answer {
    let request = host.post(&format!("/s/{}/fetch", guest.name)).header("x-url", url).header("x-method", method);
    let answer = request.chunked(body).send();
    assert!(answer.complete, "{}", host.log().text());
    answer
}

#[test]
fn a_granted_server_answers_and_is_not_told_who_called() {
    for guest in STOCK {
        let server = Server::new(echo);
        let host = host(granted(guest, &server, ""));
        let body = vec![b'x'; 300_000];
        let answer = fetch(&host, guest, "POST", &server.url("/a"), &body);
        assert_eq!((answer.status, answer.body.len()), (201, "POST /a ".len() + body.len()), "{}", answer.text());
        let sent = &server.sent()[0];
        assert_eq!(sent.body, body);
        let head = sent.head.to_ascii_lowercase();
        assert!(head.contains(&format!("host: {}\r\n", server.address)), "{head}");
        assert!(!head.contains("x-wharf-"), "{head}");
        host.stop();
    }
}

#[test]
fn a_length_that_is_announced_arrives_and_an_empty_get_has_no_body() {
    for guest in STOCK {
        let server = Server::new(echo);
        let host = host(granted(guest, &server, ""));
        let request = host.post(&format!("/s/{}/fetch", guest.name)).header("x-url", server.url("/a"));
        assert_eq!(request.body(b"hello").send().text(), "POST /a hello");
        assert_eq!(fetch(&host, guest, "GET", &server.url("/b"), b"").text(), "GET /b ");
        let sent = server.sent();
        let framing = |head: &str| -> Vec<String> {
            let lines = head.lines().map(str::to_ascii_lowercase);
            lines.filter(|line| line.starts_with("content-length") || line.starts_with("transfer-encoding")).collect()
        };
        assert_eq!(framing(&sent[0].head), ["content-length: 5"]);
        assert_eq!(framing(&sent[1].head), [""; 0]);
        host.stop();
    }
}

#[test]
fn whoever_is_not_granted_is_not_called() {
    for guest in STOCK {
        let (server, other) = (Server::new(echo), Server::new(echo));
        let host = host(granted(guest, &server, ""));
        let port = server.address.port();
        for url in [
            other.url("/"),
            format!("http://localhost:{port}/"),
            format!("http://127.0.0.2:{port}/"),
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "https://example.com/".to_owned(),
        ] {
            let answer = fetch(&host, guest, "GET", &url, b"");
            assert_eq!((answer.status, answer.text().contains("HttpRequestDenied")), (200, true), "{url}: {}", answer.text());
        }
        assert!(fetch(&host, guest, "DELETE", &server.url("/"), b"").text().contains("HttpRequestDenied"));
        let table = format!("[services.{}.http-out]", guest.name);
        host.log().find("what was denied", |line| {
            line.field("asked") == format!("GET http://127.0.0.2:{port}") && line.field("table") == table
        });
        assert!(server.sent().is_empty() && other.sent().is_empty());
        host.stop();
    }
}

#[test]
fn without_a_grant_nobody_is_called() {
    for guest in STOCK {
        let server = Server::new(echo);
        let host = host(Service::of(guest));
        assert!(fetch(&host, guest, "GET", &server.url("/"), b"").text().contains("HttpRequestDenied"));
        assert!(server.sent().is_empty());
        host.stop();
    }
}

#[test]
fn a_redirect_comes_back_and_is_followed_by_nobody() {
    for guest in STOCK {
        let server = Server::new(echo);
        let host = host(granted(guest, &server, ""));
        assert_eq!(fetch(&host, guest, "POST", &server.url("/elsewhere"), b"").status, 307);
        assert_eq!(server.sent().len(), 1);
        host.stop();
    }
}

#[test]
fn an_injected_secret_reaches_the_server_and_nobody_else() {
    for guest in STOCK {
        let server = Server::new(echo);
        let inject = ", inject = [{ host = \"127.0.0.1\", header = \"x-key\", secret = \"token\" }]";
        let service = granted(guest, &server, inject).set("secrets", "{ token = { file = \"token\" } }");
        let host = new().with(service);
        fs::write(host.path().join("token"), "s3cret\n").expect("a secret can be written");
        let host = host.start();
        let request = host.post(&format!("/s/{}/fetch", guest.name)).header("x-url", server.url("/")).header("x-key", "forged");
        assert_eq!(request.send().status, 201);
        let head = server.sent()[0].head.clone();
        assert!(head.contains("s3cret\r\n") && !head.contains("forged"), "{head}");
        assert!(!host.stop().text().contains("s3cret"));
    }
}

#[test]
fn what_the_other_server_does_wrong_is_an_error_and_its_silence_ends_with_the_call() {
    for guest in STOCK {
        let server = Server::new(echo);
        let host = host(granted(guest, &server, "").limit("wall", "3s").limit("body-in", "1KiB"));
        assert_eq!(fetch(&host, guest, "POST", &server.url("/short"), b"").status, 502);
        host.post(&format!("/s/{}/fetch", guest.name))
            .header("x-url", server.url("/never"))
            .header("x-method", "GET")
            .send()
            .assert(504, "WH2303");
        host.assert_serves_others();
        host.stop();
    }
}
