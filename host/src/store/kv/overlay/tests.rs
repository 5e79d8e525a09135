use proptest::prelude::*;

use super::*;
use crate::store::{
    kv::{
        CHANGES, Condition, Quota, Scope,
        tests::{Step, any_change, any_step, usage},
    },
    tests::TestStore,
};

const QUOTA: Quota = Quota { total: 500, value: 100 };

/// The first is an app's own, the second is shared.
fn places(service: &str) -> [Place; 2] {
    let place = |scope, store: &str| Place { service: service.to_owned(), scope, store: store.to_owned() };
    [place(Scope::App("a1".to_owned()), "items"), place(Scope::Shared, "counts")]
}

fn put(key: &str, value: &[u8], condition: Condition) -> Change {
    Change::Put { key: key.to_owned(), value: value.to_vec(), condition }
}

fn remove(key: &str) -> Change {
    Change::Remove { key: key.to_owned(), condition: Condition::Always }
}

fn apply(place: &Place, changes: Vec<Change>) -> Apply {
    Apply { place: place.clone(), changes, quota: QUOTA }
}

/// What came of it, without the names of services.
fn told(result: Result<Vec<Applied>, StoreError>) -> Result<Vec<Applied>, String> {
    result.map_err(|error| match error {
        StoreError::Kv(KvError::Conflict { index, key, found }) => format!("conflict {index} {key} {found:?}"),
        StoreError::Kv(KvError::Quota { asked, allowed, .. }) => format!("quota {asked} {allowed}"),
        error => panic!("{error}"),
    })
}

/// All that can be seen of a service: its rows, their weight, and what version a new key would have. Writes that key.
async fn state(store: &Store, service: &str) -> (Vec<(String, Entry)>, u64, Vec<u64>) {
    let (mut rows, mut next) = (Vec::new(), Vec::new());
    let usage = usage(store, service).await;
    for place in places(service) {
        for key in store.kv_keys(&place, "", None, PAGE).await.unwrap().keys {
            let entry = store.kv_get(&place, &key).await.unwrap().unwrap();
            rows.push((key, entry));
        }
        let quota = Quota { total: u64::MAX, value: 1 };
        let applied = store.kv_apply(Apply { quota, ..apply(&place, vec![put("new", b"", Condition::Always)]) }).await.unwrap();
        next.push(applied[0].version);
    }
    (rows, usage, next)
}

/// Changes of the first or the second place.
type Write = (bool, Vec<Change>);

fn any_writes(most: usize) -> impl Strategy<Value = Vec<Write>> {
    prop::collection::vec((any::<bool>(), prop::collection::vec(any_change(), 1..4)), 0..most)
}

async fn write(store: &Store, service: &str, writes: &[Write]) {
    for (shared, changes) in writes {
        // Refused ones are no less random than the others.
        let _ = store.kv_apply(apply(&places(service)[usize::from(*shared)], changes.clone())).await;
    }
}

/// Runs `check` for random cases, each with a number that no other has, on one database.
fn check<S: Strategy>(strategy: S, check: impl AsyncFn(&Store, u32, S::Value)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let TestStore { store, folder: _folder } = TestStore::new();
    let case = std::cell::Cell::new(0);
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(input in strategy)| {
        case.set(case.get() + 1);
        runtime.block_on(check(&store, case.get(), input));
    });
}

#[test]
fn an_overlay_and_its_commit_do_what_the_store_does_at_once() {
    let steps = prop::collection::vec((any::<bool>(), any_step()), 1..30);
    check((any_writes(8), steps), async |store, case, (before, steps)| {
        let (at_once, later) = (format!("at once {case}"), format!("later {case}"));
        write(store, &at_once, &before).await;
        write(store, &later, &before).await;
        let weight = usage(store, &later).await;
        let mut overlay = Overlay::new(store.clone());
        for (shared, step) in steps {
            let (direct, over) = (&places(&at_once)[usize::from(shared)], &places(&later)[usize::from(shared)]);
            match step {
                Step::Apply(changes) => {
                    for change in &changes {
                        let key = change.key();
                        assert_eq!(overlay.get(over, key).await.unwrap(), store.kv_get(direct, key).await.unwrap());
                    }
                    let expected = told(store.kv_apply(apply(direct, changes.clone())).await);
                    assert_eq!(told(overlay.apply(apply(over, changes)).await), expected);
                }
                Step::Keys { prefix, after, limit } => {
                    let expected = store.kv_keys(direct, &prefix, after.as_deref(), limit).await.unwrap();
                    assert_eq!(overlay.keys(over, &prefix, after.as_deref(), limit).await.unwrap(), expected);
                }
            }
        }
        assert_eq!(usage(store, &later).await, weight, "nothing is stored before the commit");
        store.commit(overlay.into_batch()).await.unwrap();
        assert_eq!(state(store, &later).await, state(store, &at_once).await);
    });
}

/// Whoever writes between a delivery's writes and their commit: either all that the plugin was told is true at the commit, or
/// nothing of it is stored.
#[test]
fn a_commit_after_others_have_written_keeps_every_promise_or_none() {
    let cases = (any_writes(6), any_writes(6), any_writes(3));
    check(cases, async |store, case, (before, writes, others)| {
        let (service, twin) = (format!("service {case}"), format!("twin {case}"));
        for service in [&service, &twin] {
            write(store, service, &before).await;
        }
        let mut overlay = Overlay::new(store.clone());
        let mut made = Vec::new();
        for (shared, changes) in writes {
            let place = &places(&service)[usize::from(shared)];
            if let Ok(applied) = told(overlay.apply(apply(place, changes.clone())).await) {
                made.push((shared, changes, applied));
            }
        }
        for service in [&service, &twin] {
            write(store, service, &others).await;
        }
        let committed = store.commit(overlay.into_batch()).await;
        // The twin is given the same writes one by one; the first that comes to something else is the last.
        let mut holds = true;
        for (shared, changes, expected) in made {
            let place = &places(&twin)[usize::from(shared)];
            holds = holds && told(store.kv_apply(apply(place, changes)).await) == Ok(expected);
        }
        match committed {
            Ok(_) => {
                assert!(holds, "something was told that is not true");
                assert_eq!(state(store, &service).await, state(store, &twin).await);
            }
            Err(StoreError::Kv(KvError::Overtaken { .. } | KvError::Quota { .. })) => {
                assert!(!holds, "refused without need");
                let untouched = format!("untouched {case}");
                write(store, &untouched, &before).await;
                write(store, &untouched, &others).await;
                assert_eq!(state(store, &service).await, state(store, &untouched).await);
            }
            Err(error) => panic!("{error}"),
        }
    });
}

#[tokio::test]
async fn what_was_told_of_a_version_is_true_or_nothing_is_stored() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let [place, _] = places("notes");
    let write = async |changes| store.kv_apply(apply(&place, changes)).await.unwrap();
    write(vec![put("k", b"1", Condition::Absent), put("gone", b"1", Condition::Absent)]).await;

    let mut overlay = Overlay::new(store.clone());
    let applied = overlay.apply(apply(&place, vec![put("k", b"mine", Condition::Always)])).await.unwrap();
    assert_eq!((applied[0].version, applied[0].existed), (2, true));
    write(vec![put("k", b"theirs", Condition::Always)]).await;
    let error = store.commit(overlay.into_batch()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`k` of service `notes`, which the delivery changed, was changed by somebody else before it was stored"
    );
    assert_eq!(store.kv_get(&place, "k").await.unwrap().unwrap().value, b"theirs");

    // A new key's version depends on keys that were removed: those of others too.
    let mut overlay = Overlay::new(store.clone());
    assert_eq!(overlay.apply(apply(&place, vec![put("new", b"", Condition::Absent)])).await.unwrap()[0].version, 1);
    write(vec![remove("gone")]).await;
    assert!(matches!(
        store.commit(overlay.into_batch()).await,
        Err(StoreError::Kv(KvError::Overtaken { key, .. })) if key == "new"
    ));

    // What others do elsewhere is no hindrance.
    let mut overlay = Overlay::new(store.clone());
    overlay.apply(apply(&place, vec![put("k", b"mine", Condition::Version(2)), remove("never there")])).await.unwrap();
    write(vec![put("other", b"", Condition::Absent)]).await;
    store.commit(overlay.into_batch()).await.unwrap();
    assert_eq!(store.kv_get(&place, "k").await.unwrap(), Some(Entry { value: b"mine".to_vec(), version: 3 }));
}

#[tokio::test]
async fn an_overlay_is_bounded() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let [place, _] = places("notes");
    let mut overlay = Overlay::new(store.clone());
    let removes = || (0..CHANGES).map(|number| remove(&number.to_string())).collect();
    for _ in 0..OVERLAY_CHANGES / CHANGES {
        overlay.apply(apply(&place, removes())).await.unwrap();
    }
    let error = overlay.apply(apply(&place, vec![remove("one more")])).await.unwrap_err();
    assert!(matches!(error, StoreError::Kv(KvError::Overfull { changes: 1_025, .. })), "{error}");

    let mut overlay = Overlay::new(store.clone());
    let quota = Quota { total: u64::MAX, value: 1 << 20 };
    let value = vec![0; (1 << 20) - 1];
    for number in 0..5 {
        let changes = vec![put(&number.to_string(), &value, Condition::Absent)];
        overlay.apply(Apply { quota, ..apply(&place, changes) }).await.unwrap();
    }
    let changes = vec![put("5", b"", Condition::Absent)];
    let error = overlay.apply(Apply { quota, ..apply(&place, changes) }).await.unwrap_err();
    let allowed = OVERLAY_BYTES + (1 << 20);
    assert!(
        matches!(error, StoreError::Kv(KvError::Overfull { bytes, allowed: most, .. }) if (bytes, most) == (allowed + 1, allowed))
    );
}

#[tokio::test]
async fn pages_are_full_whatever_the_overlay_hides() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let [place, _] = places("notes");
    let quota = Quota { total: u64::MAX, value: 1 };
    for first in (0..1_500).step_by(250) {
        let changes = (first..first + 250).map(|number| put(&format!("{number:04}"), b"", Condition::Absent)).collect();
        store.kv_apply(Apply { quota, ..apply(&place, changes) }).await.unwrap();
    }
    let mut overlay = Overlay::new(store.clone());
    for first in [0, 250] {
        let changes = (first..first + 250).map(|number| remove(&format!("{number:04}"))).collect();
        overlay.apply(Apply { quota, ..apply(&place, changes) }).await.unwrap();
    }
    let changes = vec![put("0500a", b"", Condition::Absent), put("9", b"", Condition::Absent)];
    overlay.apply(Apply { quota, ..apply(&place, changes) }).await.unwrap();
    let page = overlay.keys(&place, "", None, u32::MAX).await.unwrap();
    assert_eq!((page.keys.len(), page.keys[0].as_str(), page.keys[1].as_str()), (1_000, "0500", "0500a"));
    assert_eq!(page.next.as_deref(), Some("1498"));
    let page = overlay.keys(&place, "", page.next.as_deref(), u32::MAX).await.unwrap();
    assert_eq!(page, Page { keys: vec!["1499".to_owned(), "9".to_owned()], next: None });
}

#[tokio::test]
async fn what_changes_nothing_is_not_kept() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let [place, _] = places("notes");
    let mut overlay = Overlay::new(store.clone());
    for _ in 0..2_000 {
        assert_eq!(told(overlay.apply(apply(&place, Vec::new())).await), Ok(Vec::new()));
    }
    assert!(overlay.into_batch().effects.is_empty());
}
