//! The control socket of a running host.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{fs::MetadataExt as _, net::UnixStream},
    path::Path,
};

use rustix::process::Signal;
use wharf_guests::INNOCENT;

use crate::support::{Running, Service, TestHost, wait::PATIENCE};

fn host(drain_timeout: &str) -> Running {
    TestHost::new().listen("drain-timeout", drain_timeout).with(Service::of(&INNOCENT)).start()
}

#[test]
fn it_is_for_the_user_who_runs_the_host_alone() {
    let host = host("\"30s\"");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o777;
    let data = host.path().join("data");
    assert_eq!(mode(&data), 0o700);
    for secret in ["control.sock", "host.key", "lock"] {
        assert_eq!(mode(&data.join(secret)), 0o600, "{secret}");
    }
    host.stop();
}

/// A command that has begun, and that the host waits for.
fn half_a_command(host: &Running) -> UnixStream {
    let mut stream = UnixStream::connect(host.path().join("data/control.sock")).expect("the host takes commands");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    stream
        .write_all(b"POST /platform HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        .expect("it is taken");
    let mut word = [0; 12];
    stream.read_exact(&mut word).expect("the host answers");
    assert_eq!(&word, b"HTTP/1.1 100");
    stream
}

#[test]
fn a_command_under_way_is_finished_before_the_host_ends() {
    let mut host = host("\"30s\"");
    let mut command = half_a_command(&host);
    host.process().signal(Signal::TERM);
    host.log().find("that it stops", |line| line.message() == "stopping");
    command.write_all(b"{}").expect("it is taken");
    let mut answer = String::new();
    command.read_to_string(&mut answer).expect("it is answered");
    assert!(answer.contains("WH1007"), "{answer}");
    assert!(host.process().wait().success());
}

#[test]
fn a_command_that_never_ends_does_not_keep_the_host_from_ending() {
    for (drain_timeout, signals) in [("\"300ms\"", &[Signal::TERM][..]), ("\"1h\"", &[Signal::TERM, Signal::INT])] {
        let mut host = host(drain_timeout);
        let _command = half_a_command(&host);
        for signal in signals {
            host.process().signal(*signal);
            host.log().find("that it stops", |line| line.message().contains("stop"));
        }
        assert!(host.process().wait().success());
        host.log().find("that it is cut off", |line| line.message().contains("it is cut off"));
    }
}
