//! `wharf demo`: what a newcomer meets first.

mod end;
mod lines;

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Process, wharf};

/// A demo in an empty directory, on a port that is free (or not, as the test wants it).
fn demo(port: u16) -> (tempfile::TempDir, Process, Value) {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    let port = port.to_string();
    let (process, ready) = Process::start(here.path(), ["demo", "--format", "json", "--port", port.as_str()], &[]);
    (here, process, ready)
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("a listener has an address").port()
}

#[test]
fn a_port_in_use_gives_way_to_the_next_one() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let port = taken.local_addr().expect("a listener has an address").port();
    let (here, process, ready) = demo(port);
    let address: std::net::SocketAddr = ready["address"].as_str().expect("an address").parse().expect("an address");
    assert!(address.port() > port, "{address} is not after {port}");
    assert!(address.ip().is_loopback());
    process.stop_by(Signal::TERM, here.path());
}

#[test]
fn a_directory_of_ones_own_is_kept_and_used_again() {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    let data = here.path().join("kept");
    let data = data.to_str().expect("a temporary path is UTF-8");
    let mut keys = Vec::new();
    for _ in 0..2 {
        let port = free_port().to_string();
        let arguments = ["demo", "--format", "json", "--port", port.as_str(), "--data", data];
        let (process, _) = Process::start(here.path(), arguments, &[]);
        process.stop_by(Signal::TERM, here.path());
        keys.push(std::fs::read(format!("{data}/hello.key")).expect("the demo keeps its keys"));
    }
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn a_directory_of_somebody_else_is_left_alone() {
    for name in ["wharf.toml", "hello.key"] {
        let here = tempfile::tempdir().expect("a temporary directory can be made");
        let file = here.path().join(name);
        std::fs::write(&file, "precious").expect("a file can be written");
        wharf(["demo", "--data", "."]).within(here.path()).run().refused("WH1007", name);
        assert_eq!(std::fs::read(&file).expect("it is still there"), b"precious");
        assert!(!here.path().join("data").exists());
    }
}
