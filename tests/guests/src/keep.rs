//! Does with its stores what it is told.

use wharf_sdk::prelude::*;

/// One thing to do in one store.
#[derive(Deserialize)]
struct Task {
    store: String,
    #[serde(default)]
    shared: bool,
    changes: Option<Vec<Change>>,
    get: Option<String>,
    keys: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
struct Change {
    key: String,
    /// Without one the key is removed.
    value: Option<String>,
    /// Bytes of filling behind the value.
    #[serde(default)]
    filling: usize,
    /// 0 for a key that must not be there.
    version: Option<u64>,
}

#[derive(Default, Serialize)]
struct Done {
    versions: Option<Vec<u64>>,
    value: Option<String>,
    version: Option<u64>,
    keys: Option<Vec<String>>,
    next: Option<String>,
    error: Option<String>,
}

#[post("/")]
fn keep(Json(task): Json<Task>) -> Json<Done> {
    let done = run(task).unwrap_or_else(|error| Done { error: Some(error.code().to_owned()), ..Done::default() });
    Json(done)
}

fn run(task: Task) -> Result<Done> {
    let store = if task.shared { kv::shared(&task.store)? } else { kv::store(&task.store)? };
    let mut done = Done::default();
    if let Some(changes) = task.changes {
        done.versions = Some(store.apply(changes.into_iter().fold(kv::Batch::new(), change))?);
    }
    if let Some(entry) = task.get.map(|key| store.get(&key)).transpose()?.flatten() {
        (done.value, done.version) = (Some(String::from_utf8(entry.value)?), Some(entry.version));
    }
    if let Some(prefix) = task.keys {
        let page = store.keys(&prefix, task.after.as_deref(), task.limit.unwrap_or(1_000))?;
        (done.keys, done.next) = (Some(page.keys), page.next);
    }
    Ok(done)
}

fn change(batch: kv::Batch, change: Change) -> kv::Batch {
    let condition = match change.version {
        None => kv::Condition::Always,
        Some(0) => kv::Condition::Absent,
        Some(version) => kv::Condition::Version(version),
    };
    match change.value {
        Some(value) => batch.set_if(change.key, format!("{value}{}", ".".repeat(change.filling)), condition),
        None => batch.delete_if(change.key, condition),
    }
}

/// Opens a store as often as told, and keeps all of them open.
#[post("/hoard/{count}")]
fn hoard(count: usize) -> String {
    let opened: Result<Vec<kv::Store>> = (0..count).map(|_| kv::store("own")).collect();
    opened.map_or_else(|error| error.code().to_owned(), |stores| stores.len().to_string())
}

/// Counts in a key.
#[post("/count/{key}")]
fn count(key: String) -> Result<Json<u32>> {
    kv::store("own")?.update_json(&key, |count: Option<u32>| Ok(count.unwrap_or(0) + 1)).map(Json)
}

service!(keep, hoard, count);
