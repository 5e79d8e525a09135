use super::TestStore;
use crate::store::{
    Store, StoreError,
    outbox::{Letter, MAX_WAITING, OutboxError, Put},
};

const DAY: u64 = 86_400_000;

fn letter(text: &str) -> Letter {
    let link = Some("https://example.com/#/reset/0123".to_owned());
    Letter { to: "ada@example.com".to_owned(), subject: "Your password".to_owned(), text: text.to_owned(), link }
}

fn put(store: &Store, service: &str, text: &str, now_ms: u64) -> Put {
    Put::new(store.seal(), service, "a1", "password-reset", &letter(text), now_ms).unwrap()
}

#[tokio::test]
async fn a_letter_waits_until_it_is_marked_or_removed() {
    let test = TestStore::new();
    let (first, second) = (put(&test.store, "user", "first", 1_000), put(&test.store, "user", "second", 1_000));
    test.store.outbox_put(first.clone()).await.unwrap();
    test.store.outbox_put(second.clone()).await.unwrap();
    let test = test.reopen();
    let all = test.store.outbox(0, 10).await.unwrap();
    assert_eq!(all.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), [&*first.id, &second.id]);
    assert_eq!((all[0].letter(test.store.seal()), all[0].sent_ms), (Some(letter("first")), None));
    assert_eq!(test.store.outbox(all[0].seq, 10).await.unwrap(), all[1..]);

    assert!(test.store.outbox_sent(&first.id, 2_000).await.unwrap());
    assert!(test.store.outbox_sent(&first.id, 3_000).await.unwrap());
    assert_eq!(test.store.outbox_letter(&first.id).await.unwrap().unwrap().sent_ms, Some(2_000));
    assert!(!test.store.outbox_sent("nothing", 3_000).await.unwrap());
    assert!(test.store.outbox_remove(&second.id).await.unwrap());
    assert!(!test.store.outbox_remove(&second.id).await.unwrap());

    // What was sent goes a month later.
    test.store.outbox_put(put(&test.store, "user", "third", 2_000 + 30 * DAY)).await.unwrap();
    assert!(test.store.outbox_letter(&first.id).await.unwrap().is_some());
    test.store.outbox_put(put(&test.store, "user", "fourth", 2_001 + 30 * DAY)).await.unwrap();
    assert_eq!(test.store.outbox_letter(&first.id).await.unwrap(), None);
}

#[tokio::test]
async fn one_service_fills_its_own_outbox_only() {
    let test = TestStore::new();
    let puts = (0..MAX_WAITING).map(|_| test.store.outbox_put(put(&test.store, "user", "", 1)));
    futures_util::future::try_join_all(puts).await.unwrap();
    let full = test.store.outbox_put(put(&test.store, "user", "", 1)).await.unwrap_err();
    assert!(matches!(full, StoreError::Outbox(OutboxError::Full { service }) if service == "user"));
    test.store.outbox_put(put(&test.store, "other", "", 1)).await.unwrap();
    let first = test.store.outbox(0, 1).await.unwrap().remove(0);
    test.store.outbox_sent(&first.id, 2).await.unwrap();
    test.store.outbox_put(put(&test.store, "user", "", 3)).await.unwrap();
}
