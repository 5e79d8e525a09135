//! `wharf serve`: starting, being the only one, stopping.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
};

use rustix::process::Signal;
use wharf_guests::{IDENTITY, INNOCENT};

use crate::support::{Process, Service, TestHost, wait::until, wharf};

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

/// Compiling many plugins anew takes minutes.
#[test]
fn a_host_that_is_told_to_stop_does_not_finish_starting() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).with(Service::of(&IDENTITY)).start().stopped();
    fs::remove_dir_all(host.path().join("data/cache")).expect("what was compiled can be removed");
    let process = Process::spawn(host.path(), ["serve", "--format", "json"], &[]);
    until("a plugin is compiled", || (!process.companions().is_empty()).then_some(()));
    let log = process.stop_by(Signal::TERM, host.path());
    assert_eq!((log.count("stopped while starting"), log.count("serving")), (1, 0), "{}", log.text());
}

/// What holds for the hosts of these tests: the thread of a test run that is killed ends without dropping anything.
#[test]
fn a_host_of_the_tests_ends_with_the_thread_that_started_it() {
    use std::os::unix::process::ExitStatusExt as _;
    let host = TestHost::new();
    host.write();
    let here = host.path();
    let mut process = std::thread::scope(|scope| {
        let starting = scope.spawn(|| Process::start(here, ["serve", "--format", "json"], &[]).0);
        starting.join().expect("the host starts")
    });
    assert_eq!(process.wait().signal(), Some(Signal::KILL.as_raw()));
}

#[test]
fn a_second_host_on_one_data_directory_is_refused_and_the_first_goes_on() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).start();
    let run = host.wharf(["serve"]);
    run.refused("WH1301", "data");
    assert!(run.stderr.contains("process"), "who holds it is not said: {}", run.stderr);
    // Its port is taken as well, which is no news then.
    let file = host.path().join("wharf.toml");
    let text = std::fs::read_to_string(&file).expect("a configuration");
    let fixed = text.replace("127.0.0.1:0", &host.address.to_string());
    assert_ne!(fixed, text);
    std::fs::write(&file, fixed).expect("a configuration can be written");
    host.wharf(["serve"]).refused("WH1301", "data");
    host.assert_serves_others();
    host.stop();
}

#[test]
fn an_address_in_use_is_a_refusal_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = taken.local_addr().expect("a listener has an address").to_string();
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    fs::write(here.path().join("wharf.toml"), format!("[listen]\naddress = \"{address}\"\n")).expect("it can be written");
    wharf(["serve"]).within(here.path()).run().refused("WH1008", &address);
}

#[test]
fn an_address_of_another_machine_is_not_said_to_be_in_use() {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    // One of those that documents may speak of, and no machine has.
    fs::write(here.path().join("wharf.toml"), "[listen]\naddress = \"192.0.2.1:8080\"\n").expect("it can be written");
    let run = wharf(["serve"]).within(here.path()).run();
    run.refused("WH1008", "set an `address` of this machine in [listen]");
    assert!(!run.stderr.contains("end the program"), "{}", run.stderr);
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

#[test]
fn a_data_directory_that_everybody_may_write_to_is_refused() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let host = TestHost::new();
    host.write();
    let data = host.path().join("data");
    fs::create_dir(&data).expect("a directory can be made");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).expect("its mode can be set");
    wharf(["serve"]).within(host.path()).run().refused("WH1302", "chmod o-w");
}

#[test]
fn a_host_that_takes_no_commands_is_named_and_nothing_is_done_behind_its_back() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).start();
    let socket = host.path().join("data/control.sock");
    fs::remove_file(&socket).expect("the socket can be removed");
    let remove = || host.wharf(["plugin", "remove", "test/innocent", "--force"]);
    let run = remove();
    run.refused("WH1301", "control.sock");
    for words in ["process", "another command", "a host that starts"] {
        assert!(run.stderr.contains(words), "{words} is not said: {}", run.stderr);
    }
    // Somebody who listens, and answers nothing: neither who looks whether he is there, nor a command.
    let deaf = UnixListener::bind(&socket).expect("the socket's place is free");
    std::thread::spawn(move || while deaf.accept().is_ok() {});
    remove().refused("WH1304", "control.sock");
    host.assert_serves_others();
    host.stop();
}

#[test]
fn commands_without_a_host_wait_for_each_other() {
    let host = TestHost::new();
    host.write();
    let list = || wharf(["token", "list", "--format", "json"]).within(host.path()).run().json();
    std::thread::scope(|scope| {
        let lists: Vec<_> = (0..3).map(|_| scope.spawn(list)).collect();
        for list in lists {
            assert_eq!(list.join().expect("the command succeeds"), serde_json::json!([]));
        }
    });
}

#[test]
fn a_host_that_starts_and_commands_wait_for_each_other() {
    let host = TestHost::new();
    host.write();
    let here = host.path().to_owned();
    std::thread::scope(|scope| {
        let list = || wharf(["token", "list", "--format", "json"]).within(&here).run().json();
        let lists: Vec<_> = (0..2).map(|_| scope.spawn(list)).collect();
        let host = host.serve_as_it_is();
        for list in lists {
            assert_eq!(list.join().expect("the command succeeds"), serde_json::json!([]));
        }
        host.stop();
    });
}

#[test]
fn a_host_has_as_many_files_open_as_the_system_allows() {
    for (hard, is_enough) in [("8192", true), ("512", false)] {
        let host = TestHost::new();
        host.write();
        let arguments = ["serve", "--format", "json"];
        let (process, _) = Process::start_with_files(host.path(), 256, hard.parse().expect("a number"), &arguments);
        let limits = fs::read_to_string(format!("/proc/{}/limits", process.pid())).expect("a process has limits");
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).expect("one of open files");
        assert_eq!(line.split_whitespace().take(2).collect::<Vec<_>>(), [hard, hard]);
        let log = process.stop_by(Signal::TERM, host.path()).text();
        assert_eq!(log.contains("fewer files open"), !is_enough, "{log}");
    }
}

#[test]
fn what_a_backup_left_open_to_everybody_is_closed() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).start().stopped();
    let data = host.path().join("data");
    let mode = |name: &str| fs::metadata(data.join(name)).expect("it is there").permissions().mode() & 0o7777;
    for name in ["wharf.db", "host.key"] {
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o644)).expect("rights can be given");
    }
    wharf(["plugin", "list"]).within(host.path()).run().ok();
    assert_eq!(["wharf.db", "host.key"].map(mode), [0o640, 0o640]);
}
