use wharf_guests::{INNOCENT, TALLY};

use crate::support::{Running, Service, TestHost};

fn host(reuse: &str) -> Running {
    let tally = Service::of(&TALLY).security_key("a key of the tally service's own").set("reuse", reuse);
    TestHost::new().with(tally).with(Service::of(&INNOCENT)).start()
}

fn counts(host: &Running, calls: usize) -> Vec<String> {
    (0..calls).map(|_| host.get("/s/tally/").send().text()).collect()
}

#[test]
fn every_call_has_an_instance_of_its_own() {
    let host = host("0");
    assert_eq!(counts(&host, 3), ["1", "1", "1"]);
    host.stop();
}

#[test]
fn an_instance_that_may_be_reused_is_replaced_after_its_calls() {
    let host = host("3");
    assert_eq!(counts(&host, 7), ["1", "2", "3", "1", "2", "3", "1"]);
    host.assert_serves_others();
    host.stop();
}

#[test]
fn what_a_guest_holds_of_wasi_lives_as_long_as_its_instance() {
    let host = host("1000");
    for call in ["1", "2", "3"] {
        assert_eq!(host.get("/s/tally/aloud").send().text(), call, "{}", host.log().text());
        host.log().find("what was said", |line| line.message() == format!("call {call}"));
    }
    host.stop();
}

#[test]
fn no_instance_is_used_again_after_a_crash() {
    let host = host("1000");
    assert_eq!(counts(&host, 2), ["1", "2"]);
    host.get("/s/tally/panic").send().assert(502, "WH2302");
    assert!(host.log().code("WH2302").text().contains("at call 3"), "{}", host.log().text());
    assert_eq!(counts(&host, 2), ["1", "2"]);
    host.assert_serves_others();
    host.stop();
}

#[test]
fn no_instance_is_shared_by_two_apps() {
    let host = host("1000");
    let header = |app| {
        let run = host.wharf(["ocean-auth", "mint", "--key-file", "tally.key", "--app", app]);
        run.ok().trim().to_owned()
    };
    let (one, other) = (header("one"), header("other"));
    let count = |header: &str| host.get("/s/tally/").header("Ocean-Auth", header).send().text();
    assert_eq!([count(&one), count(&one), count(&other), count(&one), count(&other)], ["1", "2", "1", "3", "2"]);
    assert_eq!(counts(&host, 2), ["1", "2"], "nobody's instance is an app's");
    host.stop();
}
