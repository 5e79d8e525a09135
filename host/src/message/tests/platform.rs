//! A platform that is away, or does not want us.

use super::stage::*;
use crate::{
    message::{PlatformError, Received},
    store::messages::State,
};

#[tokio::test]
async fn a_platform_that_is_away_is_asked_again_and_notices_are_taken_meanwhile() {
    let mut stage = Stage::new();
    for call in ["messages", "message"] {
        stage.platform.always(call, Some(unavailable()));
    }
    stage.platform.has(subscribe(1, "a1"));
    stage.start().await;
    assert_eq!(stage.receive(1).await.unwrap(), Received::Stored);
    assert_eq!(stage.receive(2).await.unwrap(), Received::Stored);
    stage.events.until("message 1", 1).await;
    stage.events.until("message 2", 1).await;
    for round in 2..20 {
        stage.later(2 * SECOND);
        stage.events.until("message 1", round).await;
    }
    assert_eq!(stage.message(1).await.unwrap().state, State::Hinted, "however often it was asked for");
    for call in ["messages", "message"] {
        stage.platform.always(call, None);
    }
    stage.later(2 * SECOND);
    stage.until(1, State::Resolved).await;
    stage.later(MINUTE);
    stage.pass(3).await;
    assert_eq!(stage.status().await.trouble, std::collections::BTreeMap::new());
    assert_eq!(stage.message(2).await, None);
}

#[tokio::test]
async fn a_hint_that_the_platform_refuses_to_tell_is_given_up_one_day() {
    let mut stage = Stage::new();
    let refused = PlatformError::Refused { code: "common.systemError".to_owned(), message: "no".to_owned() };
    stage.platform.always("message", Some(refused));
    stage.start().await;
    stage.receive(1).await.unwrap();
    for round in 1..=8 {
        stage.events.until("message 1", round).await;
        stage.later(2 * SECOND);
    }
    while stage.message(1).await.is_some() {
        tokio::task::yield_now().await;
    }
    // If it is a message, a poll finds it all the same.
    stage.platform.has(subscribe(1, "a1"));
    stage.later(MINUTE);
    stage.until(1, State::Resolved).await;
}

#[tokio::test]
async fn a_bad_token_pauses_the_service_and_costs_no_attempt() {
    let mut stage = Stage::new();
    stage.start().await;
    for call in ["messages", "message", "resolve"] {
        stage.platform.always(call, Some(bad_token()));
    }
    stage.platform.has(subscribe(1, "a1"));
    assert_eq!(stage.receive(1).await.unwrap(), Received::Stored);
    stage.until_status(|status| status.paused.is_some()).await;
    let paused = stage.status().await.paused.unwrap();
    assert_eq!((paused.code.as_str(), paused.since_ms), ("accessToken.Expired", stage.now_ms()));
    // Notices are taken, and nobody is bothered with them; the other service does not notice.
    let calls = stage.events.count("message ");
    assert_eq!(stage.receive(2).await.unwrap(), Received::Stored);
    stage.other.has(subscribe(3, "a1"));
    stage.line().handle().receive(OTHER, &id(3)).await.unwrap();
    stage.events.until("other resolve 3", 1).await;
    for round in 2..5 {
        stage.later(MINUTE);
        stage.events.until("messages", round).await;
    }
    assert_eq!(stage.status().await.paused, Some(paused), "since the first time");
    assert_eq!((stage.events.count("message "), stage.events.count("deliver 1 ")), (calls, 0));
    for call in ["messages", "message", "resolve"] {
        stage.platform.always(call, None);
    }
    stage.later(MINUTE);
    stage.until(1, State::Resolved).await;
    assert_eq!(stage.status().await.paused, None);
    assert_eq!(stage.message(1).await.unwrap().attempts, 1);
}

#[tokio::test]
async fn a_token_that_ends_between_delivery_and_resolve_loses_nothing() {
    let mut stage = Stage::new();
    stage.start().await;
    stage.platform.answers("resolve", bad_token());
    stage.platform.has(subscribe(1, "a1"));
    stage.receive(1).await.unwrap();
    stage.until_status(|status| status.paused.is_some()).await;
    assert_eq!(stage.message(1).await.unwrap().state, State::Done);
    stage.later(MINUTE);
    stage.until(1, State::Resolved).await;
    assert_eq!((stage.events.count("deliver 1 "), stage.events.count("resolve 1")), (1, 2));
}

#[tokio::test]
async fn only_the_word_to_the_platform_is_repeated_until_it_is_heard() {
    let mut stage = Stage::new();
    stage.start().await;
    for _ in 0..3 {
        stage.platform.answers("resolve", unavailable());
    }
    stage.platform.has(subscribe(1, "a1"));
    stage.receive(1).await.unwrap();
    for round in 1..4 {
        stage.events.until("resolve 1", round).await;
        assert_eq!(stage.message(1).await.unwrap().state, State::Done);
        stage.later(2 * SECOND);
    }
    stage.until(1, State::Resolved).await;
    stage.pass(2).await;
    assert_eq!((stage.events.count("deliver 1 "), stage.events.count("resolve 1")), (1, 4));
}

#[tokio::test]
async fn a_platform_that_forgot_a_handled_message_ends_it() {
    let mut stage = Stage::new();
    stage.platform.forgets();
    stage.platform.has(subscribe(1, "a1"));
    stage.start().await;
    stage.until(1, State::Resolved).await;
    stage.later(MINUTE);
    stage.events.until("messages", 2).await;
    assert_eq!(stage.events.count("resolve 1"), 1);
}

#[tokio::test]
async fn a_host_that_was_killed_goes_on_where_the_store_is() {
    use std::sync::Arc;
    use tokio::sync::Semaphore;
    let mut stage = Stage::new();
    let never = Arc::new(Semaphore::new(0));
    stage.plugin.answers("a1", Answer::Wait(never));
    stage.platform.always("resolve", Some(unavailable()));
    stage.platform.has(subscribe(2, "a2"));
    stage.start().await;
    stage.until(2, State::Done).await;
    stage.platform.has(subscribe(1, "a1"));
    stage.receive(1).await.unwrap();
    stage.events.until("deliver 1", 1).await;
    stage.platform.always("message", Some(unavailable()));
    stage.receive(3).await.unwrap();

    let mut stage = stage.kill().await;
    assert_eq!((stage.message(1).await.unwrap().state, stage.message(3).await.unwrap().state), (State::Claimed, State::Hinted));
    stage.platform.always("resolve", None);
    stage.platform.always("message", None);
    stage.platform.has(subscribe(3, "a3"));
    stage.later(2 * SECOND);
    stage.start_only();
    for number in [1, 2, 3] {
        stage.until(number, State::Resolved).await;
    }
    let delivered = |prefix: &str| stage.events.count(prefix);
    assert_eq!((delivered("deliver 1 subscribe a1 attempt 2"), delivered("deliver 2"), delivered("deliver 3")), (1, 1, 1));
}
