//! From a notice, or without one, to the word that it is handled.

use super::stage::*;
use crate::{
    message::{Received, Refusal},
    store::{
        Batch,
        messages::{Dropped, State},
        subscriptions::Standing,
    },
};

#[tokio::test]
async fn a_notice_leads_to_one_delivery_and_one_word_to_the_platform() {
    let mut stage = Stage::new();
    stage.start().await;
    // As in the protocol's own example, the cancel has the older id.
    stage.platform.has(subscribe(20, "a1"));
    assert_eq!(stage.receive(20).await.unwrap(), Received::Stored);
    stage.until(20, State::Resolved).await;
    stage.platform.has(cancel(10, "a1"));
    assert_eq!(stage.receive(10).await.unwrap(), Received::Stored);
    stage.until(10, State::Resolved).await;
    let events: Vec<_> = stage.events.all().into_iter().filter(|event| !event.starts_with("other")).collect();
    assert_eq!(
        events,
        [
            "messages",
            "message 20",
            "messages",
            "deliver 20 subscribe a1 attempt 1",
            "completed a1",
            "resolve 20",
            "message 10",
            "messages",
            "deliver 10 cancel a1 attempt 1",
            "completed a1",
            "resolve 10"
        ]
    );
    let subscription = stage.store.subscription(SERVICE, "a1").await.unwrap().unwrap();
    assert_eq!(subscription.standing, Standing::Cancelled);
    assert_eq!((subscription.about.app_id.as_str(), subscription.purge_ms), ("id of a1", Some(stage.now_ms() + 48 * HOUR)));
    assert_eq!(stage.store.app_id("a1").await.unwrap().as_deref(), Some("id of a1"));
    // A late notice, and a list by a platform that is late itself.
    assert_eq!(stage.receive(20).await.unwrap(), Received::There);
    stage.pass(30).await;
    assert_eq!((stage.events.count("deliver 20"), stage.events.count("resolve 20")), (1, 1));
}

#[tokio::test]
async fn fifty_notices_at_once_are_one_delivery() {
    let mut stage = Stage::new();
    stage.start().await;
    stage.platform.has(subscribe(1, "a1"));
    let notices = futures_util::future::join_all((0..50).map(|_| stage.receive(1))).await;
    let stored = notices.into_iter().filter(|notice| matches!(notice, Ok(Received::Stored))).count();
    assert_eq!(stored, 1);
    stage.until(1, State::Resolved).await;
    stage.pass(2).await;
    assert_eq!((stage.events.count("deliver 1 "), stage.events.count("resolve 1")), (1, 1));
}

#[tokio::test]
async fn what_no_notice_announced_is_found_and_handled_in_the_order_of_the_list() {
    let mut stage = Stage::new();
    for (number, app) in [(3, "a1"), (1, "a2"), (2, "a3")] {
        stage.platform.has(subscribe(number, app));
    }
    stage.start().await;
    stage.until(2, State::Resolved).await;
    stage.events.until("resolve", 3).await;
    let handled = |word: &str| stage.events.all().into_iter().filter(|event| event.starts_with(word)).collect::<Vec<_>>();
    assert_eq!(
        handled("deliver"),
        ["deliver 3 subscribe a1 attempt 1", "deliver 1 subscribe a2 attempt 1", "deliver 2 subscribe a3 attempt 1"]
    );
    assert_eq!(handled("resolve"), ["resolve 3", "resolve 1", "resolve 2"]);
    // The next poll finds what came meanwhile.
    stage.platform.has(subscribe(4, "a4"));
    stage.later(MINUTE);
    stage.until(4, State::Resolved).await;
    assert_eq!(stage.events.count("message "), 0, "a list tells all there is to know");
}

#[tokio::test]
async fn a_cancel_does_not_overtake_a_subscribe_whose_notice_was_lost() {
    let mut stage = Stage::new();
    stage.start().await;
    stage.platform.has(subscribe(2, "a1"));
    stage.platform.has(cancel(1, "a1"));
    stage.receive(1).await.unwrap();
    stage.until(1, State::Resolved).await;
    let delivered: Vec<_> = stage.events.all().into_iter().filter(|event| event.starts_with("deliver")).collect();
    assert_eq!(delivered, ["deliver 2 subscribe a1 attempt 1", "deliver 1 cancel a1 attempt 1"]);
}

#[tokio::test]
async fn without_a_list_messages_go_in_the_order_of_their_arrival() {
    let mut stage = Stage::new();
    stage.platform.always("messages", Some(unavailable()));
    stage.start().await;
    for (number, told) in [(2, subscribe(2, "a1")), (1, cancel(1, "a1"))] {
        stage.platform.has(told);
        stage.receive(number).await.unwrap();
        stage.until(number, State::Resolved).await;
    }
    assert_eq!(stage.status().await.trouble["messages"], unavailable().to_string());
    assert_eq!(stage.status().await.polled_ms, None);
}

#[tokio::test]
async fn a_failed_delivery_comes_again_by_its_own_timer() {
    let mut stage = Stage::new();
    stage.start().await;
    stage.platform.has(subscribe(1, "a1"));
    stage.plugin.fails("a1", 1);
    stage.receive(1).await.unwrap();
    let message = stage.until(1, State::Known).await;
    stage.events.until("deliver 1", 1).await;
    stage.pass(2).await;
    let message = if message.attempts == 1 { message } else { stage.message(1).await.unwrap() };
    assert_eq!((message.state, message.attempts, message.reason.as_deref()), (State::Known, 1, Some("it says no")));
    let wait = message.due_ms - stage.now_ms();
    assert!((4_000..=8_000).contains(&wait), "{wait}");
    assert_eq!(stage.events.count("resolve 1"), 0);
    stage.later(8 * SECOND);
    stage.until(1, State::Resolved).await;
    assert_eq!((stage.events.count("deliver 1 "), stage.events.count("resolve 1")), (2, 1));
}

#[tokio::test]
async fn a_poll_is_faster_than_a_long_timer_but_not_than_what_the_plugin_asked_for() {
    use crate::message::DeliverError;
    let mut stage = Stage::new();
    stage.platform.has(subscribe(1, "a1"));
    let later = DeliverError::Failed { reason: "not now".to_owned(), retry_after_ms: Some(HOUR) };
    stage.plugin.answers("a1", Answer::Error(later));
    stage.start().await;
    stage.events.until("deliver 1 subscribe a1 attempt 1", 1).await;
    stage.pass(2).await;
    assert_eq!(stage.message(1).await.unwrap().due_ms, stage.now_ms() + HOUR);
    for number in 3..6 {
        stage.later(MINUTE);
        stage.pass(number).await;
    }
    assert_eq!(stage.events.count("deliver 1 "), 1);
    stage.later(HOUR);
    stage.until(1, State::Resolved).await;
}

#[tokio::test]
async fn a_message_that_nobody_can_handle_dies_and_holds_its_app_until_an_operator_comes() {
    let mut stage = Stage::new();
    stage.platform.has(subscribe(1, "a1"));
    stage.platform.has(cancel(2, "a1"));
    stage.plugin.fails("a1", MAX_ATTEMPTS);
    stage.start().await;
    for attempt in 1..=MAX_ATTEMPTS {
        stage.events.until(&format!("deliver 1 subscribe a1 attempt {attempt}"), 1).await;
        if attempt < MAX_ATTEMPTS {
            let failed = stage.until(1, State::Known).await;
            assert!(failed.attempts <= attempt);
        }
        stage.later(8 * SECOND);
    }
    let dead = stage.until(1, State::Dead).await;
    assert_eq!((dead.attempts, dead.reason.as_deref()), (MAX_ATTEMPTS, Some("it says no")));
    stage.later(MINUTE);
    stage.pass(3).await;
    assert_eq!((stage.events.count("deliver 2"), stage.events.count("resolve 1")), (0, 0));
    assert_eq!(stage.status().await.counts[&State::Dead], 1);

    stage.store.message_retry(SERVICE, &id(1), stage.now_ms()).await.unwrap();
    stage.line().handle().wake(SERVICE);
    stage.until(2, State::Resolved).await;
    assert_eq!(stage.events.count("deliver 1 subscribe a1 attempt 1"), 2);
}

#[tokio::test]
async fn what_cannot_be_understood_is_dead_and_not_resolved() {
    use crate::message::Told;
    let mut stage = Stage::new();
    stage.platform.has(told(1, "app_renamed", "a1"));
    stage.platform.has(Told { content: "no JSON".to_owned(), ..subscribe(2, "a2") });
    stage.start().await;
    stage.platform.has(told(3, "purge", "a3"));
    stage.receive(3).await.unwrap();
    for number in [1, 2, 3] {
        stage.until(number, State::Dead).await;
    }
    stage.pass(4).await;
    assert_eq!((stage.events.count("deliver"), stage.events.count("resolve")), (1, 1));
    // One that an operator drops is left alone, unless the platform is to be told.
    stage.store.message_drop(SERVICE, &id(1), Dropped::Gone, stage.now_ms()).await.unwrap();
    stage.store.message_drop(SERVICE, &id(3), Dropped::Done(Batch::default()), stage.now_ms()).await.unwrap();
    stage.line().handle().wake(SERVICE);
    stage.until(3, State::Resolved).await;
    stage.later(MINUTE);
    stage.pass(5).await;
    assert_eq!(stage.message(1).await, None);
    assert_eq!(stage.events.count("deliver"), 2);
}

#[tokio::test]
async fn ids_that_the_platform_does_not_know_are_asked_for_once_a_minute() {
    let mut stage = Stage::new();
    stage.start().await;
    assert_eq!(stage.receive(1).await.unwrap(), Received::Stored);
    stage.events.until("message 1", 1).await;
    stage.pass(2).await;
    assert_eq!(stage.message(1).await, None);
    assert_eq!(stage.receive(1).await.unwrap(), Received::Unknown);
    stage.later(MINUTE);
    stage.platform.has(subscribe(1, "a1"));
    assert_eq!(stage.receive(1).await.unwrap(), Received::Stored);
    stage.until(1, State::Resolved).await;
}

#[tokio::test]
async fn a_message_that_is_handled_already_is_not_handled_here() {
    use crate::message::Told;
    let mut stage = Stage::new();
    stage.platform.has(Told { resolved: true, ..subscribe(1, "a1") });
    stage.start().await;
    stage.receive(1).await.unwrap();
    stage.events.until("message 1", 1).await;
    stage.pass(2).await;
    assert_eq!((stage.message(1).await, stage.events.count("deliver 1")), (None, 0));
}

#[tokio::test]
async fn another_service_is_left_alone_only_where_the_own_one_has_an_id() {
    use crate::message::Told;
    for (own, handled) in [(None, true), (Some(id(77).to_ascii_uppercase()), true), (Some(id(78)), false)] {
        let mut stage = Stage::new();
        stage.service_id = own;
        let named = |number, app| Told { back_service_id: Some(id(77)), ..subscribe(number, app) };
        stage.platform.has(named(1, "a1"));
        stage.start().await;
        stage.platform.has(named(2, "a2"));
        stage.receive(2).await.unwrap();
        stage.events.until("message 2", usize::from(!handled)).await;
        stage.pass(3).await;
        if handled {
            stage.until(1, State::Resolved).await;
            stage.until(2, State::Resolved).await;
            assert_eq!(stage.message(1).await.unwrap().back_service_id, Some(id(77)));
        } else {
            assert_eq!((stage.message(1).await, stage.message(2).await), (None, None));
        }
    }
}

#[tokio::test]
async fn what_is_no_notice_costs_nobody_a_call() {
    let mut stage = Stage::new();
    stage.start().await;
    let handle = stage.line().handle();
    for id in [
        "",
        "../x",
        "55b89ba34df03bab3307c10",
        "55b89ba34df03bab3307c10ff",
        "55b89ba34df03bab3307c10g",
        "５5b89ba34df03bab3307c1",
    ] {
        assert!(matches!(handle.receive(SERVICE, id).await, Err(Refusal::BadId)), "{id}");
    }
    assert!(matches!(handle.receive("nobody", &id(1)).await, Err(Refusal::NoService)));
    stage.pass(0xabc).await;
    assert_eq!(handle.receive(SERVICE, &id(0xabc).to_uppercase()).await.unwrap(), Received::There);
    assert_eq!(stage.events.count("message "), 1);
}

#[tokio::test]
async fn notices_that_were_turned_away_are_looked_for_in_a_list() {
    let mut stage = Stage::new();
    stage.start().await;
    let mut turned_away = 0;
    for number in 1..=102 {
        match stage.receive(number).await {
            Ok(Received::Stored) => {}
            Err(Refusal::TooMany { after }) => {
                assert!(!after.is_zero());
                turned_away += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(turned_away, 2);
    stage.platform.has(subscribe(102, "a1"));
    // Long before the next poll.
    stage.until_later(102, State::Resolved, 30 * SECOND).await;
    assert_eq!(stage.events.count("messages"), 2);
}

#[tokio::test]
async fn behind_the_end_of_a_list_that_is_cut_messages_are_found_by_notices() {
    let mut stage = Stage::new();
    stage.platform.lists(Some(1));
    // The first is dead, so the list never gets shorter by itself.
    stage.platform.has(told(1, "app_renamed", "a1"));
    stage.platform.has(subscribe(2, "a2"));
    stage.start().await;
    stage.until(1, State::Dead).await;
    stage.until_status(|status| status.trouble.contains_key("list")).await;
    stage.platform.has(subscribe(3, "a3"));
    stage.receive(3).await.unwrap();
    stage.until(3, State::Resolved).await;
    assert_eq!(stage.message(2).await, None, "nothing told of it");
    assert!(stage.status().await.trouble.contains_key("list"));

    stage.platform.lists(None);
    stage.until_later(2, State::Resolved, MINUTE).await;
    stage.until_status(|status| status.trouble.is_empty()).await;
}

/// A list that nobody needed any more must not stand for the one that was owed.
#[tokio::test]
async fn notices_that_were_turned_away_are_looked_for_though_something_else_seemed_to_need_a_list() {
    let mut stage = Stage::new();
    stage.start().await;
    for number in 1..=100 {
        stage.receive(number).await.unwrap();
    }
    assert!(matches!(stage.receive(101).await, Err(Refusal::TooMany { .. })));
    stage.platform.has(subscribe(101, "a1"));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // As if messages waited for their places that the last list has placed already.
    stage.line().handle().service(SERVICE).unwrap().wakes.place.notify_one();
    stage.until_later(101, State::Resolved, 30 * SECOND).await;
}
