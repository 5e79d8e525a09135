//! What an operator may ask and do.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{COLUMNS, Message, MessageError, PAGE, PURGE, State, is_own, message, queue, unread, unwritten};
use crate::store::{Batch, Store, StoreError, from_sql, to_sql};

/// Which messages to list; what is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    pub service: Option<String>,
    pub state: Option<State>,
    pub app_key: Option<String>,
}

/// What becomes of a dead message that is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// It is delivered again.
    Known,
    /// Its content could not be read: the platform is asked for it again.
    Hinted,
}

/// What becomes of a dead message that is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// It is gone as if it had never come, and stays so when the platform lists it again.
    Gone,
    /// It counts as handled without any plugin having been told of it: what that changes is stored with it, and the platform is
    /// told that it is done.
    Done(Batch),
}

/// All unfinished messages of an app count as handled, a delivery that is under way included: what it writes is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub service: String,
    pub app_key: String,
    pub now_ms: u64,
}

impl Store {
    /// Messages in the order of arrival: those after the number `after`, at most `limit` of them and at most [`PAGE`].
    ///
    /// Cancellation: harmless.
    pub async fn messages(&self, filter: Filter, after: u64, limit: u32) -> Result<Vec<Message>, StoreError> {
        self.read(move |connection| list(connection, &filter, after, limit.min(PAGE)).map_err(unread)).await
    }

    /// One message.
    ///
    /// Cancellation: harmless.
    pub async fn message(&self, service: &str, id: &str) -> Result<Option<Message>, StoreError> {
        let (service, id) = (service.to_owned(), id.to_owned());
        self.read(move |connection| {
            connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM messages WHERE service = ?1 AND id = ?2"))
                .and_then(|mut statement| statement.query_row([&service, &id], message).optional())
                .map_err(unread)
        })
        .await
    }

    /// How many messages each service has in each state; those of 0 may be missing.
    ///
    /// Cancellation: harmless.
    pub async fn message_counts(&self) -> Result<Vec<(String, State, u64)>, StoreError> {
        self.read(|connection| {
            let counts = || {
                connection
                    .prepare_cached("SELECT service, state, count FROM message_counts ORDER BY service, state")?
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?, from_sql(row.get(2)?))))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            };
            counts().map_err(unread)
        })
        .await
    }

    /// Lets a dead message try again, as if for the first time. Fails with [`MessageError::Unknown`] or
    /// [`MessageError::NotDead`].
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn message_retry(&self, service: &str, id: &str, now_ms: u64) -> Result<Retried, StoreError> {
        let (service, id) = (service.to_owned(), id.to_owned());
        self.write(0, move |connection| {
            let dead = dead(connection, &service, &id)?;
            let how = if dead.about.is_some() { Retried::Known } else { Retried::Hinted };
            let state = if how == Retried::Known { "known" } else { "hinted" };
            connection
                .prepare_cached(
                    "UPDATE messages SET state = ?2, attempts = 0, tries = 0, reason = NULL, changed_ms = ?3, due_ms = ?3,
                         patient = 0
                     WHERE number = ?1",
                )
                .and_then(|mut statement| statement.execute(params![to_sql(dead.number), state, to_sql(now_ms)]))
                .map_err(unwritten(&service))?;
            Ok(how)
        })
        .await
    }

    /// Takes a dead message out of its app's queue, so that the others go on; returns it as it was. Fails with
    /// [`MessageError::Unknown`] or [`MessageError::NotDead`].
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn message_drop(&self, service: &str, id: &str, how: Dropped, now_ms: u64) -> Result<Message, StoreError> {
        let (service, id) = (service.to_owned(), id.to_owned());
        self.write(0, move |connection| {
            let dead = dead(connection, &service, &id)?;
            drop_it(connection, &dead, &how, now_ms).map_err(unwritten(&service))?;
            if let Dropped::Done(changes) = &how {
                changes.run(connection)?;
            }
            Ok(dead)
        })
        .await
    }
}

pub(in crate::store) fn end(connection: &Connection, end: &End) -> Result<(), StoreError> {
    end_all(connection, end).map_err(unwritten(&end.service))
}

/// Those of the platform are remembered, so that a list that was made before finds them; the host's own are gone.
fn end_all(connection: &Connection, End { service, app_key, now_ms }: &End) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM messages
             WHERE service = ?1 AND app_key = ?2 AND state IN ('known', 'claimed', 'dead') AND id GLOB ?3",
        )?
        .execute(params![service, app_key, format!("{PURGE}*")])?;
    connection
        .prepare_cached(
            "UPDATE messages SET state = 'resolved', head = 0, owner = NULL, expires_ms = NULL, content = NULL, reason = NULL,
                 tries = 0, changed_ms = ?3
             WHERE service = ?1 AND app_key = ?2 AND state IN ('known', 'claimed', 'dead')",
        )?
        .execute(params![service, app_key, to_sql(*now_ms)])
        .map(drop)
}

/// Conditions are written out, because a partial index serves only a statement that names its state.
fn list(connection: &Connection, filter: &Filter, after: u64, limit: u32) -> rusqlite::Result<Vec<Message>> {
    let Filter { service, state, app_key } = filter;
    let mut sql = format!("SELECT {COLUMNS} FROM messages WHERE number > ?1");
    if let Some(state) = state {
        sql += &format!(" AND state = '{state}'");
    }
    for (column, place, value) in [("service", 2, service), ("app_key", 3, app_key)] {
        if value.is_some() {
            sql += &format!(" AND {column} = ?{place}");
        } else {
            // Keeps the numbers of the parameters.
            sql += &format!(" AND ?{place} IS NULL");
        }
    }
    sql += " ORDER BY number LIMIT ?4";
    connection.prepare_cached(&sql)?.query_map(params![to_sql(after), service, app_key, limit], message)?.collect()
}

fn dead(connection: &Connection, service: &str, id: &str) -> Result<Message, StoreError> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM messages WHERE service = ?1 AND id = ?2"))
        .and_then(|mut statement| statement.query_row([service, id], message).optional())
        .map_err(unread)?;
    let (service, id) = (service.to_owned(), id.to_owned());
    match found {
        None => Err(MessageError::Unknown { service, id }.into()),
        Some(message) if message.state == State::Dead => Ok(message),
        Some(message) => Err(MessageError::NotDead { service, id, state: message.state }.into()),
    }
}

fn drop_it(connection: &Connection, dead: &Message, how: &Dropped, now_ms: u64) -> rusqlite::Result<()> {
    match how {
        Dropped::Done(_) if !is_own(&dead.id) => {
            connection
                .prepare_cached(
                    "UPDATE messages SET state = 'done', head = 0, tries = 0, changed_ms = ?2, due_ms = ?2 WHERE number = ?1",
                )?
                .execute(params![to_sql(dead.number), to_sql(now_ms)])?;
        }
        Dropped::Gone | Dropped::Done(_) => {
            connection.prepare_cached("DELETE FROM messages WHERE number = ?1")?.execute([to_sql(dead.number)])?;
            if !is_own(&dead.id) {
                connection
                    .prepare_cached(
                        "INSERT INTO messages_dropped (service, id, seen_ms) VALUES (?1, ?2, ?3)
                         ON CONFLICT DO UPDATE SET seen_ms = excluded.seen_ms",
                    )?
                    .execute(params![dead.service, dead.id, to_sql(now_ms)])?;
            }
        }
    }
    match &dead.about {
        Some(about) => queue::settle(connection, &dead.service, &about.app_key, now_ms),
        None => Ok(()),
    }
}
