//! What happens after a cancel.

use super::stage::*;
use crate::store::{
    kv::{Apply, Change, Condition, Place, Quota, Scope},
    messages::State,
    subscriptions::Standing,
};

async fn write(stage: &Stage, app: &str) {
    let changes = vec![Change::Put { key: "k".to_owned(), value: app.into(), condition: Condition::Always }];
    let apply = Apply { place: place(app), changes, quota: Quota { total: 1_000, value: 1_000 } };
    stage.store.kv_apply(apply).await.unwrap();
}

fn place(app: &str) -> Place {
    Place { service: SERVICE.to_owned(), scope: Scope::App(app.to_owned()), store: "items".to_owned() }
}

async fn has_data(stage: &Stage, app: &str) -> bool {
    stage.store.kv_get(&place(app), "k").await.unwrap().is_some()
}

async fn standing(stage: &Stage, app: &str) -> Option<Standing> {
    stage.store.subscription(SERVICE, app).await.unwrap().map(|subscription| subscription.standing)
}

/// An app that subscribed by message 1, has data, and cancelled by message 2.
async fn cancelled() -> Stage {
    let mut stage = Stage::new();
    stage.start().await;
    for told in [subscribe(1, "a1"), cancel(2, "a1")] {
        stage.platform.has(told);
    }
    stage.receive(2).await.unwrap();
    stage.until(2, State::Resolved).await;
    for app in ["a1", "a2"] {
        write(&stage, app).await;
    }
    assert_eq!(standing(&stage, "a1").await, Some(Standing::Cancelled));
    stage
}

#[tokio::test]
async fn two_days_after_a_cancel_the_data_of_the_app_is_gone() {
    let stage = cancelled().await;
    // The timer is durable.
    let mut stage = stage.kill().await;
    stage.start().await;
    stage.later(47 * HOUR);
    stage.pass(10).await;
    assert_eq!((stage.events.count("deliver 2 purge"), has_data(&stage, "a1").await), (0, true));
    stage.later(HOUR);
    stage.events.until("deliver 2 purge a1 attempt 1", 1).await;
    while standing(&stage, "a1").await != Some(Standing::Purged) {
        tokio::task::yield_now().await;
    }
    assert_eq!((has_data(&stage, "a1").await, has_data(&stage, "a2").await), (false, true));
    stage.later(48 * HOUR);
    stage.pass(11).await;
    assert_eq!(stage.events.count("deliver 2 purge"), 1);
    assert_eq!(stage.events.count("resolve 2"), 1, "of a purge the platform knows nothing");
}

#[tokio::test]
async fn a_subscribe_stops_the_purge() {
    let stage = cancelled().await;
    stage.later(47 * HOUR);
    stage.platform.has(subscribe(3, "a1"));
    stage.receive(3).await.unwrap();
    stage.until(3, State::Resolved).await;
    stage.later(2 * HOUR);
    stage.pass(10).await;
    assert_eq!((stage.events.count("deliver 2 purge"), has_data(&stage, "a1").await), (0, true));
    assert_eq!(standing(&stage, "a1").await, Some(Standing::Subscribed));
}

#[tokio::test]
async fn a_purge_that_fails_keeps_the_data_and_gives_way_to_a_subscribe() {
    let stage = cancelled().await;
    stage.plugin.fails("a1", MAX_ATTEMPTS);
    stage.later(48 * HOUR);
    for attempt in 1..=MAX_ATTEMPTS {
        stage.events.until(&format!("deliver 2 purge a1 attempt {attempt}"), 1).await;
        assert!(has_data(&stage, "a1").await);
        stage.later(8 * SECOND);
    }
    stage.until_status(|status| status.counts.get(&State::Dead) == Some(&1)).await;
    stage.platform.has(subscribe(3, "a1"));
    stage.receive(3).await.unwrap();
    stage.until(3, State::Resolved).await;
    assert_eq!(standing(&stage, "a1").await, Some(Standing::Subscribed));
    stage.later(48 * HOUR);
    stage.pass(10).await;
    assert_eq!(stage.events.count("deliver 2 purge"), MAX_ATTEMPTS as usize);
    assert!(has_data(&stage, "a1").await);
    assert_eq!(stage.status().await.counts.get(&State::Dead), Some(&0));
}

#[tokio::test]
async fn a_purge_waits_for_the_messages_of_its_app() {
    let stage = cancelled().await;
    // A second cancel that dies: the app's data stays as long as nobody has looked at it.
    stage.plugin.fails("a1", MAX_ATTEMPTS);
    stage.platform.has(cancel(3, "a1"));
    stage.receive(3).await.unwrap();
    for attempt in 1..=MAX_ATTEMPTS {
        stage.events.until(&format!("deliver 3 cancel a1 attempt {attempt}"), 1).await;
        stage.later(8 * SECOND);
    }
    stage.until(3, State::Dead).await;
    stage.later(49 * HOUR);
    stage.pass(10).await;
    assert_eq!(stage.events.count("deliver 2 purge"), 0);
    stage.store.message_drop(SERVICE, &id(3), crate::store::messages::Dropped::Gone, stage.now_ms()).await.unwrap();
    stage.later(MINUTE);
    stage.events.until("deliver 2 purge a1 attempt 1", 1).await;
}
