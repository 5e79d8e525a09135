//! Writing and erasing, inside the transaction of the store's writer.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Applied, Apply, CHANGES, Change, Condition, Erased, KEY, KvError, Place, ROW, Scope, weight};
use crate::store::{from_sql, to_sql};

/// Makes all changes, or fails; the caller rolls back what was done before the failure.
pub(in crate::store) fn apply(connection: &Connection, apply: &Apply) -> Result<Vec<Applied>, KvError> {
    let Apply { place, changes, quota } = apply;
    if changes.len() > CHANGES {
        return Err(KvError::TooMany { count: changes.len() });
    }
    for change in changes {
        check(change, quota.value)?;
    }
    let failed = |source| KvError::Write { service: place.service.clone(), source: Arc::new(source) };
    let rows = Rows { connection, place, scope: place.scope.column() };
    let before = Sums::load(connection, &place.service).map_err(failed)?;
    let mut bytes = before.bytes;
    let mut applied = Vec::with_capacity(changes.len());
    for (index, change) in changes.iter().enumerate() {
        let key = change.key();
        let found = rows.find(key).map_err(failed)?;
        let version = found.as_ref().map(|row| row.version);
        let holds = match change.condition() {
            Condition::Always => true,
            Condition::Absent => version.is_none(),
            Condition::Version(wanted) => version == Some(wanted),
        };
        if !holds {
            return Err(KvError::Conflict { index, key: key.to_owned(), found: version });
        }
        // Never below 0 unless somebody else changed the tables; a wrong sum must not stop the writer.
        bytes = bytes.saturating_sub(found.as_ref().map_or(0, |row| weight(key.len(), row.length)));
        let version = match change {
            Change::Put { value, .. } => {
                bytes += weight(key.len(), value.len() as u64);
                let last = match version {
                    Some(version) => version,
                    None => before.floor.max(rows.floor().map_err(failed)?),
                };
                rows.put(key, value, last + 1).map_err(failed)?;
                last + 1
            }
            Change::Remove { .. } => {
                if let Some(version) = version {
                    rows.remove(key, version).map_err(failed)?;
                }
                0
            }
        };
        applied.push(Applied { version, existed: found.is_some() });
    }
    if bytes > before.bytes && bytes > quota.total {
        return Err(KvError::Quota { service: place.service.clone(), asked: bytes, allowed: quota.total });
    }
    Sums { bytes, ..before }.save(connection, &place.service).map_err(failed)?;
    Ok(applied)
}

/// Removes all rows of an app, and everything that names it.
pub(in crate::store) fn erase(connection: &Connection, service: &str, app: &str) -> Result<Erased, KvError> {
    let run = || -> rusqlite::Result<Erased> {
        let scope = Scope::App(app.to_owned()).column();
        let (keys, bytes, highest) = connection
            .prepare_cached(
                "SELECT count(*), coalesce(sum(length(key) + length(value) + ?3), 0), coalesce(max(version), 0)
                 FROM kv WHERE service = ?1 AND scope = ?2",
            )?
            .query_row(params![service, scope, to_sql(ROW)], |row| {
                Ok((from_sql(row.get(0)?), from_sql(row.get(1)?), from_sql(row.get(2)?)))
            })?;
        let floor = connection
            .prepare_cached("SELECT coalesce(max(floor), 0) FROM kv_floors WHERE service = ?1 AND scope = ?2")?
            .query_row(params![service, scope], |row| Ok(from_sql(row.get(0)?)))?;
        connection.prepare_cached("DELETE FROM kv WHERE service = ?1 AND scope = ?2")?.execute(params![service, scope])?;
        connection.prepare_cached("DELETE FROM kv_floors WHERE service = ?1 AND scope = ?2")?.execute(params![service, scope])?;
        let before = Sums::load(connection, service)?;
        let after = Sums { bytes: before.bytes.saturating_sub(bytes), floor: before.floor.max(highest).max(floor) };
        if after != before {
            after.save(connection, service)?;
        }
        Ok(Erased { keys, bytes })
    };
    run().map_err(|source| KvError::Write { service: service.to_owned(), source: Arc::new(source) })
}

/// What can be refused without looking at a row.
fn check(change: &Change, value_limit: u64) -> Result<(), KvError> {
    let length = change.key().len();
    if length == 0 || length > KEY {
        return Err(KvError::KeyLength { length });
    }
    match change {
        Change::Put { key, value, .. } if value.len() as u64 > value_limit => {
            Err(KvError::ValueTooLarge { key: key.clone(), asked: value.len() as u64, allowed: value_limit })
        }
        Change::Put { .. } | Change::Remove { .. } => Ok(()),
    }
}

/// What is kept of a service beside its rows.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sums {
    bytes: u64,
    floor: u64,
}

impl Sums {
    fn load(connection: &Connection, service: &str) -> rusqlite::Result<Self> {
        let found = connection
            .prepare_cached("SELECT bytes, floor FROM kv_services WHERE service = ?1")?
            .query_row([service], |row| Ok(Self { bytes: from_sql(row.get(0)?), floor: from_sql(row.get(1)?) }))
            .optional()?;
        Ok(found.unwrap_or(Self { bytes: 0, floor: 0 }))
    }

    fn save(self, connection: &Connection, service: &str) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO kv_services (service, bytes, floor) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET bytes = excluded.bytes, floor = excluded.floor",
            )?
            .execute(params![service, to_sql(self.bytes), to_sql(self.floor)])
            .map(drop)
    }
}

/// The rows of one place.
struct Rows<'a> {
    connection: &'a Connection,
    place: &'a Place,
    scope: String,
}

/// What a condition and the quota need to know of a row; its value is not read.
struct Row {
    version: u64,
    length: u64,
}

impl Rows<'_> {
    fn find(&self, key: &str) -> rusqlite::Result<Option<Row>> {
        self.connection
            .prepare_cached(
                "SELECT version, length(value) FROM kv WHERE service = ?1 AND scope = ?2 AND store = ?3 AND key = ?4",
            )?
            .query_row(params![self.place.service, self.scope, self.place.store, key.as_bytes()], |row| {
                Ok(Row { version: from_sql(row.get(0)?), length: from_sql(row.get(1)?) })
            })
            .optional()
    }

    fn put(&self, key: &str, value: &[u8], version: u64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO kv (service, scope, store, key, version, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET version = excluded.version, value = excluded.value",
            )?
            .execute(params![self.place.service, self.scope, self.place.store, key.as_bytes(), to_sql(version), value])
            .map(drop)
    }

    /// Removes a row that has `version`, and raises the store's floor to it.
    fn remove(&self, key: &str, version: u64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM kv WHERE service = ?1 AND scope = ?2 AND store = ?3 AND key = ?4")?
            .execute(params![self.place.service, self.scope, self.place.store, key.as_bytes()])?;
        self.connection
            .prepare_cached(
                "INSERT INTO kv_floors (service, scope, store, floor) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET floor = max(floor, excluded.floor)",
            )?
            .execute(params![self.place.service, self.scope, self.place.store, to_sql(version)])
            .map(drop)
    }

    /// The highest version that a removed key of this store ever had.
    fn floor(&self) -> rusqlite::Result<u64> {
        let floor = self
            .connection
            .prepare_cached("SELECT floor FROM kv_floors WHERE service = ?1 AND scope = ?2 AND store = ?3")?
            .query_row(params![self.place.service, self.scope, self.place.store], |row| row.get(0))
            .optional()?;
        Ok(from_sql(floor.unwrap_or(0)))
    }
}
