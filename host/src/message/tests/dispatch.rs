//! Plugins that hang, crash, are not there, or write.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::stage::*;
use crate::{
    message::{DeliverError, Delivered},
    store::{
        Batch, Effect,
        kv::{Apply, Change, Condition, Place, Quota, Scope},
        messages::State,
    },
};

fn place(app: &str) -> Place {
    Place { service: SERVICE.to_owned(), scope: Scope::App(app.to_owned()), store: "items".to_owned() }
}

fn writes(app: &str, value: &str, condition: Condition) -> Answer {
    let changes = vec![Change::Put { key: "k".to_owned(), value: value.into(), condition }];
    let apply = Apply { place: place(app), changes, quota: Quota { total: 1_000, value: 1_000 } };
    Answer::Ok(Delivered { effects: Batch { effects: vec![Effect::KvApply(apply)] } })
}

#[tokio::test]
async fn what_a_plugin_wrote_is_committed_with_the_completion() {
    let mut stage = Stage::new();
    stage.plugin.answers("a1", writes("a1", "first", Condition::Absent));
    stage.platform.has(subscribe(1, "a1"));
    stage.start().await;
    stage.until(1, State::Resolved).await;
    assert_eq!(stage.store.kv_get(&place("a1"), "k").await.unwrap().unwrap().value, b"first");
    // Somebody else has written meanwhile: nothing of this delivery is kept, and it is an attempt.
    stage.plugin.answers("a1", writes("a1", "second", Condition::Absent));
    stage.plugin.answers("a1", writes("a1", "second", Condition::Version(1)));
    stage.platform.has(cancel(2, "a1"));
    stage.receive(2).await.unwrap();
    stage.events.until("deliver 2 cancel a1 attempt 1", 1).await;
    stage.pass(3).await;
    let message = stage.message(2).await.unwrap();
    assert_eq!((message.state, message.attempts), (State::Known, 1));
    assert!(message.reason.unwrap().contains("another version"));
    stage.later(8 * SECOND);
    stage.until(2, State::Resolved).await;
    assert_eq!(stage.store.kv_get(&place("a1"), "k").await.unwrap().unwrap().value, b"second");
}

#[tokio::test]
async fn a_delivery_that_lost_its_claim_changes_nothing() {
    let mut stage = Stage::new();
    let gate = Arc::new(Semaphore::new(0));
    stage.plugin.answers("a1", Answer::Wait(gate.clone()));
    stage.platform.has(subscribe(1, "a1"));
    stage.start().await;
    stage.events.until("deliver 1 subscribe a1 attempt 1", 1).await;
    // As another host would, that sees this one as gone.
    stage.store.messages_orphaned(SERVICE, "another host", stage.now_ms(), MAX_ATTEMPTS).await.unwrap();
    gate.add_permits(1);
    stage.events.until("returned 1", 1).await;
    stage.events.until("deliver 1 subscribe a1 attempt 2", 1).await;
    stage.until(1, State::Resolved).await;
    stage.pass(2).await;
    assert_eq!((stage.events.count("deliver 1 "), stage.events.count("resolve 1")), (2, 1));
}

#[tokio::test]
async fn a_lease_is_kept_as_long_as_the_plugin_works() {
    let mut stage = Stage::new();
    let gate = Arc::new(Semaphore::new(0));
    stage.plugin.answers("a1", Answer::Wait(gate.clone()));
    stage.platform.has(subscribe(1, "a1"));
    stage.start().await;
    stage.events.until("deliver 1", 1).await;
    for number in 10..20 {
        // Others go on meanwhile; each of them passing gives the lease the time to be renewed.
        stage.later(10 * SECOND);
        stage.pass(number).await;
    }
    gate.add_permits(1);
    stage.until(1, State::Resolved).await;
    assert_eq!(stage.events.count("deliver 1 "), 1);
}

#[tokio::test]
async fn a_plugin_that_panics_in_the_host_is_a_failure_like_others() {
    let mut stage = Stage::new();
    stage.plugin.answers("a1", Answer::Panic);
    stage.platform.has(subscribe(1, "a1"));
    stage.start().await;
    stage.events.until("deliver 1", 1).await;
    stage.pass(2).await;
    assert!(stage.message(1).await.unwrap().reason.unwrap().contains("panicked"));
    stage.later(8 * SECOND);
    stage.until(1, State::Resolved).await;
}

#[tokio::test]
async fn where_no_plugin_is_ready_messages_wait_without_an_attempt() {
    for error in [DeliverError::NotReady, DeliverError::Busy] {
        let mut stage = Stage::new();
        for _ in 0..2 * MAX_ATTEMPTS {
            stage.plugin.answers("a1", Answer::Error(error.clone()));
        }
        stage.platform.has(subscribe(1, "a1"));
        stage.platform.has(subscribe(2, "a2"));
        stage.start().await;
        for round in 1..=2 * MAX_ATTEMPTS {
            stage.events.until("deliver 1 ", round as usize).await;
            stage.held().await;
        }
        stage.until(1, State::Resolved).await;
        stage.until(2, State::Resolved).await;
        let count = |prefix| stage.events.count(prefix);
        assert_eq!((count("deliver 1 subscribe a1 attempt 1"), count("deliver 1 ")), (7, 7), "{error}");
    }
}

#[tokio::test]
async fn whoever_makes_a_plugin_ready_wakes_the_line() {
    let mut stage = Stage::new();
    for _ in 0..6 {
        stage.plugin.answers("a1", Answer::Error(DeliverError::NotReady));
    }
    stage.platform.has(subscribe(1, "a1"));
    stage.start().await;
    // No time goes by.
    while stage.message(1).await.is_none_or(|message| message.state != State::Resolved) {
        stage.line().handle().wake(SERVICE);
    }
}

#[tokio::test]
async fn a_service_whose_plugin_hangs_slows_no_other() {
    let mut stage = Stage::new();
    let never = Arc::new(Semaphore::new(0));
    for app in 0..20 {
        stage.plugin.answers(&format!("a{app}"), Answer::Wait(never.clone()));
        stage.platform.has(subscribe(app, &format!("a{app}")));
    }
    stage.start().await;
    stage.events.until("deliver", 1).await;
    for number in 100..200 {
        stage.other.has(subscribe(number, &format!("b{number}")));
    }
    stage.later(MINUTE);
    stage.events.until("other resolve", 100).await;
}

#[tokio::test]
async fn an_app_whose_message_hangs_holds_others_for_a_moment_only() {
    let mut stage = Stage::new();
    let gate = Arc::new(Semaphore::new(0));
    stage.plugin.answers("a1", Answer::Wait(gate.clone()));
    for number in 1..=5 {
        stage.platform.has(subscribe(number, &format!("a{number}")));
    }
    stage.start().await;
    stage.events.until("deliver 1", 1).await;
    stage.later(SECOND);
    stage.events.until("resolve", 4).await;
    gate.add_permits(1);
    stage.until(1, State::Resolved).await;
}

#[tokio::test]
async fn a_line_that_is_stopped_finishes_what_is_under_way_and_begins_nothing() {
    let mut stage = Stage::new();
    let gate = Arc::new(Semaphore::new(0));
    stage.plugin.answers("a1", Answer::Wait(gate.clone()));
    stage.platform.has(subscribe(1, "a1"));
    stage.platform.has(subscribe(2, "a2"));
    stage.start().await;
    stage.events.until("deliver 1", 1).await;
    let line = stage.line.take().unwrap();
    let stopping = tokio::spawn(line.stop());
    tokio::task::yield_now().await;
    assert!(!stopping.is_finished());
    gate.add_permits(1);
    stopping.await.unwrap();
    assert_eq!((stage.message(1).await.unwrap().state, stage.message(2).await.unwrap().state), (State::Done, State::Known));
}
