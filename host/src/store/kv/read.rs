//! Reading keys and values.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{KvError, Place};
use crate::store::{Store, StoreError, from_sql, to_sql};

/// The most keys on one page.
pub const PAGE: u32 = 1_000;

/// A value and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub value: Vec<u8>,
    /// At least 1.
    pub version: u64,
}

/// Some keys of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// In the order of their bytes.
    pub keys: Vec<String>,
    /// What to give as `after` for the next page; `None` when there are no more keys.
    pub next: Option<String>,
}

impl Store {
    /// The value of `key`, or `None`. A key that could not be written is not there.
    ///
    /// Cancellation: harmless.
    pub async fn kv_get(&self, place: &Place, key: &str) -> Result<Option<Entry>, StoreError> {
        let (place, key) = (place.clone(), key.to_owned());
        self.read(move |connection| get(connection, &place, &key).map_err(|source| failed(&place.service, source))).await
    }

    /// The keys that begin with `prefix` and come after `after`, in the order of their bytes: at most `limit` of them, and at
    /// most [`PAGE`]. A limit of 0 asks for nothing and is told nothing, `next` included.
    ///
    /// Cancellation: harmless.
    pub async fn kv_keys(&self, place: &Place, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        let (place, prefix, after) = (place.clone(), prefix.to_owned(), after.map(str::to_owned));
        let limit = limit.min(PAGE) as usize;
        self.read(move |connection| {
            let keys = scan(connection, &place, &prefix, after.as_deref(), limit + 1);
            Ok(Page::of(keys.map_err(|source| failed(&place.service, source))?, limit))
        })
        .await
    }
}

impl Page {
    /// The first `limit` of `keys`, of which one more than that tells that there is a next page.
    pub(super) fn of(mut keys: Vec<String>, limit: usize) -> Self {
        let more = keys.len() > limit;
        keys.truncate(limit);
        Self { next: keys.last().filter(|_| more).cloned(), keys }
    }
}

pub(super) fn failed(service: &str, source: rusqlite::Error) -> StoreError {
    KvError::Read { service: service.to_owned(), source: Arc::new(source) }.into()
}

fn get(connection: &Connection, place: &Place, key: &str) -> rusqlite::Result<Option<Entry>> {
    connection
        .prepare_cached("SELECT value, version FROM kv WHERE service = ?1 AND scope = ?2 AND store = ?3 AND key = ?4")?
        .query_row(params![place.service, place.scope.column(), place.store, key.as_bytes()], |row| {
            Ok(Entry { value: row.get(0)?, version: from_sql(row.get(1)?) })
        })
        .optional()
}

/// The first `count` keys that begin with `prefix` and come after `after`.
pub(super) fn scan(
    connection: &Connection,
    place: &Place,
    prefix: &str,
    after: Option<&str>,
    count: usize,
) -> rusqlite::Result<Vec<String>> {
    // The range [from, to) of the index: `from` is the prefix, or the very next key after `after`; `to` is the first key past
    // all that begin with the prefix. UTF-8 never has a byte 0xff, so its last byte can be counted up, and 0xff itself is past
    // every key.
    let mut to = prefix.as_bytes().to_vec();
    match to.last_mut() {
        Some(last) => *last += 1,
        None => to.push(0xff),
    }
    let mut from = prefix.as_bytes().to_vec();
    if let Some(after) = after
        && after >= prefix
    {
        from = after.as_bytes().to_vec();
        from.push(0);
    }
    let mut statement = connection.prepare_cached(
        "SELECT key FROM kv WHERE service = ?1 AND scope = ?2 AND store = ?3 AND key >= ?4 AND key < ?5 ORDER BY key LIMIT ?6",
    )?;
    let count = to_sql(count as u64);
    let rows = statement.query_map(params![place.service, place.scope.column(), place.store, from, to, count], |row| {
        String::from_utf8(row.get(0)?)
            .map_err(|_| rusqlite::Error::InvalidColumnType(0, "key".to_owned(), rusqlite::types::Type::Blob))
    })?;
    rows.collect()
}
