//! The host's own log.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;
use wharf_guests::{FLOOD, IDENTITY, INNOCENT};

use crate::support::{Service, TestHost, wait::until};

#[test]
fn what_an_operator_should_mend_is_said_at_the_start() {
    let (weak, strong) = ("guess me", "not to be guessed in this century");
    let host = TestHost::new()
        .with(Service::of(&INNOCENT).security_key(weak))
        .with(Service::of(&INNOCENT).named("strong").security_key(strong))
        .with(Service::of(&IDENTITY).security_key("another that nobody can guess offline").set("ocean-auth", "\"v2\""))
        .start();
    let checked = host.wharf(["check", "--format", "json"]).json();
    let log = host.stop();
    let warned = |service: &str| -> Vec<&str> {
        let of_service = |words: &&str| {
            let said = |line: &crate::support::log::Line| {
                (line.field("level").as_str(), line.field("service").as_str()) == ("WARN", service)
                    && line.message().contains(*words)
            };
            log.lines().iter().any(said)
        };
        ["can be guessed offline", "accepts legacy Ocean-Auth headers"].into_iter().filter(of_service).collect()
    };
    assert_eq!(warned("innocent"), ["can be guessed offline", "accepts legacy Ocean-Auth headers"]);
    assert_eq!(warned("strong"), ["accepts legacy Ocean-Auth headers"]);
    assert_eq!(warned("identity"), [""; 0]);
    let warnings = checked["warnings"].as_array().expect("a check lists its warnings");
    let of = |warning: &Value| {
        ["`innocent`", "`strong`"].into_iter().find(|key| warning.as_str().is_some_and(|text| text.contains(key)))
    };
    assert_eq!(
        warnings.iter().map(of).collect::<Vec<_>>(),
        [Some("`innocent`"), Some("`innocent`"), Some("`strong`")],
        "{checked:#}"
    );
    for text in [log.text(), checked.to_string()] {
        assert!(!text.contains(weak) && !text.contains(strong), "a key is shown: {text}");
    }
}

/// Whoever supervises the host may hold its log: that is no reason to serve nobody.
#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).with(Service::of(&FLOOD)).operation();
    let mut host = host.start().stopped().serve_unread();
    until("the log has no room", || {
        host.get("/s/flood/wide/8000/1").send();
        (host.metric("wharf_log_lines_lost_total") > 0).then_some(())
    });
    host.assert_serves_others();
    host.process().read_log();
    // All that were lost are said, however often.
    let said = || {
        let lines = host.log().lines();
        let told = lines.iter().filter(|line| line.message().contains("lines of the log are lost"));
        told.map(|line| line.field("lines").parse::<u64>().expect("a number")).sum::<u64>()
    };
    until("it is said how many", || (said() == host.metric("wharf_log_lines_lost_total")).then_some(()));
    host.get("/s/flood/forge").send();
    host.log().find("what is said after that", |line| line.message().contains("honest"));
    host.stop();
}

#[test]
fn a_host_whose_log_nobody_reads_ends_when_it_is_told_to() {
    let host = TestHost::new().with(Service::of(&FLOOD)).start().stopped();
    let mut host = host.serve_unread();
    // More than any pipe of Linux has room for unless it is asked to: 64 KiB.
    for _ in 0..10 {
        assert_eq!(host.get("/s/flood/wide/8000/1").send().status, 200);
    }
    host.process().signal(Signal::TERM);
    let status = host.process().wait();
    assert!(status.success(), "{status}");
}

#[test]
fn a_log_that_nobody_can_read_any_more_is_lost_and_nothing_else() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).with(Service::of(&FLOOD)).operation();
    let mut host = host.start().stopped().serve_unread();
    host.process().close_log();
    for lost in 1..4 {
        assert_eq!(host.get("/s/flood/forge").send().status, 200);
        until("the line is lost", || (host.metric("wharf_log_lines_lost_total") == lost).then_some(()));
    }
    // That lines are lost is not another line to be lost.
    for _ in 0..5 {
        host.assert_serves_others();
        assert_eq!(host.metric("wharf_log_lines_lost_total"), 3);
    }
    host.process().signal(Signal::TERM);
    assert!(host.process().wait().success());
}

/// As people read it, and as it stands in the default configuration.
#[test]
fn a_log_of_text_has_a_line_for_each_event_and_for_nothing_else() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).with(Service::of(&FLOOD)).start().stopped();
    let config = host.path().join("wharf.toml");
    let text = fs::read_to_string(&config).expect("a configuration can be read");
    assert!(text.contains("format = \"json\""), "{text}");
    fs::write(config, text.replace("format = \"json\"", "format = \"text\"\nlevel = \"debug\"")).expect("it can be written");
    let host = host.serve_as_it_is();
    host.assert_serves_others();
    host.get("/s/flood/forge").send();
    let log = host.stop().text();
    for line in log.lines() {
        let mut words = line.split_whitespace();
        let (time, level) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        assert!(time.len() > 20 && time.ends_with('Z') && time.as_bytes()[10] == b'T', "no time: {line}");
        assert!(["ERROR", "WARN", "INFO", "DEBUG"].contains(&level), "no level: {line}");
    }
    for words in
        ["serving address=127.0.0.1:", "answered request_id=\"", "path=\"/s/innocent/\"", "WARN plugin: honest\\n{", "stopped"]
    {
        assert!(log.contains(words), "`{words}` is not said:\n{log}");
    }
    assert!(!log.contains('\u{1b}'), "it talks to a terminal: {log:?}");
}
