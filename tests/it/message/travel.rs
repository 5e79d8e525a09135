//! The way of a message, and what it changes.

use super::{host, journal, mint, notify, resolved, told};
use crate::support::{
    Platform, Running, Service,
    platform::{APP_ID, APP_KEY, Message, TOKEN},
    wait::until,
};

#[test]
fn a_notice_is_fetched_told_and_resolved_in_that_order() {
    let platform = Platform::new();
    let host = host(&platform, journal()).start();
    platform.wait_for(1, "GET /v1.0/service/messages");
    platform.message(Message::subscribe());
    assert_eq!(notify(&host, "journal", "55b89ba34df03bab3307c10f"), 200);
    resolved(&platform, 1);

    let calls: Vec<_> = platform.calls().into_iter().filter(|call| call.line.contains("55b89ba34df03bab3307c10f")).collect();
    let lines: Vec<_> = calls.iter().map(|call| call.line.as_str()).collect();
    let path = "/v1.0/service/message/55b89ba34df03bab3307c10f";
    assert_eq!(lines, [format!("GET {path}"), format!("POST {path}/resolved")]);
    assert!(calls.iter().all(|call| call.token.as_deref() == Some(TOKEN)), "{calls:?}");

    let messages = host.get("/s/journal/messages").send().json();
    assert_eq!(messages.as_array().map(Vec::len), Some(1), "{messages}");
    let told = &messages[0];
    assert_eq!((told["kind"].as_str(), told["app_id"].as_str()), (Some("subscribed"), Some(APP_ID)));
    assert_eq!((told["app_key"].as_str(), told["subscription_id"].as_str()), (Some(APP_KEY), Some("55b89ba34df03bab3307c10e")));
    assert_eq!((told["attempt"].as_u64(), told["times"].as_u64()), (Some(1), Some(1)));
    let log = host.stop();
    assert!(!log.text().contains(TOKEN), "the access token is in the log");
}

/// What the plugin wrote is there, and the message done, while the platform has not even answered.
#[test]
fn the_platform_is_told_when_everything_is_stored_and_not_before() {
    let platform = Platform::new();
    let gate = platform.on("POST /v1.0/service/message/*/resolved").hold();
    platform.message(Message::subscribe());
    let host = host(&platform, journal()).start();
    gate.arrived();
    let id = "55b89ba34df03bab3307c10f";
    assert_eq!(told(&host, APP_KEY), [format!("subscribed {id}")]);
    assert_eq!(host.get(&format!("/s/journal/subscriptions/{APP_KEY}")).send().status, 200);
    let stored = host.wharf(["messages", "show", "journal", id, "--format", "json"]).json();
    assert_eq!((&stored["state"], &stored["attempts"]), (&"done".into(), &1.into()), "{stored}");
    assert!(platform.resolved().is_empty());
    gate.open();
    assert_eq!(resolved(&platform, 1), [id]);
    assert_eq!(told(&host, APP_KEY).len(), 1);
}

/// Its id is older than the subscription's, and it names another service: neither counts.
#[test]
fn a_cancel_is_handled_after_the_subscribe_it_follows() {
    let platform = Platform::new();
    platform.message(Message::subscribe());
    platform.message(Message::cancel());
    let host = host(&platform, journal()).start();
    assert_eq!(resolved(&platform, 2), ["55b89ba34df03bab3307c10f", "55b8963d4df03bab3307c105"]);
    let expected = ["subscribed 55b89ba34df03bab3307c10f", "cancelled 55b8963d4df03bab3307c105"];
    assert_eq!(told(&host, APP_KEY), expected);
}

#[test]
fn a_message_of_another_service_is_left_alone_where_the_service_knows_its_id() {
    let platform = Platform::new();
    platform.message(Message::cancel());
    platform.message(Message::subscribe());
    let host = host(&platform, journal().set("service-id", "\"55B88FB84DF03BAB3307C100\"")).start();
    assert_eq!(resolved(&platform, 1), ["55b89ba34df03bab3307c10f"]);
    assert_eq!(told(&host, APP_KEY), ["subscribed 55b89ba34df03bab3307c10f"]);
}

/// `subscribed = "not-cancelled"`, the default.
#[test]
fn an_app_is_served_until_its_cancel_is_handled_and_again_after_the_next_subscribe() {
    let platform = Platform::new();
    let host = host(&platform, journal()).start();
    let header = mint(&host, "journal", APP_KEY);
    let ask = || host.get("/s/journal/last").header("Ocean-Auth", &header).send();
    // A subscription may be older than the host: nothing has said that the app left.
    assert_eq!(ask().status, 404);
    platform.message(Message::subscribe());
    notify(&host, "journal", "55b89ba34df03bab3307c10f");
    resolved(&platform, 1);
    assert_eq!(ask().text(), "55b89ba34df03bab3307c10f");

    platform.message(Message::cancel());
    notify(&host, "journal", "55b8963d4df03bab3307c105");
    resolved(&platform, 2);
    let refused = ask();
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["err"]["errCode"], "app.notSubscribedApp");
    // Other apps are none of this.
    let other = mint(&host, "journal", "other_app");
    assert_eq!(host.get("/s/journal/last").header("Ocean-Auth", &other).send().status, 404);

    platform.message(Message { id: "55b8a0004df03bab3307c200".to_owned(), ..Message::subscribe() });
    notify(&host, "journal", "55b8a0004df03bab3307c200");
    resolved(&platform, 3);
    assert_eq!(ask().text(), "55b8a0004df03bab3307c200");
}

/// What an app sends as `Authorization` with a token of the journal's.
fn bearer(host: &Running) -> String {
    let create = ["token", "create", "--service", "journal", "--app", APP_KEY, "--format", "json"];
    format!("Bearer {}", host.wharf(create).json()["token"].as_str().expect("a token"))
}

/// The host's own words, where the service has no clients of the platform.
#[test]
fn an_app_that_cancelled_is_told_so_whatever_it_proves_itself_with() {
    let platform = Platform::new();
    platform.message(Message::subscribe());
    platform.message(Message::cancel());
    let service = Service::of(&wharf_guests::JOURNAL).access_token(TOKEN);
    let service = service.set("kv.stores", "[\"own\"]").set("kv.shared", "[\"journal\"]");
    let host = host(&platform, service).start();
    resolved(&platform, 2);
    host.get("/s/journal/last").header("authorization", bearer(&host)).send().assert(403, "WH2005");
}

/// Clients of 2015 look at the body only; whoever has a bearer token looks at the status.
#[test]
fn an_app_that_cancelled_is_told_so_in_a_way_that_it_can_read() {
    let platform = Platform::new();
    platform.message(Message::subscribe());
    platform.message(Message::cancel());
    let host = host(&platform, journal().set("error-status", "200")).start();
    resolved(&platform, 2);
    for (header, value, status) in [("Ocean-Auth", mint(&host, "journal", APP_KEY), 200), ("authorization", bearer(&host), 403)] {
        let answer = host.get("/s/journal/last").header(header, &value).send();
        assert_eq!((answer.status, answer.json()["err"]["errCode"].as_str()), (status, Some("app.notSubscribedApp")), "{header}");
    }
    host.stop();
}

/// The header of an app has no end, and must not open the service again when nothing is left of the app.
#[test]
fn what_an_app_had_is_purged_after_its_cancel_and_it_stays_out_until_it_subscribes_again() {
    let platform = Platform::new();
    platform.message(Message::subscribe());
    platform.message(Message::cancel());
    let host = host(&platform, journal().set("purge-after-cancel", "\"0s\"")).start();
    let header = mint(&host, "journal", APP_KEY);
    resolved(&platform, 2);
    let told = until("the plugin is told to purge", || Some(told(&host, APP_KEY)).filter(|told| told.len() == 3));
    assert!(told[2].starts_with("purge "), "{told:?}");
    // The host's own message: the platform never hears of it.
    assert_eq!(platform.resolved().len(), 2);
    let subscription = |host: &Running| host.get(&format!("/s/journal/subscriptions/{APP_KEY}")).send().status;
    until("the subscription is gone", || (subscription(&host) == 404).then_some(()));
    let listed = host.get("/s/journal/subscriptions/by/10").send().json();
    assert_eq!(listed, serde_json::json!([[]]), "what is purged is listed");

    let ask = |host: &Running| host.get("/s/journal/last").header("Ocean-Auth", &header).send();
    assert_eq!(ask(&host).status, 403);
    let host = host.stopped().serve();
    let refused = ask(&host);
    assert_eq!((refused.status, refused.json()["err"]["errCode"].as_str()), (403, Some("app.notSubscribedApp")));

    let again = "55b8a0004df03bab3307c200";
    platform.message(Message { id: again.to_owned(), ..Message::subscribe() });
    notify(&host, "journal", again);
    resolved(&platform, 3);
    assert_eq!((ask(&host).text().as_str(), subscription(&host)), (again, 200));
}
