//! Hints: what a notice named, until the platform tells more.

use rusqlite::{Connection, params};

use super::{HINTS, State, count, unwritten};
use crate::{
    failpoint,
    store::{Store, StoreError, to_sql},
};

/// What came of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// It is on disk now.
    Stored,
    /// The message was stored before, in whatever state, or an operator dropped it.
    There,
    /// [`HINTS`] of the service wait already.
    Full,
}

impl Store {
    /// Stores that a notice named message `id`, unless the message is known already.
    ///
    /// Cancellation: as for [`Store::commit`]; repeating is harmless.
    pub async fn message_hint(&self, service: &str, id: &str, now_ms: u64) -> Result<Hint, StoreError> {
        let (service, id) = (service.to_owned(), id.to_owned());
        self.write(0, move |connection| hint(connection, &service, &id, now_ms).map_err(unwritten(&service))).await
    }

    /// Forgets a hint: the platform does not know the message, or it is another service's. Returns whether it was one.
    ///
    /// Cancellation: as for [`Store::commit`]; repeating is harmless.
    pub async fn message_forget(&self, service: &str, id: &str) -> Result<bool, StoreError> {
        let (service, id) = (service.to_owned(), id.to_owned());
        self.write(0, move |connection| {
            connection
                .prepare_cached("DELETE FROM messages WHERE service = ?1 AND id = ?2 AND state = 'hinted'")
                .and_then(|mut statement| statement.execute(params![service, id]))
                .map(|changed| changed == 1)
                .map_err(unwritten(&service))
        })
        .await
    }
}

fn hint(connection: &Connection, service: &str, id: &str, now_ms: u64) -> rusqlite::Result<Hint> {
    if is_there(connection, service, id)? {
        return Ok(Hint::There);
    }
    if count(connection, service, &[State::Hinted])? >= HINTS {
        return Ok(Hint::Full);
    }
    connection
        .prepare_cached(
            "INSERT INTO messages (service, id, state, at_ms, changed_ms, due_ms) VALUES (?1, ?2, 'hinted', ?3, ?3, ?3)",
        )?
        .execute(params![service, id, to_sql(now_ms)])?;
    failpoint::at_commit("hint.before-sync");
    Ok(Hint::Stored)
}

fn is_there(connection: &Connection, service: &str, id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE service = ?1 AND id = ?2)
                 OR EXISTS (SELECT 1 FROM messages_dropped WHERE service = ?1 AND id = ?2)",
        )?
        .query_row(params![service, id], |row| row.get(0))
}
