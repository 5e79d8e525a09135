//! An app's unfinished messages, in the order of their places; the first one is the head.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{State, is_own};
use crate::store::{from_sql, to_sql};

/// The next place of a service.
pub(in crate::store) fn next_place(connection: &Connection, service: &str) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(
            "INSERT INTO message_places (service, next) VALUES (?1, 2)
             ON CONFLICT DO UPDATE SET next = next + 1 RETURNING next - 1",
        )?
        .query_row([service], |row| row.get(0))
        .map(from_sql)
}

/// Makes the first of an app's unfinished messages the head, and no other. To be called after whatever may have changed who
/// that is. A claimed message stays the head until its claim has ended, wherever it stands by then: an app has one claim.
///
/// A purge that is not claimed gives way as soon as another message stands behind it: it is taken out, and its timer is due
/// again. If the other one is a subscribe, that stops the timer; and a purge that cannot be delivered never holds a subscribe.
pub(in crate::store) fn settle(connection: &Connection, service: &str, app_key: &str, now_ms: u64) -> rusqlite::Result<()> {
    loop {
        if head_state(connection, service, app_key)? == Some(State::Claimed) {
            return Ok(());
        }
        let Some(first) = first(connection, service, app_key)? else { return Ok(()) };
        if is_own(&first.id) && has_others(connection, service, app_key, first.number)? {
            connection.prepare_cached("DELETE FROM messages WHERE number = ?1")?.execute([to_sql(first.number)])?;
            connection
                .prepare_cached(
                    "UPDATE subscriptions SET purge_ms = ?3 WHERE service = ?1 AND app_key = ?2 AND state = 'cancelled'",
                )?
                .execute(params![service, app_key, to_sql(now_ms)])?;
            continue;
        }
        if !first.head {
            connection
                .prepare_cached("UPDATE messages SET head = 0 WHERE service = ?1 AND app_key = ?2 AND head = 1")?
                .execute(params![service, app_key])?;
            connection.prepare_cached("UPDATE messages SET head = 1 WHERE number = ?1")?.execute([to_sql(first.number)])?;
        }
        return Ok(());
    }
}

/// Whether an app has unfinished messages, those without a place included.
pub(in crate::store) fn is_empty(connection: &Connection, service: &str, app_key: &str) -> rusqlite::Result<bool> {
    Ok(!has_others(connection, service, app_key, 0)?)
}

struct First {
    number: u64,
    id: String,
    head: bool,
}

fn head_state(connection: &Connection, service: &str, app_key: &str) -> rusqlite::Result<Option<State>> {
    connection
        .prepare_cached("SELECT state FROM messages WHERE service = ?1 AND app_key = ?2 AND head = 1")?
        .query_row(params![service, app_key], |row| row.get(0))
        .optional()
}

fn first(connection: &Connection, service: &str, app_key: &str) -> rusqlite::Result<Option<First>> {
    connection
        .prepare_cached(
            "SELECT number, id, head FROM messages
             WHERE service = ?1 AND app_key = ?2 AND state IN ('known', 'claimed', 'dead') AND place > 0
             ORDER BY place LIMIT 1",
        )?
        .query_row(params![service, app_key], |row| {
            Ok(First { number: from_sql(row.get(0)?), id: row.get(1)?, head: row.get(2)? })
        })
        .optional()
}

/// Whether an app has unfinished messages beside the one of this number.
fn has_others(connection: &Connection, service: &str, app_key: &str, number: u64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM messages
             WHERE service = ?1 AND app_key = ?2 AND state IN ('known', 'claimed', 'dead') AND number <> ?3)",
        )?
        .query_row(params![service, app_key, to_sql(number)], |row| row.get(0))
}
