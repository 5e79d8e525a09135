//! Requests against servers on this machine.

use std::{
    net::Ipv4Addr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::State, response::Response};
use http::{Request, StatusCode, header::LOCATION};
use http_body_util::BodyExt;
use proptest::prelude::*;
use tokio::net::TcpListener;

use super::{
    exchange::{Denied, Failed, Outgoing, Payload, exchange},
    *,
};
use crate::{
    capabilities::Granted,
    capabilities::tests::{manifest, service, told},
    reach::{Reach, permitted},
    reader::{BodyReader, ReadError},
};

/// What a server got.
#[derive(Debug, Clone)]
struct Seen {
    line: String,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

/// A server that remembers, and answers by the path: `/to/<status>/<location>` redirects, `/never` does not answer, all
/// others answer 200 with the body.
struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    async fn start() -> Self {
        let seen = Arc::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&seen));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { port, seen }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

async fn answer(State(seen): State<Arc<Mutex<Vec<Seen>>>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = parts.uri.path().to_owned();
    let line = format!("{} {path}", parts.method);
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(Seen { line, headers: parts.headers, body: body.to_vec() });
    if path == "/never" {
        std::future::pending::<()>().await;
    }
    let mut response = Response::new(Body::from(body));
    if let Some((status, location)) = path.strip_prefix("/to/").and_then(|rest| rest.split_once('/')) {
        *response.status_mut() = StatusCode::from_bytes(status.as_bytes()).unwrap();
        response.headers_mut().insert(LOCATION, location.parse().unwrap());
    }
    response
}

/// A plugin that may GET and POST wherever it was allowed.
fn opened(service_tables: &str) -> Arc<Opened> {
    opened_for("hosts = [\"*\"]\nmethods = [\"GET\", \"POST\", \"HEAD\"]\n", service_tables)
}

fn opened_for(asks: &str, service_tables: &str) -> Arc<Opened> {
    let manifest = manifest(&format!("[permissions.optional.http-out]\n{asks}reason = \"to call\"\n"));
    let host = HttpOut::open();
    let ready = host.ready(Grant::new(&manifest, &service(service_tables)).unwrap()).unwrap();
    // The thread lives as long as the test: exchanges of a host that is gone would fail.
    std::mem::forget(host);
    ready.0.expect("something is granted")
}

fn local(server: &Server) -> Arc<Opened> {
    opened(&format!("[services.notes.http-out]\nhosts = [\"127.0.0.1:{}\"]\nprivate = [\"127.0.0.1\"]\n", server.port))
}

async fn send(
    opened: &Arc<Opened>,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Payload,
) -> Result<(u16, Vec<u8>), Failed> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    let answered = exchange(opened.clone(), Outgoing::new(method, url, headers, body, None)?).await?;
    let status = answered.response.status().as_u16();
    Ok((status, answered.response.bytes().await.unwrap().to_vec()))
}

async fn get(opened: &Arc<Opened>, url: &str) -> Result<(u16, Vec<u8>), Failed> {
    send(opened, "GET", url, &[], Payload::Empty).await
}

#[tokio::test]
async fn a_request_arrives_without_what_is_the_hosts_to_say() {
    let server = Server::start().await;
    let headers = [
        ("X-Mine", "1"),
        ("x-mine", "2"),
        ("Host", "other"),
        ("Connection", "x-mine"),
        ("TE", "trailers"),
        ("content-length", "9"),
    ];
    let sent = send(&local(&server), "POST", &server.url("/a?b=c"), &headers, Payload::Bytes("hello".into())).await;
    assert_eq!(sent, Ok((200, b"hello".to_vec())));
    let [seen] = &server.seen()[..] else { panic!("one request arrives") };
    assert_eq!((seen.line.as_str(), seen.body.as_slice()), ("POST /a", &b"hello"[..]));
    assert_eq!(seen.headers.get_all("x-mine").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(seen.headers["host"], format!("127.0.0.1:{}", server.port));
    assert_eq!(seen.headers["content-length"], "5");
    assert!(!seen.headers.contains_key("te") && seen.headers["user-agent"].to_str().unwrap().starts_with("wharf/"));
}

#[tokio::test]
async fn a_stream_is_pumped() {
    let server = Server::start().await;
    let pieces = futures_util::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>(bytes::Bytes::from(vec![7; 10_000]))));
    let body = Payload::Stream(Body::from_stream(pieces));
    let (status, body) = send(&local(&server), "POST", &server.url("/"), &[], body).await.unwrap();
    assert_eq!((status, body.len()), (200, 1_000_000));
}

#[tokio::test]
async fn a_body_that_fails_on_its_way_fails_the_request() {
    let server = Server::start().await;
    let reader = BodyReader::new(Body::from(vec![0; 100]), 10).into_body();
    let sent = send(&local(&server), "POST", &server.url("/"), &[], Payload::Stream(reader)).await;
    assert_eq!(sent, Err(Failed::Body(ReadError::TooLarge { asked: 100, allowed: 10 })));
}

#[tokio::test]
async fn a_secret_reaches_its_host_alone_and_no_plugin_can_say_otherwise() {
    let server = Server::start().await;
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("token"), "Bearer s3cret\n").unwrap();
    let opened = opened(&format!(
        "[services.notes.secrets]\ntoken = {{ file = {:?} }}\n\
         [services.notes.http-out]\nhosts = [\"127.0.0.1:{port}\", \"localhost:{port}\"]\nprivate = [\"127.0.0.1\", \"localhost\"]\n\
         [[services.notes.http-out.inject]]\nhost = \"127.0.0.1\"\nheader = \"authorization\"\nsecret = \"token\"\n",
        directory.path().join("token"),
        port = server.port,
    ));
    let forged = [("Authorization", "mine"), ("X-Api-Key", "k"), ("Accept", "text/plain")];
    let url = server.url(&format!("/to/302/http://localhost:{}/elsewhere", server.port));
    assert_eq!(send(&opened, "GET", &url, &forged, Payload::Empty).await.unwrap().0, 200);
    let [first, second] = &server.seen()[..] else { panic!("a redirect is followed") };
    assert_eq!(first.headers.get_all("authorization").iter().collect::<Vec<_>>(), ["Bearer s3cret"]);
    assert_eq!(first.headers["x-api-key"], "k");
    // Neither the secret nor what the plugin meant for the first server goes to the second.
    assert_eq!(second.line, "GET /elsewhere");
    assert!(!second.headers.contains_key("authorization") && !second.headers.contains_key("x-api-key"));
    assert_eq!(second.headers["accept"], "text/plain");
    assert!(!format!("{opened:?}").contains("s3cret"));
}

#[test]
fn a_secret_that_is_no_header_is_refused_without_showing_it() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("token"), "s3cret\nline").unwrap();
    let service = service(&format!(
        "[services.notes.secrets]\ntoken = {{ file = {:?} }}\n[services.notes.http-out]\nhosts = [\"a.example\"]\n\
         [[services.notes.http-out.inject]]\nhost = \"a.example\"\nheader = \"x-key\"\nsecret = \"token\"\n",
        directory.path().join("token"),
    ));
    let told = told(inject(&Grant::new(&manifest(""), &service).unwrap()));
    assert_eq!(told[0].1, "`services.notes.secrets.token` cannot be sent as the header `x-key`");
    assert!(!format!("{told:?}").contains("s3cret"));
}

#[tokio::test]
async fn what_is_not_granted_does_not_leave() {
    let server = Server::start().await;
    let port = server.port;
    let denied = |opened: Arc<Opened>, method: &'static str, url: String| async move {
        match send(&opened, method, &url, &[], Payload::Empty).await {
            Err(Failed::Denied(denied)) => denied.why,
            other => panic!("{method} {url}: {other:?}"),
        }
    };
    let private =
        format!("[services.notes.http-out]\nhosts = [\"127.0.0.1:{port}\", \"localhost:{port}\"]\nprivate = [\"127.0.0.1\"]\n");
    let asks = format!("hosts = [\"127.0.0.1:{port}\", \"asked.example\"]\nmethods = [\"POST\"]\n");
    let table = [
        (opened(&private), "GET", format!("http://127.0.0.2:{port}/"), "the operator does not allow this host and port"),
        (opened(&private), "GET", "http://127.0.0.1/".to_owned(), "the operator does not allow this host and port"),
        (opened(&private), "GET", format!("http://[::1]:{port}/"), "the operator does not allow this host and port"),
        (opened(&private), "GET", format!("http://[::ffff:127.0.0.1]:{port}/"), "the operator does not allow this host and port"),
        (opened(&private), "DELETE", server.url("/"), "the manifest does not ask for this method"),
        (opened_for(&asks, &private), "GET", server.url("/"), "the manifest does not ask for this method"),
        (
            opened_for(&asks, &private),
            "POST",
            format!("http://localhost:{port}/"),
            "the manifest does not ask for this host and port",
        ),
        // A name that is allowed, but not called private, and resolves to this machine.
        (opened(&private), "GET", format!("http://localhost:{port}/"), "the host resolves to no address that may be called"),
        (
            opened(&format!("[services.notes.http-out]\nhosts = [\"127.0.0.1:{port}\"]\n")),
            "GET",
            server.url("/"),
            "this address may not be called",
        ),
    ];
    for (opened, method, url, why) in table {
        assert_eq!(denied(opened, method, url.clone()).await, why, "{method} {url}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn redirects_are_followed_as_browsers_do() {
    let server = Server::start().await;
    let opened = local(&server);
    for (status, expected, body) in
        [(301, "GET /x", ""), (302, "GET /x", ""), (303, "GET /x", ""), (307, "POST /x", "b"), (308, "POST /x", "b")]
    {
        let url = server.url(&format!("/to/{status}//x"));
        let headers = [("content-type", "text/plain")];
        let sent = send(&opened, "POST", &url, &headers, Payload::Bytes("b".into())).await;
        assert_eq!(sent, Ok((200, body.as_bytes().to_vec())), "{status}");
        let last = server.seen().pop().unwrap();
        assert_eq!((last.line.as_str(), last.headers.contains_key("content-type")), (expected, !body.is_empty()), "{status}");
    }
    assert_eq!(send(&opened, "HEAD", &server.url("/to/303//x"), &[], Payload::Empty).await.unwrap().0, 200);
    assert_eq!(server.lines().last().unwrap(), "HEAD /x");
    // A stream has been sent once and is gone; the plugin is told where to send another one.
    let stream = Payload::Stream(Body::from("b"));
    assert_eq!(send(&opened, "POST", &server.url("/to/307//x"), &[], stream).await.unwrap().0, 307);
}

#[tokio::test]
async fn each_redirect_is_judged_anew() {
    let server = Server::start().await;
    let opened = local(&server);
    let port = server.port;
    let no_server = "the other server redirects to what is no server";
    let not_allowed = "the operator does not allow this host and port";
    let (other, here) = (format!("http://localhost:{port}"), format!("http://127.0.0.1:{port}"));
    for (location, why, granted, asked) in [
        ("http://169.254.169.254/latest".to_owned(), not_allowed, Granted::ByTable, "http://169.254.169.254"),
        (format!("{other}/"), not_allowed, Granted::ByTable, &other),
        ("file:///etc/passwd".to_owned(), no_server, Granted::Never, "null"),
        (format!("http://user:pw@127.0.0.1:{port}/"), no_server, Granted::Never, &here),
    ] {
        let told = get(&opened, &server.url(&format!("/to/302/{location}"))).await;
        let denied = Denied { why, granted, redirected: Some(format!("GET {asked}")) };
        assert_eq!(told, Err(denied.into()), "{location}");
    }
    let posts = opened_for(
        &format!("hosts = [\"127.0.0.1:{port}\"]\nmethods = [\"POST\"]\n"),
        &format!("[services.notes.http-out]\nhosts = [\"127.0.0.1:{port}\"]\nprivate = [\"127.0.0.1\"]\n"),
    );
    let sent = send(&posts, "POST", &server.url("/to/303//x"), &[], Payload::Empty).await;
    let denied = Denied::new("the manifest does not ask for this method", Granted::Never);
    assert_eq!(sent, Err(Denied { redirected: Some(format!("GET http://127.0.0.1:{port}")), ..denied }.into()));
}

#[tokio::test]
async fn a_redirect_without_an_end_ends() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().fallback(|| async { (StatusCode::FOUND, [(LOCATION, "/again")]) });
    tokio::spawn(async { axum::serve(listener, router).await });
    let opened = opened(&format!("[services.notes.http-out]\nhosts = [\"127.0.0.1:{port}\"]\nprivate = [\"127.0.0.1\"]\n"));
    let sent = get(&opened, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(sent, Err(Denied::new("the other server redirects again and again", Granted::Never).into()));
}

#[tokio::test]
async fn failures_name_no_address() {
    let server = Server::start().await;
    let opened = local(&server);
    let outgoing = Outgoing::new("GET", &server.url("/never"), Vec::new(), Payload::Empty, Some(Duration::from_millis(20)));
    assert!(matches!(exchange(opened, outgoing.unwrap()).await.unwrap_err(), Failed::Timeout(_)));
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port();
    let tables =
        format!("[services.notes.http-out]\nhosts = [\"127.0.0.1:{free}\", \"none.invalid\"]\nprivate = [\"127.0.0.1\"]\n");
    let opened = self::opened(&tables);
    for url in [format!("http://127.0.0.1:{free}/"), "http://none.invalid/".to_owned()] {
        assert!(matches!(get(&opened, &url).await, Err(Failed::Broken("no connection could be made", Some(_)))), "{url}");
    }
}

#[tokio::test]
async fn a_place_is_taken_until_the_body_is_gone() {
    let server = Server::start().await;
    let opened = local(&server);
    let all = opened.client.places.available_permits();
    let outgoing = Outgoing::new("GET", &server.url("/"), Vec::new(), Payload::Empty, None).unwrap();
    let answered = exchange(opened.clone(), outgoing).await.unwrap();
    let incoming = Incoming::new(answered, 100);
    assert_eq!(opened.client.places.available_permits(), all - 1);
    drop(incoming);
    assert_eq!(opened.client.places.available_permits(), all);
}

#[tokio::test]
async fn a_response_over_the_limit_fails_and_stays_failed() {
    let server = Server::start().await;
    let opened = local(&server);
    let outgoing = Outgoing::new("POST", &server.url("/"), Vec::new(), Payload::Bytes(vec![0; 100].into()), None).unwrap();
    let mut reader = Incoming::new(exchange(opened, outgoing).await.unwrap(), 99).body;
    assert_eq!(reader.length(), Some(100));
    for _ in 0..2 {
        assert_eq!(reader.read(1_000).await, Err(ReadError::AnswerTooLarge { asked: 100, allowed: 99 }));
    }
}

#[test]
fn what_is_no_request_is_told_so() {
    let outgoing = |method: &str, url: &str, headers: Vec<(String, Vec<u8>)>| {
        Outgoing::new(method, url, headers, Payload::Empty, None).unwrap_err().to_string()
    };
    let good = "http://a.example/";
    assert_eq!(outgoing("GE T", good, vec![]), "the method is not one that can be sent");
    for method in ["CONNECT", "TRACE"] {
        assert_eq!(outgoing(method, good, vec![]), "the method is not one that can be sent");
    }
    assert_eq!(outgoing("GET", "/path", vec![]), "the URL is not valid: relative URL without a base");
    assert_eq!(outgoing("GET", "ftp://a.example/", vec![]), "the URL is not one of http or https");
    assert_eq!(outgoing("GET", "http://u@a.example/", vec![]), "the URL holds a user name or password; send a header instead");
    assert_eq!(outgoing("GET", &format!("{good}{}", "a".repeat(9_000)), vec![]), "the URL is longer than 8 KiB");
    assert_eq!(outgoing("GET", good, vec![("a b".into(), vec![])]), "a header's name is not one");
    assert_eq!(outgoing("GET", good, vec![("a".into(), b"s3cret\n".to_vec())]), "the value of the header `a` is not one");
    assert_eq!(outgoing("GET", good, vec![("a".into(), vec![]); 129]), "129 headers are more than 128");
}

#[test]
fn required_hosts_that_are_missing_are_told_with_what_to_add() {
    let asks = |hosts: &str| manifest(&format!("[permissions.required.http-out]\nhosts = [{hosts}]\nreason = \"to call\"\n"));
    let given = service("[services.notes.http-out]\nhosts = [\"api.example.com\"]\n");
    for fits in ["\"api.example.com\"", "\"*.example.com\"", "\"*\""] {
        assert!(Grant::new(&asks(fits), &given).is_ok(), "{fits}");
    }
    let lacking = told(Grant::new(&asks("\"api.example.com\", \"b.example.com\", \"*.c.example.com\""), &given));
    assert_eq!(
        lacking[0].1,
        "plugin `acme/notes` needs to call `b.example.com`, `*.c.example.com`, which the service `notes` does not grant"
    );
    assert_eq!(lacking[0].2, "add \"b.example.com\", \"*.c.example.com\" to `hosts` in [services.notes.http-out]");
    let any = told(Grant::new(&asks("\"*\""), &service("")));
    assert_eq!(any[0].2, "name it in `hosts` in [services.notes.http-out]");
}

#[test]
fn a_secret_is_sent_in_the_clear_to_private_hosts_only() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("token"), "t").unwrap();
    let opened = |private: &str| {
        opened(&format!(
            "[services.notes.secrets]\ntoken = {{ file = {:?} }}\n[services.notes.http-out]\nhosts = [\"a.example\"]\nprivate = [{private}]\n\
             [[services.notes.http-out.inject]]\nhost = \"a.example\"\nheader = \"x-key\"\nsecret = \"token\"\n",
            directory.path().join("token"),
        ))
    };
    let judge = |opened: &Opened, url: &str| opened.rules.judge(&Method::GET, &Url::parse(url).unwrap());
    let (public, private) = (opened(""), opened("\"a.example\""));
    assert_eq!(judge(&public, "https://a.example/"), Ok(()));
    let denied = Denied::new("a secret is sent along to this host, which is done by https only", Granted::Never);
    assert_eq!(judge(&public, "http://a.example/"), Err(denied));
    assert_eq!(judge(&private, "http://a.example/"), Ok(()));
}

proptest! {
    /// However a literal is written, it is judged by where it leads.
    #[test]
    fn a_literal_is_judged_by_its_address(bits: u32, form in 0..4) {
        let address = Ipv4Addr::from_bits(bits);
        let [a, b, c, d] = address.octets();
        let written = match form {
            0 => address.to_string(),
            1 => format!("{bits}"),
            2 => format!("0x{a:x}.0{b:o}.{}", u16::from_be_bytes([c, d])),
            _ => format!("{a}.{b}.{c}.{d}:80"),
        };
        let url = Url::parse(&format!("http://{written}/")).unwrap();
        for private in [false, true] {
            let rules = Rules {
                asked: vec![Asked { hosts: vec![Pattern::Any], methods: vec!["GET".to_owned()] }],
                allowed: vec![Pattern::new(&address.to_string())],
                private: Arc::new(private.then(|| address.to_string()).into_iter().collect()),
                injected: BTreeMap::new(),
            };
            prop_assert_eq!(rules.judge(&Method::GET, &url).is_ok(), permitted(address.into(), private));
            prop_assert!(private || rules.judge(&Method::GET, &url).is_err() || Reach::of(address.into()) == Reach::Public);
        }
    }

    #[test]
    fn no_url_and_no_method_panics(method: String, url: String, tail: String) {
        let _ = Outgoing::new(&method, &url, Vec::new(), Payload::Empty, None);
        let _ = Outgoing::new("GET", &format!("http://{tail}"), Vec::new(), Payload::Empty, None);
    }
}
