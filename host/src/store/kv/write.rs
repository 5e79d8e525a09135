//! Writing and erasing, inside the transaction of the store's writer.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::{
    Applied, Apply, Change, Erased, KvError, ROW, Redo, Scope,
    judge::{self, Sums},
    rows::Rows,
};
use crate::store::{from_sql, to_sql};

/// Makes all changes, or fails; the caller rolls back what was done before the failure.
pub(in crate::store) fn apply(connection: &Connection, apply: &Apply) -> Result<Vec<Applied>, KvError> {
    judge::check(apply)?;
    let Apply { place, changes, .. } = apply;
    let failed = |source| KvError::Write { service: place.service.clone(), source: Arc::new(source) };
    let rows = Rows::new(connection, place);
    let mut seen = rows.look(changes).map_err(failed)?;
    let (floor, sums) = (seen.floor, seen.sums);
    let applied = judge::judge(&mut seen, apply)?;
    let write = || {
        for (change, applied) in changes.iter().zip(&applied) {
            match change {
                Change::Put { key, value, .. } => rows.put(key, value, applied.version)?,
                Change::Remove { key, .. } if applied.existed => rows.remove(key)?,
                Change::Remove { .. } => {}
            }
        }
        if seen.floor > floor {
            rows.raise(seen.floor)?;
        }
        if seen.sums == sums { Ok(()) } else { seen.sums.save(connection, &place.service) }
    };
    write().map_err(failed)?;
    Ok(applied)
}

/// Makes the changes of an overlay, if they come to the same here; the caller rolls back what was done before the failure.
pub(in crate::store) fn redo(connection: &Connection, Redo { apply, told }: &Redo) -> Result<(), KvError> {
    let overtaken = |key: &str| KvError::Overtaken { service: apply.place.service.clone(), key: key.to_owned() };
    let applied = self::apply(connection, apply).map_err(|error| match error {
        KvError::Conflict { key, .. } => overtaken(&key),
        other => other,
    })?;
    let differs = applied.iter().zip(told).position(|(applied, told)| applied != told);
    differs.map_or(Ok(()), |index| Err(overtaken(apply.changes[index].key())))
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
