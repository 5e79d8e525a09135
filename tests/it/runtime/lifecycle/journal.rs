use serde_json::json;
use wharf::{
    message::Kind,
    store::{
        Batch, Effect, StoreError,
        kv::{KvError, Place, Scope},
        messages::About,
        subscriptions::{Change, To},
    },
};
use wharf_guests::JOURNAL;

use super::Host;

const STORES: &str = "[services.journal.kv]\nshared = [\"journal\"]\nstores = [\"own\"]\n";

fn host(settings: &str) -> Host {
    Host::new(&JOURNAL, &format!("{settings}\n{STORES}"))
}

/// The message that the app's own store has.
fn last(host: &Host, app: &str) -> Option<String> {
    let place = Place { service: "journal".to_owned(), scope: Scope::App(app.to_owned()), store: "own".to_owned() };
    let entry = host.runtime.block_on(host.store.kv_get(&place, "last")).expect("the store can be read");
    entry.map(|entry| String::from_utf8(entry.value).expect("text"))
}

#[test]
fn each_event_reaches_its_function_with_all_that_is_known_of_it() {
    let host = host("");
    host.handle(host.message(Kind::Subscribe, "m1", "one", 1));
    host.handle(host.message(Kind::Cancel, "m2", "one", 3));
    assert_eq!(last(&host, "one").as_deref(), Some("m2"));
    host.handle(host.message(Kind::Purge, "m3", "one", 1));
    assert_eq!(host.get("/apps/one"), json!(["subscribed m1", "cancelled m2", "purge m3"]));
    assert_eq!(last(&host, "one"), None);
    let noted = host.get("/messages");
    let expected = json!({
        "id": "m2", "kind": "cancelled", "app_key": "one", "app_id": "id of one", "subscription_id": "subscription of one",
        "at_ms": 1_440_750_000_000_u64, "attempt": 3, "times": 1, "calls": 1,
    });
    assert_eq!(noted[1], expected);
    assert_eq!(noted.as_array().map(Vec::len), Some(3));
}

#[test]
fn nothing_is_stored_before_the_commit_and_all_of_it_after() {
    let host = host("");
    let delivered = host.deliver(host.message(Kind::Subscribe, "m1", "one", 1)).expect("it is handled");
    assert!(!delivered.effects.effects.is_empty());
    assert_eq!((host.get("/messages"), last(&host, "one")), (json!([]), None));
    host.commit(delivered).expect("nobody else wrote");
    assert_eq!((host.get("/messages")[0]["id"].clone(), last(&host, "one").as_deref()), (json!("m1"), Some("m1")));
    assert_eq!(last(&host, "other"), None, "an app's own store is nobody else's");
}

#[test]
fn a_delivery_that_was_overtaken_stores_nothing_and_can_be_made_again() {
    let host = host("");
    let deliver = |id| host.deliver(host.message(Kind::Subscribe, id, "one", 1)).expect("it is handled");
    let (first, second) = (deliver("m1"), deliver("m2"));
    host.commit(first).expect("nobody else wrote");
    let error = host.commit(second).expect_err("both wrote the app's list");
    assert!(matches!(&error, StoreError::Kv(KvError::Overtaken { key, .. }) if key == "apps/one"), "{error}");
    assert_eq!(host.get("/apps/one"), json!(["subscribed m1"]));
    host.commit(deliver("m2")).expect("nobody else wrote");
    assert_eq!(host.get("/apps/one"), json!(["subscribed m1", "subscribed m2"]));
    assert_eq!(last(&host, "one").as_deref(), Some("m2"));
}

#[test]
fn deliveries_of_different_apps_do_not_hinder_each_other() {
    let host = host("");
    let deliveries: Vec<_> = ["one", "two", "three"]
        .map(|app| host.deliver(host.message(Kind::Subscribe, &format!("m of {app}"), app, 1)).expect("it is handled"))
        .into();
    for delivered in deliveries {
        host.commit(delivered).expect("nobody else wrote the same");
    }
    assert_eq!(host.get("/messages").as_array().map(Vec::len), Some(3));
}

#[test]
fn an_instance_that_may_be_reused_serves_one_app_only() {
    let host = host("reuse = 1000");
    for (id, app) in [("m1", "one"), ("m2", "one"), ("m3", "other"), ("m4", "one")] {
        host.handle(host.message(Kind::Subscribe, id, app, 1));
    }
    let noted = host.get("/messages");
    let calls: Vec<_> = noted.as_array().expect("a list").iter().map(|noted| noted["calls"].as_u64()).collect();
    assert_eq!(calls, [Some(1), Some(2), Some(1), Some(3)]);
    // Nothing of a delivery is left in its instance: what the next one writes is its own.
    assert_eq!(host.get("/apps/one"), json!(["subscribed m1", "subscribed m2", "subscribed m4"]));
}

#[test]
fn a_plugin_sees_the_subscriptions_of_its_own_service() {
    let host = host("");
    let change = |service: &str, app: &str, to, now_ms| {
        let [app_key, app_id, subscription_id] = [app.to_owned(), format!("id-of-{app}"), "s".to_owned()];
        let about = About { app_key, app_id, subscription_id };
        Effect::Subscription(Change { service: service.to_owned(), about, message_id: "m".to_owned(), to, now_ms })
    };
    let effects = vec![
        change("journal", "one", To::Subscribed, 1),
        change("journal", "two", To::Subscribed, 2),
        change("journal", "three", To::Cancelled { purge_ms: 9 }, 3),
        change("elsewhere", "four", To::Subscribed, 4),
    ];
    host.runtime.block_on(host.store.commit(Batch { effects })).expect("it is stored");
    assert_eq!(host.get("/subscriptions/three"), json!("three id-of-three Cancelled 3"));
    let [one, three, two] = ["one id-of-one Subscribed 1", "three id-of-three Cancelled 3", "two id-of-two Subscribed 2"];
    assert_eq!(host.get("/subscriptions/by/1000"), json!([[one, three, two]]));
    assert_eq!(host.get("/subscriptions/by/2"), json!([[one, three], [two]]));
    assert_eq!(host.status("/subscriptions/four"), 404);
}
