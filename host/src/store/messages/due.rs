//! What the platform is to be asked or told of now: hinted messages are fetched, done ones resolved.

use rusqlite::{Connection, params};

use super::{unread, unwritten};
use crate::store::{Store, StoreError, from_sql, to_sql};

/// A message that waits for a call to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub id: String,
    /// How often the call was made in vain.
    pub tries: u32,
}

/// The messages of a service that wait for one kind of call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due {
    /// For which it is time, those due first first.
    pub now: Vec<Waiting>,
    /// When it is time for the first of all others.
    pub next_ms: Option<u64>,
}

impl Store {
    /// The hinted messages of a service that are to be fetched; at most `limit` now.
    ///
    /// Cancellation: harmless.
    pub async fn messages_to_fetch(&self, service: &str, now_ms: u64, limit: u32) -> Result<Due, StoreError> {
        self.messages_due(service, now_ms, limit, &HINTED).await
    }

    /// The done messages of a service that are to be resolved; at most `limit` now.
    ///
    /// Cancellation: harmless.
    pub async fn messages_to_resolve(&self, service: &str, now_ms: u64, limit: u32) -> Result<Due, StoreError> {
        self.messages_due(service, now_ms, limit, &DONE).await
    }

    /// Puts off the call that a hinted or done message waits for: it came to nothing.
    ///
    /// Cancellation: as for [`Store::commit`]; the call then is due as before.
    pub async fn message_put_off(&self, service: &str, id: &str, due_ms: u64) -> Result<(), StoreError> {
        let (service, id) = (service.to_owned(), id.to_owned());
        self.write(0, move |connection| {
            connection
                .prepare_cached(
                    "UPDATE messages SET due_ms = ?3, tries = tries + 1
                     WHERE service = ?1 AND id = ?2 AND state IN ('hinted', 'done')",
                )
                .and_then(|mut statement| statement.execute(params![service, id, to_sql(due_ms)]))
                .map(drop)
                .map_err(unwritten(&service))
        })
        .await
    }

    async fn messages_due(
        &self,
        service: &str,
        now_ms: u64,
        limit: u32,
        statements: &'static Statements,
    ) -> Result<Due, StoreError> {
        let service = service.to_owned();
        self.read(move |connection| due(connection, &service, now_ms, limit, statements).map_err(unread)).await
    }
}

/// The states stand in the text, because a partial index serves only a statement that names its condition.
struct Statements {
    now: &'static str,
    next: &'static str,
}

const HINTED: Statements = Statements {
    now: "SELECT id, tries FROM messages WHERE service = ?1 AND state = 'hinted' AND due_ms <= ?2
          ORDER BY due_ms, number LIMIT ?3",
    next: "SELECT min(due_ms) FROM messages WHERE service = ?1 AND state = 'hinted' AND due_ms > ?2",
};
const DONE: Statements = Statements {
    now: "SELECT id, tries FROM messages WHERE service = ?1 AND state = 'done' AND due_ms <= ?2
          ORDER BY due_ms, number LIMIT ?3",
    next: "SELECT min(due_ms) FROM messages WHERE service = ?1 AND state = 'done' AND due_ms > ?2",
};

fn due(connection: &Connection, service: &str, now_ms: u64, limit: u32, statements: &Statements) -> rusqlite::Result<Due> {
    let now = connection
        .prepare_cached(statements.now)?
        .query_map(params![service, to_sql(now_ms), limit], |row| Ok(Waiting { id: row.get(0)?, tries: row.get(1)? }))?
        .collect::<rusqlite::Result<_>>()?;
    let next: Option<i64> =
        connection.prepare_cached(statements.next)?.query_row(params![service, to_sql(now_ms)], |row| row.get(0))?;
    Ok(Due { now, next_ms: next.map(from_sql) })
}
