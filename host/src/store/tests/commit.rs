use std::{
    pin::{Pin, pin},
    sync::mpsc,
};

use rusqlite::Connection;
use tokio::{
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};

use super::TestStore;
use crate::store::{
    Batch, Effect, Outcome, Store, StoreError,
    kv::{Applied, Apply, Change, Condition, KvError, Place, Quota, Scope},
    messages::{Done, Lease, MessageError},
};

fn place() -> Place {
    Place { service: "notes".to_owned(), scope: Scope::App("a1".to_owned()), store: "items".to_owned() }
}

fn put(key: &str, value: &[u8], condition: Condition) -> Effect {
    let change = Change::Put { key: key.to_owned(), value: value.to_vec(), condition };
    Effect::KvApply(Apply { place: place(), changes: vec![change], quota: Quota { total: u64::MAX, value: u64::MAX } })
}

async fn version(store: &Store, key: &str) -> Option<u64> {
    store.kv_get(&place(), key).await.unwrap().map(|entry| entry.version)
}

/// What "on disk" rests on, asked of the very connections that a store has opened: a commit syncs the log before it returns
/// (`synchronous = FULL` in a write-ahead log), the bytes of the log are not in memory only, and what only reads cannot write.
#[tokio::test]
async fn the_connections_of_a_store_are_set_as_its_promises_need() {
    fn pragmas<const N: usize>(connection: &Connection, names: [&str; N]) -> [String; N] {
        names.map(|name| {
            connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0)).map_or_else(
                |error| error.to_string(),
                |value| match value {
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    other => format!("{other:?}"),
                },
            )
        })
    }
    let TestStore { store, folder } = TestStore::new();
    let names = ["journal_mode", "synchronous", "locking_mode", "foreign_keys", "trusted_schema", "query_only"];
    let writer = store.write(0, move |connection| Ok(pragmas(connection, names))).await.unwrap();
    assert_eq!(writer, ["wal", "2", "normal", "1", "0", "0"]);
    let reader = store.read(move |connection| Ok(pragmas(connection, names))).await.unwrap();
    assert_eq!(reader, ["wal", "2", "normal", "1", "0", "1"]);
    // The log is a file beside the database, and what was committed last is in it.
    let length = || std::fs::metadata(folder.path().join("wharf.db-wal")).unwrap().len();
    let before = length();
    store.commit(put("k", b"v", Condition::Always).into()).await.unwrap();
    assert!(length() > before, "a commit that is not in the log");
}

/// Keeps the writer busy, so that what is written meanwhile shares one commit.
struct Held {
    release: mpsc::Sender<()>,
    task: JoinHandle<()>,
}

impl Held {
    async fn new(store: &Store) -> Self {
        let (release, released) = mpsc::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let store = store.clone();
        let task = tokio::spawn(async move {
            let hold = move |_: &Connection| {
                let _ = begun.send(());
                let _ = released.recv();
                Ok(())
            };
            store.write(0, hold).await.unwrap();
        });
        has_begun.await.unwrap();
        Self { release, task }
    }

    async fn release(self) {
        drop(self.release);
        self.task.await.unwrap();
    }
}

/// Whether `future`, given one chance, is not done.
async fn is_waiting<F: Future>(future: Pin<&mut F>) -> bool {
    tokio::select! {
        biased;
        _ = future => false,
        () = std::future::ready(()) => true,
    }
}

/// Runs SQL in the writer's transaction.
async fn sql(store: &Store, sql: &'static str) -> Result<(), StoreError> {
    let failed = |source| StoreError::Begin(std::sync::Arc::new(source));
    store.write(0, move |connection| connection.execute_batch(sql).map_err(failed)).await
}

#[tokio::test]
async fn in_a_shared_commit_a_batch_that_fails_fails_alone() {
    let test = TestStore::new();
    let held = Held::new(&test.store).await;
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let store = test.store.clone();
        tasks.spawn(async move {
            // Every third batch writes something first and is refused afterwards.
            let refused = number % 3 == 0;
            let condition = if refused { Condition::Version(7) } else { Condition::Absent };
            let batch = Batch {
                effects: vec![
                    put(&format!("first {number}"), b"1", Condition::Absent),
                    put(&format!("second {number}"), b"2", condition),
                ],
            };
            (number, refused, store.commit(batch).await)
        });
    }
    // Every task runs up to where it waits for the writer.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    held.release().await;
    let results = tasks.join_all().await;
    let test = test.reopen();
    for (number, refused, result) in results {
        let stored =
            (version(&test.store, &format!("first {number}")).await, version(&test.store, &format!("second {number}")).await);
        if refused {
            assert!(matches!(result, Err(StoreError::Kv(KvError::Conflict { index: 0, found: None, .. }))), "{result:?}");
            assert_eq!(stored, (None, None));
        } else {
            let applied = Outcome::KvApply(vec![Applied { version: 1, existed: false }]);
            assert_eq!(result.unwrap().outcomes, [applied.clone(), applied]);
            assert_eq!(stored, (Some(1), Some(1)));
        }
    }
}

#[tokio::test]
async fn effects_of_different_kinds_are_stored_together_or_not_at_all() {
    let test = TestStore::new();
    let lease = Lease { service: "notes".to_owned(), id: "m1".to_owned(), owner: "nobody".to_owned(), number: 1 };
    let batch = Batch { effects: vec![put("k", b"1", Condition::Always), Effect::MessageDone(Done { lease, now_ms: 1 })] };
    let error = test.store.commit(batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Message(MessageError::ClaimLost { .. })), "{error}");
    assert_eq!(version(&test.store, "k").await, None);
    // Within a batch, a later effect sees an earlier one.
    let batch = Batch { effects: vec![put("k", b"1", Condition::Absent), put("k", b"2", Condition::Version(1))] };
    test.store.commit(batch).await.unwrap();
    assert_eq!(version(&test.store, "k").await, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_tasks_count_without_losing_a_step() {
    const TASKS: u64 = 16;
    const STEPS: u64 = 25;
    let test = TestStore::new();
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let store = test.store.clone();
        tasks.spawn(async move {
            let mut done = 0;
            while done < STEPS {
                let entry = store.kv_get(&place(), "counter").await.unwrap();
                let (count, condition) = match entry {
                    Some(entry) => {
                        (String::from_utf8(entry.value).unwrap().parse::<u64>().unwrap(), Condition::Version(entry.version))
                    }
                    None => (0, Condition::Absent),
                };
                match store.commit(put("counter", (count + 1).to_string().as_bytes(), condition).into()).await {
                    Ok(_) => done += 1,
                    Err(StoreError::Kv(KvError::Conflict { .. })) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    tasks.join_all().await;
    let entry = test.reopen().store.kv_get(&place(), "counter").await.unwrap().unwrap();
    assert_eq!((entry.value, entry.version), ((TASKS * STEPS).to_string().into_bytes(), TASKS * STEPS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_future_is_dropped_takes_place_all_the_same() {
    let test = TestStore::new();
    let held = Held::new(&test.store).await;
    {
        let dropped = pin!(test.store.commit(put("k", b"1", Condition::Absent).into()));
        assert!(is_waiting(dropped).await);
    }
    held.release().await;
    test.store.commit(Batch::default()).await.unwrap();
    assert_eq!(version(&test.store, "k").await, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_holds_writers_back_and_a_cancelled_one_never_enters() {
    let test = TestStore::new();
    let held = Held::new(&test.store).await;
    // Heavier than the queue: it waits until the queue is empty, and everybody behind it waits with it.
    let mut heavy = pin!(test.store.write(usize::MAX, |_| Ok(())));
    assert!(is_waiting(heavy.as_mut()).await);
    {
        let cancelled = pin!(test.store.commit(put("cancelled", b"1", Condition::Absent).into()));
        assert!(is_waiting(cancelled).await);
    }
    held.release().await;
    heavy.await.unwrap();
    test.store.commit(put("later", b"1", Condition::Absent).into()).await.unwrap();
    assert_eq!((version(&test.store, "cancelled").await, version(&test.store, "later").await), (None, Some(1)));
}

#[tokio::test]
async fn after_a_failed_commit_nothing_is_written_any_more_and_reads_go_on() {
    let test = TestStore::new();
    test.store.commit(put("before", b"1", Condition::Absent).into()).await.unwrap();
    // A deferred foreign key is judged at the commit, so it makes the commit itself fail.
    let tables = "CREATE TABLE parent (id INTEGER PRIMARY KEY);
                  CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);";
    sql(&test.store, tables).await.unwrap();
    let held = Held::new(&test.store).await;
    let (innocent, culprit, ()) = tokio::join!(
        test.store.commit(put("innocent", b"1", Condition::Absent).into()),
        sql(&test.store, "INSERT INTO child VALUES (1)"),
        held.release()
    );
    assert!(matches!(innocent, Err(StoreError::Commit(_))), "{innocent:?}");
    assert!(matches!(culprit, Err(StoreError::Commit(_))), "{culprit:?}");

    assert!(!test.store.is_well());
    let later = test.store.commit(put("later", b"1", Condition::Absent).into()).await;
    assert!(matches!(later, Err(StoreError::Failed)), "{later:?}");
    assert_eq!((version(&test.store, "before").await, version(&test.store, "innocent").await), (Some(1), None));

    let test = test.reopen();
    assert!(test.store.is_well());
    assert_eq!((version(&test.store, "before").await, version(&test.store, "later").await), (Some(1), None));
    test.store.commit(put("later", b"1", Condition::Absent).into()).await.unwrap();
}

#[tokio::test]
async fn without_space_nobody_is_told_stored_for_what_is_not_and_writing_goes_on_afterwards() {
    let test = TestStore::new();
    test.store.commit(put("before", b"1", Condition::Absent).into()).await.unwrap();
    let limit = |connection: &Connection, pages: i64| {
        connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0))
    };
    let pages = test.store.write(0, move |connection| Ok(limit(connection, 1).unwrap())).await.unwrap();

    let held = Held::new(&test.store).await;
    let (small, large, ()) = tokio::join!(
        test.store.commit(put("small", b"1", Condition::Absent).into()),
        test.store.commit(put("large", &vec![0; 1 << 20], Condition::Absent).into()),
        held.release()
    );
    assert!(matches!(large, Err(StoreError::Kv(KvError::Write { .. }))), "{large:?}");
    assert_eq!(version(&test.store, "large").await, None);
    assert_eq!(version(&test.store, "small").await.is_some(), small.is_ok(), "{small:?}");

    assert!(test.store.is_well());
    test.store.write(0, move |connection| Ok(limit(connection, pages + 10_000).unwrap())).await.unwrap();
    test.store.commit(put("large", &vec![0; 1 << 20], Condition::Absent).into()).await.unwrap();
    assert_eq!(version(&test.reopen().store, "large").await, Some(1));
}

#[tokio::test]
async fn a_read_that_panics_is_told_and_costs_no_reader() {
    let test = TestStore::new();
    for _ in 0..10 {
        let result: Result<(), _> = test.store.read(|_| panic!("on purpose")).await;
        assert!(matches!(result, Err(StoreError::Stopped)), "{result:?}");
    }
    assert_eq!(version(&test.store, "k").await, None);
}
