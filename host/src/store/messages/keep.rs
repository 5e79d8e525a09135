//! How long ids are remembered of what is over.

use rusqlite::{Connection, params};

use super::unwritten;
use crate::store::{Store, StoreError, from_sql, to_sql};

/// Messages forgotten in one write.
const BATCH: u32 = 256;

/// What is remembered of resolved and dropped messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// How long a message is remembered after it was resolved, or after a dropped one was last listed, in milliseconds.
    pub ms: u64,
    /// How many resolved messages are, of all services together; the oldest are forgotten first.
    pub most: u64,
}

impl Store {
    /// Forgets some messages that are to be remembered no longer. Returns whether there may be more of them.
    ///
    /// Cancellation: as for [`Store::commit`]; repeating is harmless.
    pub async fn messages_forget(&self, keep: Keep, now_ms: u64) -> Result<bool, StoreError> {
        self.write(0, move |connection| forget(connection, keep, now_ms).map_err(unwritten("*"))).await
    }
}

fn forget(connection: &Connection, keep: Keep, now_ms: u64) -> rusqlite::Result<bool> {
    let before = to_sql(now_ms.saturating_sub(keep.ms));
    let resolved: i64 = connection
        .prepare_cached("SELECT coalesce(sum(count), 0) FROM message_counts WHERE state = 'resolved'")?
        .query_row([], |row| row.get(0))?;
    let surplus = from_sql(resolved).saturating_sub(keep.most).min(u64::from(BATCH));
    let old = connection
        .prepare_cached(
            "DELETE FROM messages WHERE number IN (
                 SELECT number FROM messages WHERE state = 'resolved' AND changed_ms < ?1 ORDER BY changed_ms LIMIT ?2)",
        )?
        .execute(params![before, BATCH])?;
    let many = connection
        .prepare_cached(
            "DELETE FROM messages WHERE number IN (
                 SELECT number FROM messages WHERE state = 'resolved' ORDER BY changed_ms LIMIT ?1)",
        )?
        .execute([to_sql(surplus.saturating_sub(old as u64))])?;
    let dropped = connection
        .prepare_cached(
            "DELETE FROM messages_dropped WHERE (service, id) IN (
                 SELECT service, id FROM messages_dropped WHERE seen_ms < ?1 LIMIT ?2)",
        )?
        .execute(params![before, BATCH])?;
    Ok(old + many >= BATCH as usize || dropped >= BATCH as usize)
}
