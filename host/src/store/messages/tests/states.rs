use super::*;
use crate::store::{
    kv::{Apply, Change, Condition, Place, Quota, Scope},
    tests::TestStore,
};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_notices_at_once_are_one_hint() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = store.clone();
        tasks.spawn(async move { store.message_hint(SERVICE, &id(1), 0).await.unwrap() });
    }
    let hints = tasks.join_all().await;
    assert_eq!(hints.iter().filter(|hint| **hint == Hint::Stored).count(), 1);
    assert_eq!(hints.iter().filter(|hint| **hint == Hint::There).count(), 49);
    assert_eq!(store.message_hint("another service", &id(1), 0).await.unwrap(), Hint::Stored);
    check(&store).await;
}

#[tokio::test]
async fn a_message_goes_through_its_states() {
    let test = TestStore::new();
    test.store.message_hint(SERVICE, &id(1), 1).await.unwrap();
    let due = test.store.messages_to_fetch(SERVICE, 1, 9).await.unwrap();
    assert_eq!(due, Due { now: vec![Waiting { id: id(1), tries: 0 }], next_ms: None });

    assert!(test.store.message_tell(SERVICE, letter(1, "a1"), 2).await.unwrap());
    assert!(!test.store.message_tell(SERVICE, letter(1, "a1"), 2).await.unwrap(), "it was told before");
    assert_eq!(claim(&test.store, 2, 9).await, [], "its place is not known");
    let last = test.store.messages_unplaced(SERVICE).await.unwrap().unwrap();
    test.store.messages_place(SERVICE, last, 3).await.unwrap();

    let test = test.reopen();
    let claimed = claim_one(&test.store, 4).await;
    assert_eq!((claimed.about.clone(), claimed.at_ms, claimed.attempt), (about("a1"), 1, 1));
    assert_eq!(claim(&test.store, 4, 9).await, [], "it is claimed already");
    complete(&test.store, &claimed, 5).await.unwrap();
    assert!(is_lost(complete(&test.store, &claimed, 5).await), "it is done already");

    let test = test.reopen();
    assert_eq!(test.store.messages_to_resolve(SERVICE, 5, 9).await.unwrap().now, [Waiting { id: id(1), tries: 0 }]);
    test.store.message_put_off(SERVICE, &id(1), 50).await.unwrap();
    assert_eq!(test.store.messages_to_resolve(SERVICE, 49, 9).await.unwrap(), Due { now: Vec::new(), next_ms: Some(50) });
    assert_eq!(test.store.messages_to_resolve(SERVICE, 50, 9).await.unwrap().now, [Waiting { id: id(1), tries: 1 }]);
    assert!(test.store.message_resolved(SERVICE, &id(1), 51).await.unwrap());
    assert!(!test.store.message_resolved(SERVICE, &id(1), 52).await.unwrap());
    let message = test.store.message(SERVICE, &id(1)).await.unwrap().unwrap();
    assert_eq!((message.state, message.content, message.changed_ms), (State::Resolved, None, 51));
    check(&test.store).await;
}

#[tokio::test]
async fn what_is_over_is_not_begun_again() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let letters: Vec<_> = (1..=4).map(|number| letter(number, &format!("a{number}"))).collect();
    assert_eq!(listed(&store, &letters, 1).await, Listed { new: 4, ..Listed::default() });
    let claims = claim(&store, 1, 9).await;
    complete(&store, &claims[0], 2).await.unwrap();
    complete(&store, &claims[1], 2).await.unwrap();
    store.message_resolved(SERVICE, &id(2), 3).await.unwrap();
    give_up(&store, &claims[2], 3).await;
    give_up(&store, &claims[3], 3).await;
    store.message_drop(SERVICE, &id(4), Dropped::Gone, 4).await.unwrap();
    for _ in 0..2 {
        assert_eq!(listed(&store, &letters, 5).await, Listed::default());
        for number in 1..=4 {
            assert_eq!(store.message_hint(SERVICE, &id(number), 5).await.unwrap(), Hint::There);
        }
        store.messages_wake(SERVICE, 5).await.unwrap();
    }
    assert_eq!(claim(&store, 6, 9).await, []);
    let states = [Some(State::Done), Some(State::Resolved), Some(State::Dead), None];
    for (number, expected) in (1..).zip(states) {
        assert_eq!(state(&store, number).await, expected);
    }
    check(&store).await;
}

#[tokio::test]
async fn the_platform_is_told_again_of_what_it_forgot() {
    let TestStore { store, folder: _folder } = TestStore::new();
    listed(&store, &[letter(1, "a1")], 1).await;
    let claimed = claim_one(&store, 1).await;
    complete(&store, &claimed, 1).await.unwrap();
    store.message_resolved(SERVICE, &id(1), 1).await.unwrap();
    // A list may be older than the answer to the resolve call.
    assert_eq!(listed(&store, &[letter(1, "a1")], 60_000).await.again, 0);
    assert_eq!(listed(&store, &[letter(1, "a1")], 3_600_000).await.again, 1);
    assert_eq!(state(&store, 1).await, Some(State::Done));
    assert_eq!(claim(&store, 3_600_000, 9).await, [], "the plugin is not told again");
    check(&store).await;
}

#[tokio::test]
async fn a_batch_whose_claim_is_lost_is_not_stored() {
    let TestStore { store, folder: _folder } = TestStore::new();
    listed(&store, &[letter(1, "a1")], 1).await;
    let place = Place { service: SERVICE.to_owned(), scope: Scope::App("a1".to_owned()), store: "items".to_owned() };
    let batch = |claim: &Claim, value: &str| {
        let changes = vec![Change::Put { key: "k".to_owned(), value: value.into(), condition: Condition::Always }];
        let apply = Apply { place: place.clone(), changes, quota: Quota { total: 1_000, value: 1_000 } };
        let change = subscriptions::Change {
            service: SERVICE.to_owned(),
            about: claim.about.clone(),
            message_id: claim.lease.id.clone(),
            to: subscriptions::To::Subscribed,
            now_ms: 9,
        };
        // The lease is named last: what came before it goes with it.
        Batch { effects: vec![Effect::KvApply(apply), Effect::Subscription(change), done(claim, 9)] }
    };
    let late = claim_one(&store, 1).await;
    let other = store.messages_claim(want("other", 1 + LEASE_MS, 9)).await.unwrap().claims.remove(0);
    assert_eq!((other.attempt, other.lease.number), (2, 2));
    assert!(is_lost(store.commit(batch(&late, "late")).await.map(drop)));
    assert!(is_lost(store.message_renew(&late.lease, 99_999).await));
    assert!(is_lost(store.message_put_back(&late.lease, PutBack::Untried { due_ms: 0 }, 9).await));
    assert_eq!(store.kv_get(&place, "k").await.unwrap(), None);
    assert_eq!(store.subscription(SERVICE, "a1").await.unwrap(), None);
    // A lease that has run out and that nobody took is as good as any.
    store.message_renew(&other.lease, 2).await.unwrap();
    store.commit(batch(&other, "other")).await.unwrap();
    assert_eq!(store.kv_get(&place, "k").await.unwrap().unwrap().value, b"other");
    assert_eq!(state(&store, 1).await, Some(State::Done));
    check(&store).await;
}

#[tokio::test]
async fn a_claim_whose_holder_is_gone_ends() {
    let TestStore { store, folder: _folder } = TestStore::new();
    listed(&store, &[letter(1, "a1"), letter(2, "a2")], 1).await;
    let claimed = store.messages_claim(want("one", 1, 1)).await.unwrap();
    assert_eq!(claimed.next_ms, Some(1), "the other one is due");
    assert_eq!(ids(&claim(&store, 2, 9).await), [id(2)]);
    let nothing = store.messages_claim(want("one", LEASE_MS, 9)).await.unwrap();
    assert_eq!((nothing.claims, nothing.next_ms), (Vec::new(), Some(1 + LEASE_MS)), "when the first lease runs out");
    for attempt in 2..=MAX_ATTEMPTS {
        let again = claim_one(&store, u64::from(attempt) * 100_000).await;
        assert_eq!((again.lease.id, again.attempt), (id(1), attempt));
        // The other one is alive, and keeps its lease.
        store.messages_orphaned(SERVICE, "two", u64::from(attempt) * 100_000, MAX_ATTEMPTS).await.unwrap();
        if attempt < MAX_ATTEMPTS {
            assert_eq!(state(&store, 1).await, Some(State::Known));
        }
    }
    let dead = store.message(SERVICE, &id(1)).await.unwrap().unwrap();
    assert_eq!(dead.state, State::Dead);
    assert!(dead.reason.unwrap().ends_with("during attempt 3"));
    check(&store).await;
}

#[tokio::test]
async fn claims_of_others_end_where_nobody_else_lives() {
    let TestStore { store, folder: _folder } = TestStore::new();
    listed(&store, &[letter(1, "a1"), letter(2, "a2")], 1).await;
    claim(&store, 1, 1).await;
    store.messages_claim(want("other", 1, 1)).await.unwrap();
    store.messages_orphaned(SERVICE, "one", 2, MAX_ATTEMPTS).await.unwrap();
    assert_eq!((state(&store, 1).await, state(&store, 2).await), (Some(State::Claimed), Some(State::Known)));
}

#[tokio::test]
async fn what_is_no_attempt_costs_none() {
    let TestStore { store, folder: _folder } = TestStore::new();
    listed(&store, &[letter(1, "a1")], 1).await;
    for due_ms in 10..20 {
        let claimed = claim_one(&store, due_ms).await;
        assert_eq!(claimed.attempt, 1);
        let untried = PutBack::Untried { due_ms: due_ms + 1 };
        store.message_put_back(&claimed.lease, untried, due_ms).await.unwrap();
        assert_eq!(claim(&store, due_ms, 9).await, []);
    }
    let claimed = claim_one(&store, 20).await;
    let failed = PutBack::Failed { reason: "no".to_owned(), due_ms: 30, patient: false };
    store.message_put_back(&claimed.lease, failed, 20).await.unwrap();
    assert_eq!(claim_one(&store, 30).await.attempt, 2);
}

#[tokio::test]
async fn a_poll_comes_before_the_timer_but_not_before_the_time_that_the_plugin_named() {
    let TestStore { store, folder: _folder } = TestStore::new();
    listed(&store, &[letter(1, "a1"), letter(2, "a2")], 1).await;
    for (claimed, patient) in claim(&store, 1, 9).await.iter().zip([false, true]) {
        let failed = PutBack::Failed { reason: "no".to_owned(), due_ms: 1_000, patient };
        store.message_put_back(&claimed.lease, failed, 2).await.unwrap();
    }
    assert_eq!(claim(&store, 3, 9).await, []);
    store.messages_wake(SERVICE, 3).await.unwrap();
    assert_eq!(ids(&claim(&store, 3, 9).await), [id(1)]);
    assert_eq!(ids(&claim(&store, 1_000, 9).await), [id(2)]);
}

#[tokio::test]
async fn no_more_hints_and_messages_are_kept_than_there_is_room_for() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let fill = |state: &'static str, count: u64| {
        store.write(0, move |connection| {
            let sql = format!(
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
                 INSERT INTO messages (service, id, state, at_ms, changed_ms, due_ms)
                 SELECT '{SERVICE}', '{state}' || n, '{state}', 1, 1, 1 FROM n"
            );
            connection.execute_batch(&sql).map_err(unread)
        })
    };
    fill("hinted", HINTS - 1).await.unwrap();
    assert_eq!(store.message_hint(SERVICE, &id(1), 1).await.unwrap(), Hint::Stored);
    assert_eq!(store.message_hint(SERVICE, &id(2), 1).await.unwrap(), Hint::Full);
    assert_eq!(store.message_hint(SERVICE, &id(1), 1).await.unwrap(), Hint::There);
    assert_eq!(store.message_hint("another service", &id(2), 1).await.unwrap(), Hint::Stored);
    fill("dead", UNFINISHED - HINTS - 1).await.unwrap();
    // The hint makes no new message, so there is room for one more; and the list goes on where it ended.
    let letters: Vec<_> = (1..=100).map(|number| letter(number, "a1")).collect();
    assert_eq!(listed(&store, &letters, 2).await, Listed { new: 2, full: true, ..Listed::default() });
    assert_eq!(listed(&store, &letters, 2).await, Listed { full: true, ..Listed::default() });
    let claimed = claim_one(&store, 2).await;
    complete(&store, &claimed, 2).await.unwrap();
    assert_eq!(listed(&store, &letters, 2).await, Listed { new: 1, full: true, ..Listed::default() });
    check(&store).await;
}

#[tokio::test]
async fn what_is_over_is_forgotten_in_small_batches() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let resolved = |from: u64, count: u64| {
        store.write(0, move |connection| {
            let sql = format!(
                "WITH RECURSIVE n(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM n WHERE n < {from} + {count} - 1)
                 INSERT INTO messages (service, id, state, at_ms, changed_ms, due_ms)
                 SELECT '{SERVICE}', n, 'resolved', n, n, n FROM n"
            );
            connection.execute_batch(&sql).map_err(unread)
        })
    };
    resolved(1, 1_000).await.unwrap();
    let count = || async {
        let counts = store.message_counts().await.unwrap();
        counts.into_iter().find(|(_, state, _)| *state == State::Resolved).map(|(_, _, count)| count).unwrap()
    };
    let keep = Keep { ms: 100, most: 400 };
    let mut left = Vec::new();
    while store.messages_forget(keep, 601).await.unwrap() {
        left.push(count().await);
    }
    // First those that are older than 100 ms; of the others the youngest 400 stay.
    assert_eq!(left, [744, 488]);
    assert_eq!(count().await, 400);
    assert_eq!(store.messages(Filter::default(), 0, 1).await.unwrap()[0].id, "601");
    check(&store).await;
}

#[tokio::test]
async fn a_dropped_message_is_remembered_as_long_as_it_is_listed() {
    const DAY: u64 = 24 * 3_600_000;
    let TestStore { store, folder: _folder } = TestStore::new();
    let letters = [letter(1, "a1"), letter(2, "a2"), letter(3, "a3")];
    listed(&store, &letters, 1).await;
    for claim in claim(&store, 1, 2).await {
        give_up(&store, &claim, 1).await;
        store.message_drop(SERVICE, &claim.lease.id, Dropped::Gone, 1).await.unwrap();
    }
    let keep = Keep { ms: 30 * DAY, most: 400 };
    for day in (0..60).step_by(10) {
        assert_eq!(listed(&store, &letters[..1], day * DAY).await, Listed::default());
        store.messages_forget(keep, day * DAY).await.unwrap();
    }
    assert_eq!(store.message_hint(SERVICE, &id(1), 60 * DAY).await.unwrap(), Hint::There);
    assert_eq!(store.message_hint(SERVICE, &id(2), 60 * DAY).await.unwrap(), Hint::Stored, "nobody spoke of it for a month");
    assert_eq!(state(&store, 3).await, Some(State::Known), "what is not over stays for ever");
    check(&store).await;
}

#[tokio::test]
async fn what_waits_for_an_app_can_be_ended_whatever_is_at_it() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let end = |app: &str| {
        store.commit(Effect::MessagesEnd(End { service: SERVICE.to_owned(), app_key: app.to_owned(), now_ms: 2 }).into())
    };
    let letters = [letter(1, "a1"), letter(2, "a1"), letter(3, "a2"), letter(4, "a3")];
    listed(&store, &letters, 1).await;
    let claims = claim(&store, 1, 2).await;
    assert_eq!(ids(&claims), [id(1), id(3)]);
    give_up(&store, &claims[1], 1).await;
    for app in ["a1", "a2"] {
        end(app).await.unwrap();
    }
    assert!(is_lost(complete(&store, &claims[0], 3).await), "what a delivery wrote that was under way is not kept");
    for number in 1..=3 {
        assert_eq!(state(&store, number).await, Some(State::Resolved), "message {number}");
    }
    assert_eq!(listed(&store, &letters, 3).await, Listed::default(), "a list that was made before changes nothing");
    assert_eq!(ids(&claim(&store, 3, 9).await), [id(4)], "other apps are none of this");
    check(&store).await;
}
