//! A subscription that is set by hand, while the service is at a message about it that its plugin does not take.

use serde_json::Value;
use wharf_guests::BALK;

use super::Embedded;
use crate::support::{Running, Service, TestHost, wait::until};

/// A host whose service `balk` never takes a message of this kind, and purges at once.
fn host(at: &str) -> Running {
    let service = Service::of(&BALK)
        .security_key("the securityKey of the service balk")
        .set("kv.stores", "[\"own\"]")
        .set("kv.shared", "[\"attempts\"]")
        .set("config.failures", "99")
        .set("config.at", &format!("{at:?}"))
        .set("purge-after-cancel", "\"0s\"");
    let host = TestHost::new().section("[platform]\nmode = \"embedded\"").with(service).start();
    Embedded(&host).app("a1");
    host
}

/// Waits for the subscription to be so far, or `gone`.
#[track_caller]
fn until_it_is(host: &Running, state: &str) {
    until(&format!("the subscription is {state}"), || {
        let all = Embedded(host).wharf(["subscription", "list"]);
        let now = all.as_array()?.first().map_or("gone", |only| only["state"].as_str().unwrap_or_default()).to_owned();
        (now == state).then_some(())
    });
}

/// The same with an app that subscribed and cancelled, and the message that is dead since.
#[track_caller]
fn cancelled(at: &str) -> (Running, String) {
    let host = host(at);
    Embedded(&host).wharf(["subscription", "add", "a1", "balk"]);
    until_it_is(&host, "subscribed");
    Embedded(&host).wharf(["subscription", "cancel", "a1", "balk"]);
    let dead = dead(&host);
    (host, dead)
}

/// Waits for the message that the plugin does not take to be dead; returns its id.
#[track_caller]
fn dead(host: &Running) -> String {
    until("a message is dead", || Some(dead_now(host).as_array()?.first()?["id"].as_str()?.to_owned()))
}

fn dead_now(host: &Running) -> Value {
    host.wharf(["messages", "list", "--state", "dead", "--format", "json"]).json()
}

/// Sets the subscription, after which nothing that could undo it is left.
#[track_caller]
fn force(host: &Running, arguments: &[&str]) {
    Embedded(host).wharf(["subscription", "force", "a1", "balk"].iter().chain(arguments).copied());
    assert_eq!(dead_now(host), serde_json::json!([]));
}

/// What the app is answered, on a route for those that did not cancel and on one for all.
fn ask(host: &Running) -> (u16, u16) {
    let mint = host.wharf(["ocean-auth", "mint", "--key-file", "balk.key", "--app", "a1"]).ok();
    let status = |route: &str| host.get(&format!("/s/balk/{route}")).header("Ocean-Auth", mint.trim()).send().status;
    (status("mine"), status("left"))
}

#[test]
fn a_cancel_that_waits_does_not_end_a_subscription_that_is_made_to_hold() {
    let (host, cancel) = cancelled("cancel");
    force(&host, &[]);
    until_it_is(&host, "subscribed");
    // The platform has it as resolved; here nothing of it is left to be tried again.
    host.wharf(["messages", "retry", "balk", &cancel]).refused("WH1402", &cancel);
    assert_eq!(ask(&host), (200, 200));
    host.stop();
}

#[test]
fn a_purge_that_waits_does_not_erase_what_belongs_to_a_subscription_that_is_made_to_hold() {
    let (host, purge) = cancelled("purge");
    assert!(purge.starts_with("purge-"), "{purge}");
    force(&host, &[]);
    host.wharf(["messages", "retry", "balk", &purge]).refused("WH1401", &purge);
    assert_eq!(ask(&host), (200, 200));
    host.stop();
}

#[test]
fn a_subscribe_that_waits_lets_no_app_in_whose_subscription_is_made_to_be_gone() {
    let host = host("subscribe");
    Embedded(&host).wharf(["subscription", "add", "a1", "balk"]);
    let subscribe = dead(&host);
    force(&host, &["--gone"]);
    until_it_is(&host, "gone");
    host.wharf(["messages", "retry", "balk", &subscribe]).refused("WH1402", &subscribe);
    assert_eq!(ask(&host).0, 403);
    host.stop();
}
