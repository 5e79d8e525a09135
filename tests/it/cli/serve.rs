//! `wharf serve`: starting, being the only one, stopping.

use std::net::TcpListener;

use rustix::process::Signal;
use wharf_guests::INNOCENT;

use crate::support::{Process, Service, TestHost, wharf};

#[test]
fn both_signals_end_it_well() {
    for signal in [Signal::INT, Signal::TERM] {
        let host = TestHost::new().with(Service::of(&INNOCENT).not_installed());
        host.write();
        let (process, ready) = Process::start(host.path(), ["serve", "--format", "json"], &[]);
        assert!(ready["address"].as_str().is_some_and(|address| address.starts_with("127.0.0.1:")), "{ready}");
        process.stop_by(signal, host.path());
    }
}

#[test]
fn a_second_host_on_one_data_directory_is_refused_and_the_first_goes_on() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).start();
    let run = host.wharf(["serve"]);
    run.refused("WH1301", "data");
    assert!(run.stderr.contains("process"), "who holds it is not said: {}", run.stderr);
    host.assert_serves_others();
    host.stop();
}

#[test]
fn an_address_in_use_is_a_refusal_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = taken.local_addr().expect("a listener has an address").to_string();
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    std::fs::write(here.path().join("wharf.toml"), format!("[listen]\naddress = \"{address}\"\n")).expect("it can be written");
    wharf(["serve"]).within(here.path()).run().refused("WH1008", &address);
}

#[test]
fn a_host_killed_at_once_leaves_a_directory_that_starts_again() {
    let host = TestHost::new().with(Service::of(&INNOCENT));
    let mut host = host.start();
    host.process().signal(Signal::KILL);
    host.process().wait();
    let host = host.after_its_end().serve();
    host.assert_serves_others();
    host.stop();
}
