//! Completion, and the last word to the platform.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Lease, claim, is_own, queue, unwritten};
use crate::{
    failpoint,
    store::{Store, StoreError, to_sql},
};

/// A claimed message is done: the effect that every batch of a delivery has. It fails, and the batch with it, once the lease is
/// lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub lease: Lease,
    pub now_ms: u64,
}

impl Store {
    /// The platform knows that the message is done, or knows nothing of it. What it said is forgotten; the id stays, so that a
    /// late notice finds it. Returns whether it was done.
    ///
    /// Cancellation: as for [`Store::commit`]; repeating is harmless.
    pub async fn message_resolved(&self, service: &str, id: &str, now_ms: u64) -> Result<bool, StoreError> {
        let (service, id) = (service.to_owned(), id.to_owned());
        self.write(0, move |connection| {
            let changed = connection
                .prepare_cached(
                    "UPDATE messages SET state = 'resolved', content = NULL, reason = NULL, tries = 0, changed_ms = ?3
                     WHERE service = ?1 AND id = ?2 AND state = 'done'",
                )
                .and_then(|mut statement| statement.execute(params![service, id, to_sql(now_ms)]))
                .map_err(unwritten(&service))?;
            failpoint::at_commit("resolved.before-sync");
            Ok(changed == 1)
        })
        .await
    }
}

/// Of the host's own messages the platform knows nothing: they are resolved at once.
pub(in crate::store) fn done(connection: &Connection, done: &Done) -> Result<(), StoreError> {
    let Done { lease, now_ms } = done;
    let state = if is_own(&lease.id) { "resolved" } else { "done" };
    let finish = || -> rusqlite::Result<bool> {
        let app_key: Option<String> = connection
            .prepare_cached(
                "UPDATE messages
                 SET state = ?5, head = 0, owner = NULL, expires_ms = NULL, reason = NULL, tries = 0, changed_ms = ?6, due_ms = ?6
                 WHERE service = ?1 AND id = ?2 AND state = 'claimed' AND owner = ?3 AND lease = ?4
                 RETURNING app_key",
            )?
            .query_row(params![lease.service, lease.id, lease.owner, to_sql(lease.number), state, to_sql(*now_ms)], |row| {
                row.get(0)
            })
            .optional()?;
        let Some(app_key) = app_key else { return Ok(false) };
        queue::settle(connection, &lease.service, &app_key, *now_ms)?;
        Ok(true)
    };
    if !finish().map_err(unwritten(&lease.service))? {
        return Err(claim::lost(lease).into());
    }
    failpoint::at_commit("done.before-sync");
    Ok(())
}
