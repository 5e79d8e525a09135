//! `wharf demo`: what a newcomer meets first.

use std::{net::TcpListener, process::Command};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::Process;

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
fn every_example_works_as_printed() {
    let (here, process, ready) = demo(free_port());
    assert_eq!(ready["pid"], process.pid());
    let examples = ready["examples"].as_array().expect("there are examples");
    assert!(examples.len() >= 2, "{ready}");
    for example in examples {
        let argv: Vec<&str> = example["argv"].as_array().expect("an example has argv").iter().filter_map(Value::as_str).collect();
        assert_eq!(argv[0], "curl");
        let done = Command::new(argv[0]).args(&argv[1..]).output().expect("curl runs");
        assert!(done.status.success(), "{example}: {}", String::from_utf8_lossy(&done.stderr));
        let answer = String::from_utf8_lossy(&done.stdout);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
        assert_eq!(status, example["expect_status"].as_u64().and_then(|status| status.try_into().ok()), "{example}: {answer}");
    }
    let context = examples.iter().find(|example| example["name"] == "context").expect("an example asks the platform");
    let argv = context["argv"].as_array().expect("an example has argv").iter().filter_map(Value::as_str).skip(1);
    let answer = Command::new("curl").args(argv).output().expect("curl runs").stdout;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    for service in ["hello", "echo", "notes", "crud", "user", "blog"] {
        let api = format!("\"api\":\"{}/s/{service}\"", ready["url"].as_str().expect("the demo says its address"));
        assert!(answer.contains(&api), "{service} has not said yes to the demo's app: {answer}");
    }
    let page = ready["page"].as_str().expect("the demo says where its page is");
    let answer = Command::new("curl").args(["-sif", page]).output().expect("curl runs");
    assert!(answer.status.success(), "{page} is not served: {}", String::from_utf8_lossy(&answer.stdout));
    let refused = examples.iter().filter(|example| example["expect_status"] == 401).count();
    assert!(refused >= 1, "no example shows a refusal: {ready}");
    process.stop_by(Signal::TERM, here.path());
}

#[test]
fn ctrl_c_ends_it_and_nothing_is_left() {
    let (here, process, ready) = demo(free_port());
    let directory = ready["directory"].as_str().expect("the demo says where it is").to_owned();
    assert!(std::path::Path::new(&directory).exists());
    process.stop_by(Signal::INT, here.path());
    assert!(!std::path::Path::new(&directory).exists(), "{directory} is left behind");
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
