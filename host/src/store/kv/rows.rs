//! The rows of one place as the tables have them, and what is kept beside them.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    Change, Place,
    judge::{Row, Seen, Sums},
};
use crate::store::{from_sql, to_sql};

/// One place of the database.
pub(super) struct Rows<'a> {
    connection: &'a Connection,
    place: &'a Place,
    scope: String,
}

impl<'a> Rows<'a> {
    pub(super) fn new(connection: &'a Connection, place: &'a Place) -> Self {
        Self { connection, place, scope: place.scope.column() }
    }

    /// All that has to be known to judge `changes`.
    pub(super) fn look<'c>(&self, changes: &'c [Change]) -> rusqlite::Result<Seen<'c>> {
        let mut seen = Seen { rows: Default::default(), floor: 0, sums: Sums::load(self.connection, &self.place.service)? };
        for change in changes {
            if !seen.rows.contains_key(change.key()) {
                seen.rows.insert(change.key(), self.find(change.key())?);
            }
        }
        // Only a key that is new, or will be gone, has anything to do with the floor; most writes are of keys that stay.
        let stays = |change: &Change| matches!(change, Change::Put { key, .. } if seen.rows[key.as_str()].is_some());
        if !changes.iter().all(stays) {
            seen.floor = self.floor()?;
        }
        Ok(seen)
    }

    pub(super) fn find(&self, key: &str) -> rusqlite::Result<Option<Row>> {
        self.connection
            .prepare_cached(
                "SELECT version, length(value) FROM kv WHERE service = ?1 AND scope = ?2 AND store = ?3 AND key = ?4",
            )?
            .query_row(params![self.place.service, self.scope, self.place.store, key.as_bytes()], |row| {
                Ok(Row { version: from_sql(row.get(0)?), length: from_sql(row.get(1)?) })
            })
            .optional()
    }

    /// The highest version that a removed key of this store ever had.
    pub(super) fn floor(&self) -> rusqlite::Result<u64> {
        let floor = self
            .connection
            .prepare_cached("SELECT floor FROM kv_floors WHERE service = ?1 AND scope = ?2 AND store = ?3")?
            .query_row(params![self.place.service, self.scope, self.place.store], |row| row.get(0))
            .optional()?;
        Ok(from_sql(floor.unwrap_or(0)))
    }

    pub(super) fn put(&self, key: &str, value: &[u8], version: u64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO kv (service, scope, store, key, version, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET version = excluded.version, value = excluded.value",
            )?
            .execute(params![self.place.service, self.scope, self.place.store, key.as_bytes(), to_sql(version), value])
            .map(drop)
    }

    pub(super) fn remove(&self, key: &str) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM kv WHERE service = ?1 AND scope = ?2 AND store = ?3 AND key = ?4")?
            .execute(params![self.place.service, self.scope, self.place.store, key.as_bytes()])
            .map(drop)
    }

    /// Raises the store's floor.
    pub(super) fn raise(&self, floor: u64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO kv_floors (service, scope, store, floor) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET floor = max(floor, excluded.floor)",
            )?
            .execute(params![self.place.service, self.scope, self.place.store, to_sql(floor)])
            .map(drop)
    }
}

impl Sums {
    pub(super) fn load(connection: &Connection, service: &str) -> rusqlite::Result<Self> {
        let found = connection
            .prepare_cached("SELECT bytes, floor FROM kv_services WHERE service = ?1")?
            .query_row([service], |row| Ok(Self { bytes: from_sql(row.get(0)?), floor: from_sql(row.get(1)?) }))
            .optional()?;
        Ok(found.unwrap_or(Self { bytes: 0, floor: 0 }))
    }

    pub(super) fn save(self, connection: &Connection, service: &str) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO kv_services (service, bytes, floor) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET bytes = excluded.bytes, floor = excluded.floor",
            )?
            .execute(params![service, to_sql(self.bytes), to_sql(self.floor)])
            .map(drop)
    }
}
