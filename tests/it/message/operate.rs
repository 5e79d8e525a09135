//! `wharf messages`, with a running host and without.

use serde_json::Value;

use super::{host, journal, message, resolved, told};
use crate::support::{Platform, Running, platform::Message, wait::until, wharf};

fn messages(host: &Running, arguments: &[&str]) -> Value {
    let all = ["messages"].iter().chain(arguments).chain(["--format", "json"].iter());
    wharf(all).within(host.path()).run().json()
}

/// A host whose message 1 is dead, which holds back the later one of the same app, and not the one of another.
fn with_a_dead_one(platform: &Platform) -> Running {
    platform.message(message(1, "app_moved_away", 1));
    platform.message(message(2, "app_subscribe_service", 1));
    platform.message(message(3, "app_subscribe_service", 2));
    let host = host(platform, journal()).start();
    assert_eq!(resolved(platform, 1), [format!("{:024x}", 3)]);
    until("the message is dead", || messages(&host, &["list", "--state", "dead"]).as_array()?.first().cloned());
    host
}

#[test]
fn a_dead_message_holds_its_app_back_until_it_is_dropped() {
    let platform = Platform::new();
    let host = with_a_dead_one(&platform);
    let dead = format!("{:024x}", 1);
    let shown = messages(&host, &["show", "journal", &dead]);
    assert_eq!((shown["state"].as_str(), shown["kind"].as_str()), (Some("dead"), Some("app_moved_away")));
    assert!(shown["content"].as_str().is_some_and(|content| content.contains("app-1")), "{shown}");
    assert!(told(&host, "app-1").is_empty());
    let list = messages(&host, &["list", "--app", "app-1", "--service", "journal"]);
    assert_eq!(list.as_array().map(Vec::len), Some(2), "{list}");

    let text = wharf(["messages", "list"]).within(host.path()).run().ok();
    assert!(text.contains("STATE") && text.contains(&dead) && text.contains("dead"), "{text}");

    assert_eq!(messages(&host, &["drop", "journal", &dead])["dropped"], true);
    assert_eq!(resolved(&platform, 2)[1], format!("{:024x}", 2));
    wharf(["messages", "show", "journal", &dead]).within(host.path()).run().refused("WH1401", &dead);
}

#[test]
fn a_dead_message_that_is_retried_dies_again_of_the_same_and_says_so() {
    let platform = Platform::new();
    let host = with_a_dead_one(&platform);
    let dead = format!("{:024x}", 1);
    let retried = messages(&host, &["retry", "journal", &dead]);
    assert!(["known", "hinted"].contains(&retried["state"].as_str().unwrap_or_default()), "{retried}");
    until("it is dead again", || Some(()).filter(|()| messages(&host, &["show", "journal", &dead])["state"] == "dead"));
}

#[test]
fn what_is_not_dead_is_neither_retried_nor_dropped() {
    let platform = Platform::new();
    platform.message(Message::subscribe());
    let host = host(&platform, journal()).start();
    resolved(&platform, 1);
    let id = "55b89ba34df03bab3307c10f";
    for verb in ["retry", "drop"] {
        wharf(["messages", verb, "journal", id]).within(host.path()).run().refused("WH1402", id);
        wharf(["messages", verb, "journal", "nothing"]).within(host.path()).run().refused("WH1401", "nothing");
        wharf(["messages", verb, "jurnal", id]).within(host.path()).run().refused("WH1007", "jurnal");
    }
    wharf(["messages", "list", "--state", "lost"]).within(host.path()).run().refused("WH1007", "lost");
}
