use std::{fs, net::TcpListener};

use serde_json::{Value, json};
use wharf_guests::{FETCH, INNOCENT};

use super::anew::rewrite;
use crate::{
    limits::{Row, assert_limit, assert_told},
    support::{
        Running, Service, TestHost, install,
        log::Line,
        server::{Reply, Sent, Server},
        wait::until,
    },
};

fn echo(sent: &Sent) -> Reply {
    match sent.line.as_str() {
        "GET /never" => Reply::Never,
        "GET /large" | "POST /large" => Reply::new("200 OK", vec![b'x'; 1_025]),
        "POST /pieces" => Reply::new("200 OK\r\ntransfer-encoding: chunked", chunked(&[&[b'x'; 1_000], &[b'x'; 1_000]])),
        "GET /elsewhere" => Reply::new("307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/secret", ""),
        "GET /round" => Reply::new("302 Found\r\nlocation: /round", ""),
        "GET /short" | "POST /short" => Reply::new("200 OK\r\ncontent-length: 100000", "cut"),
        _ => Reply::new("200 OK", [sent.line.as_bytes(), b" ", &sent.body].concat()),
    }
}

/// As it goes over the wire.
fn chunked(pieces: &[&[u8]]) -> Vec<u8> {
    let chunk = |piece: &&[u8]| [format!("{:x}\r\n", piece.len()).as_bytes(), *piece, b"\r\n"].concat();
    pieces.iter().chain(&[&b""[..]]).flat_map(chunk).collect()
}

fn host(server: &Server, more: &str) -> Running {
    let grant = format!("{{ hosts = [\"{}\"], private = [\"127.0.0.1\"]{more} }}", server.address);
    TestHost::new().with(Service::of(&FETCH).set("http-out", &grant)).with(Service::of(&INNOCENT)).start()
}

#[track_caller]
fn fetch(host: &Running, task: &Value) -> Value {
    let answer = host.post("/s/fetch/").body(task.to_string()).send();
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), host.log().text());
    answer.json()
}

#[test]
fn a_granted_server_answers() {
    let server = Server::new(echo);
    let host = host(&server, "");
    let done = fetch(&host, &json!({"url": server.url("/a"), "headers": [["x-mine", "1"], ["host", "other"]]}));
    assert_eq!((&done["status"], &done["body"]), (&200.into(), &"GET /a ".into()));
    let head = server.sent()[0].head.to_ascii_lowercase();
    assert!(head.contains("x-mine: 1\r\n") && head.contains(&format!("host: {}\r\n", server.address)), "{head}");
    host.stop();
}

/// A proxy would see what plugins send, and could call whom the host does not.
#[test]
fn the_proxy_of_the_environment_is_not_asked() {
    let (server, proxy) = (Server::new(echo), Server::new(echo));
    let grant = format!("{{ hosts = [\"{}\"], private = [\"127.0.0.1\"] }}", server.address);
    let host = TestHost::new().with(Service::of(&FETCH).set("http-out", &grant));
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let host = names.into_iter().fold(host, |host, name| host.variable(name, &proxy.url("")));
    let host = host.start();
    assert_eq!(fetch(&host, &json!({"url": server.url("/a")}))["body"], "GET /a ");
    assert_eq!((server.sent().len(), proxy.sent().len()), (1, 0));
    host.stop();
}

/// Also where nobody could call anybody when the host was started.
#[test]
fn the_first_grant_counts_when_the_plugin_is_installed() {
    let server = Server::new(echo);
    let host = TestHost::new().with(Service::of(&FETCH)).start();
    let task = json!({"url": server.url("/a")});
    assert_eq!(fetch(&host, &task)["error"], "http-out.denied");
    let grant = format!("[services.fetch.http-out]\nhosts = [\"{}\"]\nprivate = [\"127.0.0.1\"]\n", server.address);
    rewrite(&host, |text| text + &grant);
    install(host.path(), &FETCH).ok();
    assert_eq!(fetch(&host, &task)["body"], "GET /a ");
    host.stop();
}

#[test]
fn a_body_passes_through_without_entering_the_plugin() {
    let server = Server::new(echo);
    let host = host(&server, "");
    let body = vec![b'x'; 3 << 20];
    let answer = host.post("/s/fetch/through").header("x-url", server.url("/b")).chunked(&body).send();
    assert_eq!((answer.status, answer.body.len(), answer.complete), (200, body.len() + "POST /b ".len(), true));
    assert_eq!(server.sent()[0].body, body);
    host.stop();
}

#[test]
fn whoever_is_not_granted_is_not_called() {
    let (server, other) = (Server::new(echo), Server::new(echo));
    let host = host(&server, "");
    let port = server.address.port();
    for url in [
        other.url("/"),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://127.0.0.2:{port}/"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "https://example.com/".to_owned(),
    ] {
        let done = fetch(&host, &json!({"url": url}));
        assert_eq!(done["error"], "http-out.denied", "{url}: {done}");
    }
    assert_eq!(fetch(&host, &json!({"url": server.url("/?q=private"), "method": "DELETE"}))["error"], "http-out.denied");
    let line = host.log().find("what was denied", |line| line.field("asked").starts_with("DELETE"));
    let told = |line: &Line| ["asked", "why", "table"].map(|field| line.field(field));
    // No table of the operator's would grant it.
    let asked = format!("DELETE {}", server.url(""));
    assert_eq!(told(&line), [&asked, "the manifest does not ask for this method", ""]);
    assert_eq!(fetch(&host, &json!({"url": "file:///etc/passwd"}))["error"], "http-out.invalid");
    assert!(server.sent().is_empty() && other.sent().is_empty());
    // What is judged is where it was redirected to.
    assert_eq!(fetch(&host, &json!({"url": server.url("/elsewhere")}))["error"], "http-out.denied");
    let line = host.log().find("what was denied", |line| line.field("asked").ends_with(":1"));
    let why = "the operator does not allow this host and port";
    assert_eq!(told(&line), ["GET http://127.0.0.1:1", why, "[services.fetch.http-out]"]);
    host.stop();
}

#[test]
fn without_a_grant_nobody_is_called() {
    let server = Server::new(echo);
    let host = TestHost::new().with(Service::of(&FETCH)).start();
    assert_eq!(fetch(&host, &json!({"url": server.url("/")}))["error"], "http-out.denied");
    assert!(server.sent().is_empty());
    host.stop();
}

#[test]
fn a_private_address_needs_the_operators_word() {
    let server = Server::new(echo);
    let port = server.address.port();
    let grant = format!("{{ hosts = [\"127.0.0.1:{port}\", \"localhost:{port}\"] }}");
    let host = TestHost::new().with(Service::of(&FETCH).set("http-out", &grant)).start();
    for name in ["127.0.0.1", "localhost"] {
        let done = fetch(&host, &json!({"url": format!("http://{name}:{port}/")}));
        assert_eq!(done["error"], "http-out.denied", "{done}");
        assert!(!done["message"].to_string().contains("127."), "{done}");
        let asked = format!("GET http://{name}:{port}");
        let line = host.log().find("what was denied", |line| line.field("asked") == asked);
        assert_eq!(line.field("table"), "[services.fetch.http-out], `private`");
    }
    assert!(server.sent().is_empty());
    host.stop();
}

#[test]
fn why_nobody_was_reached_is_told_to_the_operator_alone() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = nobody.local_addr().expect("a listener has an address");
    drop(nobody);
    let grant = format!("{{ hosts = [\"{address}\"], private = [\"127.0.0.1\"] }}");
    let host = TestHost::new().with(Service::of(&FETCH).set("http-out", &grant)).start();
    let done = fetch(&host, &json!({"url": format!("http://{address}/")}));
    assert_eq!((&done["error"], &done["message"]), (&json!("http-out.failed"), &json!("no connection could be made")));
    let line = host.log().find("why", |line| line.message() == "a plugin's request failed");
    assert_eq!(["service", "host"].map(|field| line.field(field)), ["fetch", "127.0.0.1"]);
    assert!(line.field("cause").contains("refused") && !line.field("request_id").is_empty(), "{}", line.text());
    host.stop();
}

#[test]
fn an_injected_secret_reaches_the_server_and_nobody_else() {
    let server = Server::new(echo);
    let grant = format!(
        "{{ hosts = [\"{}\"], private = [\"127.0.0.1\"], inject = [{{ host = \"127.0.0.1\", header = \"authorization\", secret = \"token\" }}] }}",
        server.address
    );
    let service = Service::of(&FETCH).set("http-out", &grant).set("secrets", "{ token = { file = \"token\" } }");
    let host = TestHost::new().with(service);
    fs::write(host.path().join("token"), "Bearer s3cret\n").expect("a secret can be written");
    let host = host.start();
    let done = fetch(&host, &json!({"url": server.url("/"), "headers": [["Authorization", "forged"]]}));
    assert_eq!(done["status"], 200);
    let head = server.sent()[0].head.clone();
    assert!(head.contains("Bearer s3cret\r\n") && !head.contains("forged"), "{head}");
    assert!(!host.stop().text().contains("s3cret"));
}

#[test]
fn a_server_that_does_not_answer_holds_up_its_caller_and_nobody_else() {
    let server = Server::new(echo);
    let host = host(&server, "");
    let waiting = host.post("/s/fetch/").body(json!({"url": server.url("/never")}).to_string()).open();
    until("the server is called", || (!server.sent().is_empty()).then_some(()));
    host.assert_serves_others();
    waiting.leave();
    let done = fetch(&host, &json!({"url": server.url("/never"), "timeout_ms": 50}));
    assert_eq!(done["error"], "http-out.timeout");
    host.stop();
}

#[test]
fn the_calls_own_deadline_stands_above_everything() {
    let server = Server::new(echo);
    let grant = format!("{{ hosts = [\"{}\"], private = [\"127.0.0.1\"] }}", server.address);
    let fetch = Service::of(&FETCH).set("http-out", &grant).limit("wall", "200ms");
    let host = TestHost::new().with(fetch).with(Service::of(&INNOCENT)).start();
    host.post("/s/fetch/").body(json!({"url": server.url("/never")}).to_string()).send().assert(504, "WH2303");
    host.assert_serves_others();
    host.stop();
}

#[test]
fn what_the_other_server_does_wrong_is_not_the_callers_fault() {
    let server = Server::new(echo);
    let host = host(&server, "");
    let done = fetch(&host, &json!({"url": server.url("/short")}));
    assert_eq!(done["error"], "body.gone", "{done}");
    // Handed back, a body that breaks off cuts the reply: it must not look whole.
    host.post("/s/fetch/through").header("x-url", server.url("/short")).body("x").open().breaks_off();
    host.stop();
}

/// The other server sends a byte more than the service takes in.
pub(crate) fn over_its_body(row: &Row) {
    let server = Server::new(echo);
    let grant = format!("{{ hosts = [\"{}\"], private = [\"127.0.0.1\"] }}", server.address);
    let fetching = |name: &str, limit: &str| Service::of(&FETCH).named(name).set("http-out", &grant).limit("body-in", limit);
    let host = TestHost::new().operation().with(fetching("fits", "1025B")).with(fetching("over", "1024B")).start();
    let task = json!({"url": server.url("/large")}).to_string();
    let done = |name: &str| host.post(&format!("/s/{name}/")).body(&task).send().json();
    assert_eq!(done("fits")["status"], 200);
    assert_eq!(done("over")["error"], row.error());
    assert_told(&host, "over", "body-in", 1024);
    // Where the plugin hands it on: at once if that is known, else the client sees that it is not whole.
    let through = |path: &str| host.post("/s/over/through").header("x-url", server.url(path));
    through("/large").send().assert(502, "WH2308");
    assert_limit(&host.log().code("WH2308"), "body-in", 1024);
    through("/pieces").open().breaks_off();
    let line = host.log().find("that the reply was cut", |line| line.message().contains("the connection is cut"));
    assert_eq!((line.field("method").as_str(), line.field("route").as_str()), ("POST", "/through"), "{}", line.text());
    assert_limit(&line, "body-in", 1024);
    assert_eq!(host.metric("wharf_limit_hits_total{service=\"over\",limit=\"body-in\"}"), 3);
    host.stop();
}

/// Holds as many responses as a plugin may, and asks for one more.
pub(crate) fn over_its_exchanges(row: &Row) {
    let server = Server::new(echo);
    let host = host(&server, "");
    let hoard = |count: usize| host.post(&format!("/s/fetch/hoard/{count}")).header("x-url", server.url("/")).send().text();
    let [most] = row.numbers();
    assert_eq!(hoard(most + 1), format!("{most} {}", row.error()));
    host.assert_serves_others();
    // They are given back with the call.
    assert_eq!(hoard(most), most.to_string());
    host.stop();
}

/// A header more, or a URL a byte longer, and nobody is called.
pub(crate) fn over_its_head(row: &Row) {
    let [headers, length] = row.numbers();
    let server = Server::new(echo);
    let host = host(&server, "");
    let with_headers = |count: usize| {
        let headers: Vec<_> = (0..count).map(|number| (format!("x-{number}"), "1")).collect();
        fetch(&host, &json!({"url": server.url("/"), "headers": headers}))
    };
    let with_url = |length: usize| {
        let url = server.url("/");
        fetch(&host, &json!({"url": format!("{url}{}", "a".repeat(length - url.len()))}))
    };
    assert_eq!((&with_headers(headers)["status"], &with_url(length)["status"]), (&200.into(), &200.into()));
    for over in [with_headers(headers + 1), with_url(length + 1)] {
        assert_eq!(over["error"], row.error());
    }
    assert_eq!(server.sent().len(), 2);
    host.stop();
}

/// A server that redirects for ever is asked once more than it may redirect.
pub(crate) fn over_its_redirects(row: &Row) {
    let server = Server::new(echo);
    let host = host(&server, "");
    assert_eq!(fetch(&host, &json!({"url": server.url("/round")}))["error"], row.error());
    let [most] = row.numbers();
    assert_eq!(server.sent().len(), most + 1);
    host.stop();
}

#[test]
fn a_host_without_root_certificates_says_so_and_serves_the_others() {
    let server = Server::new(echo);
    let grant = format!("{{ hosts = [\"{}\"], private = [\"127.0.0.1\"] }}", server.address);
    let host = TestHost::new().with(Service::of(&FETCH).set("http-out", &grant)).with(Service::of(&INNOCENT)).start().stopped();
    let host = host.variable("SSL_CERT_FILE", "/dev/null").variable("SSL_CERT_DIR", "/nowhere").serve();
    let line = host.log().code("WH2399");
    assert!(line.text().contains("`fetch`") && line.text().contains("CA certificates"), "{}", line.text());
    host.post("/s/fetch/").body("{}").send().assert(503, "WH2105");
    host.assert_serves_others();
    host.stop();
}
