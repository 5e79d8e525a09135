//! `wharf messages`, with a running host and without.

use serde_json::Value;

use super::{balk, host, journal, message, mint, resolved, told};
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

    let dropped = messages(&host, &["drop", "journal", &dead]);
    assert_eq!((&dropped["dropped"], &dropped["change"]), (&true.into(), &Value::Null));
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

/// Two apps have subscribed and cancelled, and of both a message of this kind is dead.
fn with_two_dead(platform: &Platform, at: &str) -> (Running, [String; 2]) {
    for app in [1, 2] {
        platform.message(message(app * 10, "app_subscribe_service", app));
        platform.message(message(app * 10 + 1, "app_cancel_service", app));
    }
    let service = balk(99).set("config.at", &format!("{at:?}")).set("purge-after-cancel", "\"0s\"");
    let host = host(platform, service).start();
    let dead = until("two messages are dead", || {
        let dead = messages(&host, &["list", "--state", "dead"]);
        let id = |app: &str| Some(dead.as_array()?.iter().find(|dead| dead["app"] == app)?["id"].as_str()?.to_owned());
        Some([id("app-1")?, id("app-2")?])
    });
    (host, dead)
}

/// `Ocean-Auth` of the app, answered on this route.
fn ask(host: &Running, route: &str, app: &str) -> u16 {
    host.get(&format!("/s/balk/{route}")).header("Ocean-Auth", mint(host, "balk", app)).send().status
}

#[test]
fn a_dropped_cancel_never_came_and_one_that_is_resolved_is_handled_without_the_plugin() {
    let platform = Platform::new();
    let (host, [first, second]) = with_two_dead(&platform, "cancel");
    let said = host.wharf(["messages", "drop", "balk", &first]).ok();
    assert!(said.contains("as if it had never come"), "{said}");
    let said = host.wharf(["messages", "drop", "balk", &second, "--resolve"]).ok();
    assert!(said.contains("the platform will be told") && said.contains("app `app-2` is refused"), "{said}");
    let told = resolved(&platform, 3);
    assert!(told.contains(&second) && !told.contains(&first), "of the other one the platform hears nothing: {told:?}");
    assert_eq!((ask(&host, "mine", "app-1"), ask(&host, "mine", "app-2")), (200, 403));
    // The app that cancelled is purged as any other.
    let purged = format!("purge-{second}/1");
    until("the plugin is told to purge", || {
        host.get("/s/balk/").send().json().as_array()?.iter().any(|left| *left == purged.as_str()).then_some(())
    });
    until("its data is gone", || (ask(&host, "left", "app-2") == 404).then_some(()));
    assert_eq!(ask(&host, "left", "app-1"), 200);
}

#[test]
fn a_dropped_purge_says_that_the_data_stays_and_one_that_is_resolved_erases_it() {
    let platform = Platform::new();
    let (host, [first, second]) = with_two_dead(&platform, "purge");
    assert!(first.starts_with("purge-") && second.starts_with("purge-"), "{first} {second}");
    let said = host.wharf(["messages", "drop", "balk", &first]).ok();
    assert!(said.contains("app `app-1` had here stays"), "{said}");
    let said = host.wharf(["messages", "drop", "balk", &second, "--resolve"]).ok();
    assert!(said.contains("app `app-2` had here is erased") && !said.contains("platform"), "{said}");
    assert_eq!((ask(&host, "left", "app-1"), ask(&host, "left", "app-2")), (200, 404));
    // Neither is let in again.
    assert_eq!((ask(&host, "mine", "app-1"), ask(&host, "mine", "app-2")), (403, 403));
    assert_eq!(resolved(&platform, 4).len(), 4);
}

/// Without a running host the next one finds what was decided.
#[test]
fn a_subscribe_that_is_resolved_without_the_plugin_counts_after_a_restart() {
    let platform = Platform::new();
    platform.message(message(1, "app_subscribe_service", 1));
    platform.message(message(2, "app_cancel_service", 1));
    platform.message(message(3, "app_subscribe_service", 1));
    let host = host(&platform, balk(99)).start();
    let [first, third] = [1, 3].map(|number| format!("{number:024x}"));
    let dies = |host: &Running, id: &str| {
        until("a message is dead", || {
            let dead = messages(host, &["list", "--state", "dead"]);
            dead.as_array()?.iter().any(|dead| dead["id"] == id).then_some(())
        });
    };
    dies(&host, &first);
    let stopped = host.stopped();
    wharf(["messages", "drop", "balk", &first, "--resolve"]).within(stopped.path()).run().ok();
    let host = stopped.serve();
    assert_eq!(resolved(&platform, 2), [1, 2].map(|number| format!("{number:024x}")));
    assert_eq!(ask(&host, "mine", "app-1"), 403, "the cancel behind it was handled");
    dies(&host, &third);
    let said = host.wharf(["messages", "drop", "balk", &third, "--resolve"]).ok();
    assert!(said.contains("app `app-1` is let in"), "{said}");
    resolved(&platform, 3);
    assert_eq!(ask(&host, "mine", "app-1"), 404, "it is served, and the plugin kept nothing of an attempt that failed");
}
