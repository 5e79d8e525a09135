//! Plugins and platforms that fail.

use super::{balk, host, journal, message, notify, resolved, told};
use crate::support::{
    Platform, Service, TestHost, install,
    platform::{Message, TOKEN, answer, error},
    wait::until,
    wharf,
};
use serde_json::json;
use wharf_guests::{INNOCENT, JOURNAL};

#[test]
fn what_the_plugin_refuses_is_delivered_again_and_resolved_once() {
    let platform = Platform::new();
    platform.message(Message::subscribe());
    let host = host(&platform, balk(2)).start();
    resolved(&platform, 1);
    assert_eq!(platform.count("POST /v1.0/service/message/*/resolved"), 1);
    // What the attempts wrote that failed is nowhere.
    let attempts: Vec<String> = serde_json::from_value(host.get("/s/balk/").send().json()).expect("a list");
    assert_eq!(attempts, ["55b89ba34df03bab3307c10f/3"]);
}

#[test]
fn a_platform_that_is_away_at_the_start_keeps_nobody_from_being_served() {
    let platform = Platform::new();
    platform.on("*").times(3, answer(503, &json!({"success": false})));
    platform.message(Message::subscribe());
    let section = format!("{}\npoll-interval = \"1s\"", platform.section());
    let host = TestHost::new().section(&section).with(journal()).with(Service::of(&INNOCENT)).start();
    host.assert_serves_others();
    resolved(&platform, 1);
}

#[test]
fn what_nobody_understands_is_dead_and_not_resolved_and_others_go_on() {
    let platform = Platform::new();
    platform.message(message(1, "app_moved_away", 1));
    platform.message(Message { content: "not JSON".to_owned(), ..message(2, "app_subscribe_service", 2) });
    platform.message(message(3, "app_subscribe_service", 3));
    let host = host(&platform, journal()).start();
    assert_eq!(resolved(&platform, 1), [format!("{:024x}", 3)]);
    let dead = until("two messages are dead", || {
        let dead = wharf(["messages", "list", "--state", "dead", "--format", "json"]).within(host.path()).run().json();
        Some(dead).filter(|dead| dead.as_array().is_some_and(|dead| dead.len() == 2))
    });
    assert!(
        dead.as_array().expect("a list").iter().all(|dead| dead["reason"].as_str().is_some_and(|reason| !reason.is_empty())),
        "{dead}"
    );
    assert_eq!(platform.resolved().len(), 1);
}

#[test]
fn a_token_that_is_no_good_pauses_the_service_and_costs_no_attempts() {
    let platform = Platform::new();
    platform.on("*").always(error("accessToken.Expired"));
    platform.message(Message::subscribe());
    let section = format!("{}\npoll-interval = \"1s\"", platform.section());
    let host = TestHost::new().section(&section).operation().with(journal()).with(Service::of(&INNOCENT)).start();
    assert!(host.log().code("WH1403").text().contains("accessToken.Expired"));
    let is = |gauge: &str, value: u64| {
        until(&format!("{gauge} is {value}"), || (host.metric(gauge) == value).then_some(()));
    };
    is("wharf_messages_paused{service=\"journal\"}", 1);
    is("wharf_messages_trouble{service=\"journal\",call=\"messages\"}", 1);
    host.assert_serves_others();
    assert_eq!(notify(&host, "journal", "55b89ba34df03bab3307c10f"), 200);
    is("wharf_messages{service=\"journal\",state=\"hinted\"}", 1);
    // While it rests nothing is asked but whether the token is good by now.
    let polls = platform.count("GET /v1.0/service/messages");
    platform.wait_for(polls + 2, "GET /v1.0/service/messages");
    assert_eq!(platform.count("GET /v1.0/service/message/*"), 0);

    platform.as_ever();
    resolved(&platform, 1);
    assert_eq!(host.get("/s/journal/messages").send().json()[0]["attempt"], 1);
    is("wharf_messages_paused{service=\"journal\"}", 0);
    is("wharf_messages_trouble{service=\"journal\",call=\"messages\"}", 0);
    is("wharf_messages{service=\"journal\",state=\"hinted\"}", 0);
    is("wharf_messages{service=\"journal\",state=\"resolved\"}", 1);
}

#[test]
fn a_plugin_without_lifecycle_has_its_messages_resolved() {
    let platform = Platform::new();
    platform.message(Message::subscribe());
    let service = Service::of(&INNOCENT).access_token(TOKEN);
    let host = TestHost::new().section(&platform.section()).with(service).start();
    resolved(&platform, 1);
    drop(host);
}

#[test]
fn a_message_waits_for_its_plugin_to_be_installed() {
    let platform = Platform::new();
    platform.message(Message::subscribe());
    let host = host(&platform, journal().not_installed()).start();
    platform.wait_for(1, "GET /v1.0/service/messages");
    assert_eq!(notify(&host, "journal", "55b89ba34df03bab3307c10f"), 200);
    install(host.path(), &JOURNAL).ok();
    resolved(&platform, 1);
    let messages = host.get("/s/journal/messages").send().json();
    assert_eq!(messages[0]["attempt"], 1);
    assert_eq!(told(&host, "test_app").len(), 1);
}
