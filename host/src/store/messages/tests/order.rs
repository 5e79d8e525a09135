use super::*;
use crate::store::tests::TestStore;

#[tokio::test]
async fn the_list_decides_and_never_the_id() {
    let TestStore { store, folder: _folder } = TestStore::new();
    // Noticed in another order than they are listed in, and both other than that of the ids.
    for number in [2, 9, 5] {
        store.message_hint(SERVICE, &id(number), 1).await.unwrap();
        store.message_tell(SERVICE, letter(number, "a1"), 1).await.unwrap();
    }
    listed(&store, &[letter(9, "a1"), letter(2, "a1"), letter(7, "a1"), letter(5, "a1")], 2).await;
    for number in [9, 2, 7, 5] {
        let claims = claim(&store, 2, 9).await;
        assert_eq!(ids(&claims), [id(number)], "one at a time, in the order of the list");
        complete(&store, &claims[0], 2).await.unwrap();
    }
    check(&store).await;
}

#[tokio::test]
async fn where_there_is_no_list_arrival_decides() {
    let TestStore { store, folder: _folder } = TestStore::new();
    for number in [3, 1, 2] {
        store.message_hint(SERVICE, &id(number), 1).await.unwrap();
    }
    // They are told in yet another order.
    for number in [2, 1] {
        store.message_tell(SERVICE, letter(number, "a1"), 1).await.unwrap();
    }
    let last = store.messages_unplaced(SERVICE).await.unwrap().unwrap();
    store.message_tell(SERVICE, letter(3, "a1"), 1).await.unwrap();
    store.messages_place(SERVICE, last, 1).await.unwrap();
    for number in [3, 1, 2] {
        let claimed = claim_one(&store, 1).await;
        assert_eq!(claimed.lease.id, id(number));
        complete(&store, &claimed, 1).await.unwrap();
    }
}

#[tokio::test]
async fn a_list_that_comes_later_puts_right_what_arrival_put_wrong() {
    let TestStore { store, folder: _folder } = TestStore::new();
    for number in [3, 1, 2] {
        store.message_hint(SERVICE, &id(number), 1).await.unwrap();
        store.message_tell(SERVICE, letter(number, "a1"), 1).await.unwrap();
    }
    store.messages_place(SERVICE, 99, 1).await.unwrap();
    let claimed = claim_one(&store, 1).await;
    assert_eq!(claimed.lease.id, id(3));
    listed(&store, &[letter(1, "a1"), letter(2, "a1"), letter(3, "a1")], 2).await;
    assert_eq!(claim(&store, 2, 9).await, [], "whatever the order, the app has one claim");
    check(&store).await;
    let untried = PutBack::Untried { due_ms: 2 };
    store.message_put_back(&claimed.lease, untried, 2).await.unwrap();
    for number in [1, 2, 3] {
        let claimed = claim_one(&store, 2).await;
        assert_eq!(claimed.lease.id, id(number));
        complete(&store, &claimed, 2).await.unwrap();
    }
    check(&store).await;
}

#[tokio::test]
async fn a_long_list_keeps_its_order_across_chunks() {
    let TestStore { store, folder: _folder } = TestStore::new();
    // 7 is prime to 200, so this is a permutation.
    let letters: Vec<_> = (0..200).map(|number| letter(number * 7 % 200, &format!("a{}", number % 3))).collect();
    assert_eq!(listed(&store, &letters, 1).await.new, 200);
    let mut handled = Vec::new();
    loop {
        let claims = claim(&store, 1, 9).await;
        if claims.is_empty() {
            break;
        }
        for claim in claims {
            complete(&store, &claim, 1).await.unwrap();
            handled.push((claim.about.app_key.clone(), claim.lease.id));
        }
    }
    for app in ["a0", "a1", "a2"] {
        let expected: Vec<_> =
            letters.iter().filter(|letter| letter.about.as_ref().unwrap().app_key == app).map(|letter| &letter.id).collect();
        let got: Vec<_> = handled.iter().filter(|(key, _)| key == app).map(|(_, id)| id).collect();
        assert_eq!(got, expected);
    }
    check(&store).await;
}

#[tokio::test]
async fn a_dead_message_holds_its_app_and_nobody_else() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let letters = [letter(1, "a1"), letter(2, "a1"), letter(3, "a2"), letter(4, "a1")];
    listed(&store, &letters, 1).await;
    give_up(&store, &claim_one(&store, 1).await, 1).await;
    assert_eq!(ids(&claim(&store, 1, 9).await), [id(3)]);

    assert_eq!(store.message_retry(SERVICE, &id(1), 2).await.unwrap(), Retried::Known);
    let again = claim_one(&store, 2).await;
    assert_eq!((again.lease.id.clone(), again.attempt), (id(1), 1), "with all its attempts");
    give_up(&store, &again, 2).await;
    let dropped = store.message_drop(SERVICE, &id(1), Dropped::Gone, 3).await.unwrap();
    assert_eq!((dropped.state, dropped.reason.as_deref()), (State::Dead, Some("hopeless")));
    let next = claim_one(&store, 3).await;
    assert_eq!(next.lease.id, id(2));
    give_up(&store, &next, 3).await;
    store.message_drop(SERVICE, &id(2), Dropped::Done(Batch::default()), 4).await.unwrap();
    assert_eq!(store.messages_to_resolve(SERVICE, 4, 9).await.unwrap().now, [Waiting { id: id(2), tries: 0 }]);
    assert_eq!(claim_one(&store, 4).await.lease.id, id(4));
    check(&store).await;
}

#[tokio::test]
async fn only_the_dead_are_retried_and_dropped() {
    let TestStore { store, folder: _folder } = TestStore::new();
    listed(&store, &[letter(1, "a1")], 1).await;
    for (number, code) in [(1, &codes::MESSAGE_NOT_DEAD), (2, &codes::MESSAGE_UNKNOWN)] {
        let retried = store.message_retry(SERVICE, &id(number), 1).await.unwrap_err();
        let dropped = store.message_drop(SERVICE, &id(number), Dropped::Gone, 1).await.unwrap_err();
        assert_eq!((retried.problem().code, dropped.problem().code), (code, code));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_dead_and_holds_nobody() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let unknown = Letter { kind: "app_renamed".to_owned(), fault: Some("unknown".to_owned()), ..letter(2, "a2") };
    store.message_hint(SERVICE, &id(4), 1).await.unwrap();
    store.message_tell(SERVICE, unreadable(4), 1).await.unwrap();
    listed(&store, &[unreadable(1), unknown.clone(), letter(3, "a2")], 1).await;
    assert_eq!(claim(&store, 1, 9).await, [], "a type that is not known holds its app's later messages");
    let dead = store.messages(Filter { state: Some(State::Dead), ..Filter::default() }, 0, 9).await.unwrap();
    assert_eq!(
        dead.iter().map(|message| message.reason.as_deref().unwrap()).collect::<Vec<_>>(),
        ["it is no JSON", "it is no JSON", "unknown"]
    );

    assert_eq!(store.message_retry(SERVICE, &id(1), 2).await.unwrap(), Retried::Hinted, "to be told again");
    assert_eq!(store.message_retry(SERVICE, &id(2), 2).await.unwrap(), Retried::Known);
    assert_eq!(ids(&claim(&store, 2, 9).await), [id(2)]);
    check(&store).await;
}

#[tokio::test]
async fn lists_are_filtered_and_come_page_by_page() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let letters: Vec<_> = (0..10).map(|number| letter(number, &format!("a{}", number % 2))).collect();
    listed(&store, &letters, 1).await;
    store.messages_listed("other", letters.clone(), 1, 1).await.unwrap();
    let filter = |service: Option<&str>, state, app: Option<&str>| Filter {
        service: service.map(str::to_owned),
        state,
        app_key: app.map(str::to_owned),
    };
    for (filter, expected) in [
        (Filter::default(), 20),
        (filter(Some(SERVICE), None, None), 10),
        (filter(None, Some(State::Known), Some("a1")), 10),
        (filter(Some("other"), Some(State::Known), Some("a0")), 5),
        (filter(None, Some(State::Dead), None), 0),
        (filter(Some("nobody"), None, None), 0),
    ] {
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let page = store.messages(filter.clone(), after, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.number;
            found.extend(page);
        }
        assert_eq!(found.len(), expected, "{filter:?}");
        assert!(found.is_sorted_by_key(|message| message.number));
        assert!(found.iter().all(|message| filter.state.is_none_or(|state| state == message.state)
            && filter.service.as_ref().is_none_or(|service| *service == message.service)
            && filter.app_key.as_ref().is_none_or(|app| *app == message.about.as_ref().unwrap().app_key)));
    }
}
