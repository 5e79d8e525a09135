use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::store::{Effect, Outcome, from_sql, tests::TestStore};

const QUOTA: Quota = Quota { total: 10_000, value: 1_000 };

fn place(service: &str, scope: Scope, store: &str) -> Place {
    Place { service: service.to_owned(), scope, store: store.to_owned() }
}

fn app(key: &str) -> Scope {
    Scope::App(key.to_owned())
}

fn items() -> Place {
    place("notes", app("a1"), "items")
}

fn put(key: &str, value: &[u8], condition: Condition) -> Change {
    Change::Put { key: key.to_owned(), value: value.to_vec(), condition }
}

fn remove(key: &str, condition: Condition) -> Change {
    Change::Remove { key: key.to_owned(), condition }
}

async fn apply(store: &Store, place: &Place, changes: Vec<Change>) -> Result<Vec<Applied>, KvError> {
    match store.kv_apply(Apply { place: place.clone(), changes, quota: QUOTA }).await {
        Ok(applied) => Ok(applied),
        Err(StoreError::Kv(error)) => Err(error),
        Err(error) => panic!("{error}"),
    }
}

/// What quotas count of a service, in bytes.
pub(super) async fn usage(store: &Store, service: &str) -> u64 {
    let service = service.to_owned();
    let bytes = "SELECT ifnull((SELECT bytes FROM kv_services WHERE service = ?1), 0)";
    store.read(move |connection| Ok(from_sql(connection.query_row(bytes, [service], |row| row.get(0)).unwrap()))).await.unwrap()
}

async fn erase(store: &Store, service: &str, app: &str) -> Erased {
    let (service, app) = (service.to_owned(), app.to_owned());
    match &*store.commit(Effect::KvErase { service, app }.into()).await.unwrap().outcomes {
        [Outcome::KvErase(erased)] => *erased,
        other => panic!("{other:?}"),
    }
}

async fn version(store: &Store, place: &Place, change: Change) -> u64 {
    apply(store, place, vec![change]).await.unwrap()[0].version
}

#[tokio::test]
async fn conditions_are_judged_by_presence_and_version() {
    let TestStore { store, folder: _folder } = TestStore::new();
    for (key, there, condition, holds) in [
        ("a", false, Condition::Always, true),
        ("b", false, Condition::Absent, true),
        ("c", false, Condition::Version(0), false),
        ("d", false, Condition::Version(1), false),
        ("e", true, Condition::Always, true),
        ("f", true, Condition::Absent, false),
        ("g", true, Condition::Version(1), true),
        ("h", true, Condition::Version(2), false),
        ("i", true, Condition::Version(u64::MAX), false),
    ] {
        for change in [put(key, b"new", condition), remove(key, condition)] {
            let place = place("conditions", app(if matches!(change, Change::Put { .. }) { "put" } else { "remove" }), key);
            if there {
                version(&store, &place, put(key, b"old", Condition::Absent)).await;
            }
            match apply(&store, &place, vec![change]).await {
                Ok(applied) => assert!(holds && applied[0].existed == there, "{key}"),
                Err(KvError::Conflict { index: 0, key: named, found }) => {
                    assert!(!holds && named == key && found == there.then_some(1), "{key}");
                }
                Err(error) => panic!("{key}: {error}"),
            }
        }
    }
}

#[tokio::test]
async fn a_version_never_comes_back() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let place = items();
    assert_eq!(version(&store, &place, put("k", b"1", Condition::Absent)).await, 1);
    assert_eq!(version(&store, &place, put("k", b"2", Condition::Version(1))).await, 2);
    assert_eq!(version(&store, &place, remove("k", Condition::Version(2))).await, 0);
    // Who still holds version 1 or 2 is refused, now and after the key is written again.
    for _ in 0..2 {
        for held in [1, 2] {
            assert!(matches!(
                apply(&store, &place, vec![put("k", b"stale", Condition::Version(held))]).await,
                Err(KvError::Conflict { .. })
            ));
        }
        apply(&store, &place, vec![put("k", b"again", Condition::Always)]).await.unwrap();
    }
    // Other stores are not touched by it, and an erased app's versions do not come back either.
    let shared = self::place("notes", Scope::Shared, "items");
    assert_eq!(version(&store, &shared, put("k", b"1", Condition::Absent)).await, 1);
    let held = store.kv_get(&place, "k").await.unwrap().unwrap().version;
    erase(&store, "notes", "a1").await;
    assert!(version(&store, &place, put("k", b"1", Condition::Absent)).await > held);
}

#[tokio::test]
async fn a_batch_of_changes_is_made_whole_or_not_at_all() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let place = items();
    let changes = vec![put("a", b"1", Condition::Absent), put("a", b"2", Condition::Version(1)), remove("b", Condition::Always)];
    let applied = apply(&store, &place, changes).await.unwrap();
    assert_eq!(
        applied.iter().map(|applied| (applied.version, applied.existed)).collect::<Vec<_>>(),
        [(1, false), (2, true), (0, false)]
    );

    let changes = vec![put("a", b"3", Condition::Always), remove("a", Condition::Always), put("b", b"1", Condition::Version(1))];
    assert!(matches!(apply(&store, &place, changes).await, Err(KvError::Conflict { index: 2, found: None, .. })));
    assert_eq!(store.kv_get(&place, "a").await.unwrap(), Some(Entry { value: b"2".to_vec(), version: 2 }));
    assert_eq!(usage(&store, "notes").await, 1 + 1 + ROW);
    assert_eq!(apply(&store, &place, vec![]).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_too_much_is_refused_by_name() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let place = items();
    let longest = "k".repeat(KEY);
    version(&store, &place, put(&longest, &[0; 1_000], Condition::Always)).await;
    for key in ["", &"k".repeat(KEY + 1), &"é".repeat(257)] {
        for change in [put(key, b"", Condition::Always), remove(key, Condition::Always)] {
            assert!(
                matches!(apply(&store, &place, vec![change]).await, Err(KvError::KeyLength { length }) if length == key.len())
            );
        }
    }
    let error = apply(&store, &place, vec![put("k", &[0; 1_001], Condition::Always)]).await.unwrap_err();
    assert_eq!(error.to_string(), "the value of `k` has 1001 bytes and may have 1000");
    let many = |count: usize| (0..count).map(|number| remove(&format!("{number}"), Condition::Always)).collect();
    apply(&store, &place, many(CHANGES)).await.unwrap();
    assert!(matches!(apply(&store, &place, many(CHANGES + 1)).await, Err(KvError::TooMany { count: 257 })));
    assert_eq!(usage(&store, "notes").await, 512 + 1_000 + ROW);
}

#[tokio::test]
async fn a_quota_is_one_services_and_never_hinders_making_room() {
    let TestStore { store, folder: _folder } = TestStore::new();
    // Nine rows of 1,000 bytes with their names fit; in two apps, so that the sum is the service's.
    let row = 1_000 - 1 - usize::try_from(ROW).unwrap();
    for number in 0..10 {
        let place = place("notes", app(if number % 2 == 0 { "a1" } else { "a2" }), "items");
        version(&store, &place, put(&number.to_string(), &vec![0; row], Condition::Absent)).await;
    }
    assert_eq!(usage(&store, "notes").await, QUOTA.total);
    let error = apply(&store, &items(), vec![put("x", b"", Condition::Always)]).await.unwrap_err();
    assert_eq!(error.to_string(), "service `notes` would keep 10065 bytes and may keep 10000");
    assert!(apply(&store, &items(), vec![put("0", &vec![0; row + 1], Condition::Always)]).await.is_err());
    // The same weight, the same in exchange, and less are all allowed, even when the quota has become smaller.
    apply(&store, &items(), vec![put("0", &vec![1; row], Condition::Always)]).await.unwrap();
    apply(&store, &items(), vec![put("x", &vec![0; row], Condition::Always), remove("2", Condition::Always)]).await.unwrap();
    let smaller = Quota { total: 100, value: QUOTA.value };
    store.kv_apply(Apply { place: items(), changes: vec![put("0", b"", Condition::Always)], quota: smaller }).await.unwrap();
    assert_eq!(usage(&store, "notes").await, QUOTA.total - row as u64);
    version(&store, &place("other", app("a1"), "items"), put("k", b"", Condition::Absent)).await;
}

#[tokio::test]
async fn keys_come_in_byte_order_page_by_page() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let place = items();
    let mut all = ["a", "a\0", "a/1", "a/2", "a0", "b", "B", "%", "_", "é", "\u{7f}", "\u{80}", "\u{10ffff}", "\u{10ffff}x"]
        .map(str::to_owned);
    apply(&store, &place, all.iter().map(|key| put(key, b"", Condition::Absent)).collect()).await.unwrap();
    // Neighbours in the index that must never be seen.
    for other in [
        self::place("notes", app("a1"), "item"),
        self::place("notes", app("a1"), "itemsx"),
        self::place("notes", app("a"), "items"),
    ] {
        apply(&store, &other, vec![put("a", b"", Condition::Absent), put("zzz", b"", Condition::Absent)]).await.unwrap();
    }
    all.sort();
    for prefix in ["", "a", "a/", "%", "_", "\u{10ffff}", "\u{7f}", "nothing"] {
        let expected: Vec<_> = all.iter().filter(|key| key.starts_with(prefix)).cloned().collect();
        assert_eq!(
            store.kv_keys(&place, prefix, None, 1_000).await.unwrap(),
            Page { keys: expected.clone(), next: None },
            "{prefix:?}"
        );
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = store.kv_keys(&place, prefix, after.as_deref(), 2).await.unwrap();
            paged.extend(page.keys);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, expected, "{prefix:?}");
    }
    let page = async |prefix, after, limit| store.kv_keys(&place, prefix, Some(after), limit).await.unwrap();
    assert_eq!(page("a", "A before the prefix", 1).await.keys, ["a"]);
    assert_eq!(page("a", "b past the prefix", 9).await, Page::default());
    assert_eq!(page("a/", "a/11 between keys", 9).await.keys, ["a/2"]);
    assert_eq!(page("", "a", 0).await, Page::default());
    assert_eq!(store.kv_keys(&place, "", None, u32::MAX).await.unwrap().keys.len(), all.len());
}

#[tokio::test]
async fn a_page_never_has_more_than_a_thousand_keys() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let quota = Quota { total: u64::MAX, value: 1 };
    for first in (0..1_200).step_by(CHANGES) {
        let changes =
            (first..(first + CHANGES).min(1_200)).map(|number| put(&format!("{number:04}"), b"", Condition::Absent)).collect();
        store.kv_apply(Apply { place: items(), changes, quota }).await.unwrap();
    }
    let page = store.kv_keys(&items(), "", None, u32::MAX).await.unwrap();
    assert_eq!((page.keys.len(), page.next.as_deref()), (1_000, Some("0999")));
    assert_eq!(store.kv_keys(&items(), "", page.next.as_deref(), u32::MAX).await.unwrap().keys.len(), 200);
}

#[tokio::test]
async fn no_place_reads_as_another() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let places = [
        place("notes", Scope::Shared, "items"),
        place("notes", app("shared"), "items"),
        place("notes", app("app:a1"), "items"),
        place("notes", app("a1"), "items"),
        place("notes", app(""), "items"),
        place("notes", app("a1\0"), "items"),
        place("notes", app("a1"), "items\0"),
        place("notes", app("A1"), "items"),
        place("note", app("a1"), "items"),
        place("", Scope::Shared, ""),
    ];
    for (number, place) in places.iter().enumerate() {
        version(&store, place, put("k", number.to_string().as_bytes(), Condition::Absent)).await;
    }
    for (number, place) in places.iter().enumerate() {
        assert_eq!(store.kv_get(place, "k").await.unwrap().unwrap().value, number.to_string().as_bytes());
    }
}

#[tokio::test]
async fn erasing_an_app_leaves_all_others_and_the_shared_rows() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let places = [
        items(),
        place("notes", app("a1"), "more"),
        place("notes", app("a2"), "items"),
        place("notes", Scope::Shared, "items"),
        place("other", app("a1"), "items"),
    ];
    for place in &places {
        apply(
            &store,
            place,
            vec![put("k", b"value", Condition::Absent), put("gone", b"", Condition::Absent), remove("gone", Condition::Always)],
        )
        .await
        .unwrap();
    }
    let weight = 1 + 5 + ROW;
    assert_eq!(erase(&store, "notes", "a1").await, Erased { keys: 2, bytes: 2 * weight });
    assert_eq!(erase(&store, "notes", "a1").await, Erased { keys: 0, bytes: 0 });
    assert_eq!(erase(&store, "nothing", "a1").await, Erased { keys: 0, bytes: 0 });
    let mut left = Vec::new();
    for place in &places {
        left.push(store.kv_get(place, "k").await.unwrap().is_some());
    }
    assert_eq!(left, [false, false, true, true, true]);
    assert_eq!((usage(&store, "notes").await, usage(&store, "other").await), (2 * weight, weight));
    let named = store.read(|connection| {
        let count = "SELECT (SELECT count(*) FROM kv_floors WHERE service = 'notes' AND scope = 'app:a1')";
        Ok(connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap())
    });
    assert_eq!(named.await.unwrap(), 0);
}

/// What one store should do: the rows, and what has been seen of every key's versions.
#[derive(Default)]
struct Model {
    rows: BTreeMap<String, (Vec<u8>, u64)>,
    highest: BTreeMap<String, u64>,
    floor: u64,
}

impl Model {
    fn weight(&self) -> u64 {
        self.rows.iter().map(|(key, (value, _))| super::weight(key.len(), value.len() as u64)).sum()
    }

    /// The versions, or the index of the change whose condition does not hold, or `None` for the quota.
    fn apply(&mut self, changes: &[Change], total: u64) -> Result<Vec<u64>, Option<usize>> {
        let before = self.weight();
        let (mut rows, mut floor, mut versions) = (self.rows.clone(), self.floor, Vec::new());
        for (index, change) in changes.iter().enumerate() {
            let found = rows.get(change.key()).map(|(_, version)| *version);
            let holds = match change.condition() {
                Condition::Always => true,
                Condition::Absent => found.is_none(),
                Condition::Version(version) => found == Some(version),
            };
            if !holds {
                return Err(Some(index));
            }
            versions.push(match change {
                Change::Put { key, value, .. } => {
                    let version = found.unwrap_or(floor) + 1;
                    rows.insert(key.clone(), (value.clone(), version));
                    version
                }
                Change::Remove { key, .. } => {
                    rows.remove(key);
                    floor = floor.max(found.unwrap_or(0));
                    0
                }
            });
        }
        let after = Self { rows, highest: BTreeMap::new(), floor };
        if after.weight() > before && after.weight() > total {
            return Err(None);
        }
        (self.rows, self.floor) = (after.rows, after.floor);
        for (change, version) in changes.iter().zip(&versions).filter(|(_, version)| **version > 0) {
            let highest = self.highest.insert(change.key().to_owned(), *version);
            assert!(highest.is_none_or(|highest| highest < *version), "versions of a key only grow");
        }
        Ok(versions)
    }
}

fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[ab]{1,2}", 1 => "[a\u{0}\u{7f}é\u{10ffff}]{1,2}"]
}

pub(super) fn any_change() -> impl Strategy<Value = Change> {
    let condition =
        prop_oneof![3 => Just(Condition::Always), 1 => Just(Condition::Absent), 2 => (0_u64..5).prop_map(Condition::Version)];
    let value = prop::collection::vec(any::<u8>(), 0..40);
    (any_key(), condition, prop::option::weighted(0.7, value)).prop_map(|(key, condition, value)| match value {
        Some(value) => Change::Put { key, value, condition },
        None => Change::Remove { key, condition },
    })
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Apply(Vec<Change>),
    Keys { prefix: String, after: Option<String>, limit: u32 },
}

pub(super) fn any_step() -> impl Strategy<Value = Step> {
    let keys = ("[ab]{0,2}", prop::option::of(any_key()), 0_u32..5);
    prop_oneof![
        3 => prop::collection::vec(any_change(), 1..4).prop_map(Step::Apply),
        1 => keys.prop_map(|(prefix, after, limit)| Step::Keys { prefix, after, limit }),
    ]
}

#[test]
fn the_store_does_what_a_map_with_versions_would() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let TestStore { store, folder: _folder } = TestStore::new();
    let case = std::cell::Cell::new(0);
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in prop::collection::vec(any_step(), 1..40))| {
        // A service of its own for each case, so that one database serves them all.
        case.set(case.get() + 1);
        let place = place(&format!("case {}", case.get()), app("a1"), "items");
        let quota = Quota { total: 500, value: 100 };
        let mut model = Model::default();
        runtime.block_on(async {
            for step in steps {
                match step {
                    Step::Apply(changes) => {
                        let expected = model.apply(&changes, quota.total);
                        let got = match store.kv_apply(Apply { place: place.clone(), changes, quota }).await {
                            Ok(applied) => Ok(applied.iter().map(|applied| applied.version).collect()),
                            Err(StoreError::Kv(KvError::Conflict { index, .. })) => Err(Some(index)),
                            Err(StoreError::Kv(KvError::Quota { .. })) => Err(None),
                            Err(error) => panic!("{error}"),
                        };
                        assert_eq!(got, expected);
                    }
                    Step::Keys { prefix, after, limit } => {
                        let mut keys: Vec<_> = model
                            .rows
                            .keys()
                            .filter(|key| key.starts_with(&prefix) && after.as_ref().is_none_or(|after| *key > after))
                            .cloned()
                            .collect();
                        let more = keys.len() > limit as usize;
                        keys.truncate(limit as usize);
                        let next = keys.last().filter(|_| more).cloned();
                        assert_eq!(store.kv_keys(&place, &prefix, after.as_deref(), limit).await.unwrap(), Page { keys, next });
                    }
                }
                assert_eq!(usage(&store, &place.service).await, model.weight());
            }
            for (key, (value, version)) in &model.rows {
                let entry = store.kv_get(&place, key).await.unwrap();
                assert_eq!(entry, Some(Entry { value: value.clone(), version: *version }));
            }
        });
    });
}
