//! TLS, and certificates that are replaced.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::process::Signal;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use wharf_guests::INNOCENT;

use crate::support::{
    Running, Service, TestHost,
    http::Connection,
    http2::{Http2, runtime},
    wharf,
};

/// Where the pair `first` or `second` is.
fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/tls").join(name)
}

fn put(here: &Path, certificate: &str, key: &str) {
    fs::copy(data(&format!("{certificate}.crt")), here.join("host.crt")).expect("a file can be copied");
    fs::copy(data(&format!("{key}.key")), here.join("host.key")).expect("a file can be copied");
}

fn unstarted() -> TestHost {
    first_pair(TestHost::new().operation().log("level", "\"debug\"").with(Service::of(&INNOCENT)))
}

/// A host that shows the certificate `first`.
pub(crate) fn first_pair(host: TestHost) -> TestHost {
    let host = host.section("[listen.tls]\ncertificate = \"host.crt\"\nkey = { file = \"host.key\" }");
    put(host.path(), "first", "first");
    host
}

/// Shakes hands as a client that trusts the certificate `trusted`; fails if it is shown another one.
pub(crate) async fn shake_hands(address: SocketAddr, trusted: &str, protocol: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(data(&format!("{trusted}.crt"))).expect("it is a certificate");
    roots.add(certificate).expect("it can be trusted");
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the usual versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(address).await.expect("the host accepts connections");
    let stream = TlsConnector::from(Arc::new(config)).connect(ServerName::from(address.ip()), stream).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
    Ok(stream)
}

fn is_shown(host: &Running, certificate: &str) -> bool {
    runtime().block_on(shake_hands(host.address, certificate, b"h2")).is_ok()
}

#[test]
fn both_protocols_are_spoken_as_agreed() {
    let host = unstarted().start();
    let runtime = runtime();
    let stream = runtime.block_on(shake_hands(host.address, "first", b"h2")).expect("hands are shaken");
    assert_eq!(Http2::over(runtime, stream).get("/s/innocent/", &[]), (200, "innocent".to_owned()));
    let answer = crate::support::http2::runtime().block_on(async {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = shake_hands(host.address, "first", b"http/1.1").await.expect("hands are shaken");
        let request = b"GET /s/innocent/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.expect("the host reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("the connection ends cleanly");
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\ninnocent"), "{answer}");
    host.stop();
}

#[test]
fn a_new_pair_is_shown_once_it_is_whole_and_good() {
    let mut host = unstarted().start();
    assert!(is_shown(&host, "first") && !is_shown(&host, "second"));
    for (certificate, key) in [("second", "first"), ("first", "second")] {
        put(host.path(), certificate, key);
        host.process().signal(Signal::HUP);
        host.log().find("that they do not fit", |line| line.field("code") == "WH1011" && line.text().contains("certificate"));
        assert!(is_shown(&host, "first"));
    }
    put(host.path(), "second", "second");
    host.process().signal(Signal::HUP);
    host.log().find("that there is a new one", |line| line.message().contains("a new certificate"));
    assert!(is_shown(&host, "second") && !is_shown(&host, "first"));
    assert_eq!(host.metric("wharf_tls_certificates_total{result=\"replaced\"}"), 1);
    host.stop();
}

#[test]
fn a_new_pair_is_found_without_being_told_of() {
    let host = unstarted().start();
    put(host.path(), "second", "second");
    host.log().find("that there is a new one", |line| line.message().contains("a new certificate"));
    assert!(is_shown(&host, "second"));
    host.stop();
}

#[test]
fn a_handshake_that_does_not_come_or_does_not_end_is_closed() {
    for (limit, bytes) in [("first-byte-timeout", &b""[..]), ("header-timeout", b"\x16\x03\x01\x02\x00\x01")] {
        let host = unstarted().listen(limit, "\"300ms\"").start();
        let mut connection = Connection::to(host.address);
        connection.write(bytes);
        assert_eq!(connection.rest(), "");
        host.log().find(limit, |line| line.field("limit") == limit);
        assert!(is_shown(&host, "first"));
        host.stop();
    }
}

#[test]
fn clear_text_gets_no_answer() {
    let host = unstarted().start();
    let mut connection = Connection::to(host.address);
    connection.write(b"GET /s/innocent/ HTTP/1.1\r\nhost: a\r\n\r\n");
    assert!(!connection.rest().contains("HTTP/1.1"));
    host.stop();
}

#[test]
fn a_pair_that_does_not_fit_is_found_before_the_start() {
    let host = unstarted();
    host.write();
    put(host.path(), "first", "second");
    for command in ["check", "serve"] {
        wharf([command]).within(host.path()).run().refused("WH1011", "listen.tls.certificate");
    }
    fs::remove_file(host.path().join("host.key")).expect("it can be removed");
    wharf(["check"]).within(host.path()).run().refused("WH1006", "listen.tls.key");
}
