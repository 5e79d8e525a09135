//! Claims: leases on messages, one for each app at most.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{About, MessageError, about, queue, unwritten};
use crate::store::{Store, StoreError, from_sql, to_sql};

/// Claims that ran out and are given back in one write.
const EXPIRED: u32 = 64;

/// The right to deliver a message and to say what came of it, until somebody else has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub service: String,
    pub id: String,
    /// Who holds it.
    pub owner: String,
    /// Which claim of the message it is.
    pub number: u64,
}

/// A message to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub lease: Lease,
    /// The platform's word for what happened.
    pub kind: String,
    pub about: About,
    pub at_ms: u64,
    /// 1 is the first.
    pub attempt: u32,
    due_ms: u64,
    place: u64,
}

/// Who claims, and how much.
#[derive(Debug, Clone)]
pub struct Want {
    pub service: String,
    /// A name that no other process, and no other run of this one, has.
    pub owner: String,
    pub now_ms: u64,
    /// Until when the leases last.
    pub expires_ms: u64,
    /// A message whose last lease ran out at its last attempt is dead.
    pub max_attempts: u32,
    pub limit: u32,
}

/// What there was to be claimed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claimed {
    /// Those due first first, and in the order of their places.
    pub claims: Vec<Claim>,
    /// When to look again: a message is due then, or a lease runs out.
    pub next_ms: Option<u64>,
}

/// What becomes of a message whose delivery came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutBack {
    /// It was no attempt: nobody could take it.
    Untried { due_ms: u64 },
    /// To be tried again.
    Failed {
        reason: String,
        due_ms: u64,
        /// The plugin named the time: a poll does not come before it.
        patient: bool,
    },
    /// Given up.
    Dead { reason: String },
}

impl Store {
    /// Claims messages of a service: heads of their apps' queues that are due. Leases that have run out end first.
    ///
    /// Cancellation: as for [`Store::commit`]; what was claimed without the caller seeing it is claimed until its lease ends.
    pub async fn messages_claim(&self, want: Want) -> Result<Claimed, StoreError> {
        self.write(0, move |connection| claim(connection, &want).map_err(unwritten(&want.service))).await
    }

    /// Makes a lease last until `expires_ms`. Fails with [`MessageError::ClaimLost`].
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn message_renew(&self, lease: &Lease, expires_ms: u64) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(0, move |connection| {
            let changed = connection
                .prepare_cached(
                    "UPDATE messages SET expires_ms = ?5
                     WHERE service = ?1 AND id = ?2 AND state = 'claimed' AND owner = ?3 AND lease = ?4",
                )
                .and_then(|mut statement| {
                    statement.execute(params![lease.service, lease.id, lease.owner, to_sql(lease.number), to_sql(expires_ms)])
                })
                .map_err(unwritten(&lease.service))?;
            if changed == 1 { Ok(()) } else { Err(lost(&lease).into()) }
        })
        .await
    }

    /// Ends a claim without the message being done. Fails with [`MessageError::ClaimLost`].
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn message_put_back(&self, lease: &Lease, how: PutBack, now_ms: u64) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(0, move |connection| match put_back(connection, &lease, &how, now_ms).map_err(unwritten(&lease.service))? {
            true => Ok(()),
            false => Err(lost(&lease).into()),
        })
        .await
    }

    /// Ends the claims of a service that somebody else than `owner` holds, as if their leases had run out. Only for who knows
    /// that nobody else is alive: a store in a data directory has one process, and one in a cluster would leave them alone.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn messages_orphaned(&self, service: &str, owner: &str, now_ms: u64, max_attempts: u32) -> Result<(), StoreError> {
        let (service, owner) = (service.to_owned(), owner.to_owned());
        self.write(0, move |connection| {
            let end = || -> rusqlite::Result<()> {
                connection
                    .prepare_cached(
                        "UPDATE messages SET expires_ms = 0 WHERE service = ?1 AND state = 'claimed' AND owner <> ?2",
                    )?
                    .execute(params![service, owner])?;
                while expire(connection, &service, now_ms, max_attempts)? {}
                Ok(())
            };
            end().map_err(unwritten(&service))
        })
        .await
    }
}

pub(super) fn lost(lease: &Lease) -> MessageError {
    MessageError::ClaimLost { service: lease.service.clone(), id: lease.id.clone() }
}

fn claim(connection: &Connection, want: &Want) -> rusqlite::Result<Claimed> {
    expire(connection, &want.service, want.now_ms, want.max_attempts)?;
    let mut claims = connection
        .prepare_cached(
            "UPDATE messages
             SET state = 'claimed', owner = ?4, lease = lease + 1, expires_ms = ?5, attempts = attempts + 1, changed_ms = ?2
             WHERE number IN (
                 SELECT number FROM messages WHERE service = ?1 AND state = 'known' AND head = 1 AND due_ms <= ?2
                 ORDER BY due_ms, place LIMIT ?3)
             RETURNING id, lease, kind, at_ms, attempts, due_ms, place, app_key, app_id, subscription_id",
        )?
        .query_map(params![want.service, to_sql(want.now_ms), want.limit, want.owner, to_sql(want.expires_ms)], |row| {
            let lease = Lease {
                service: want.service.clone(),
                id: row.get(0)?,
                owner: want.owner.clone(),
                number: from_sql(row.get(1)?),
            };
            let about = about(row, 7)?.ok_or(rusqlite::Error::InvalidQuery)?;
            Ok(Claim {
                lease,
                kind: row.get(2)?,
                about,
                at_ms: from_sql(row.get(3)?),
                attempt: row.get(4)?,
                due_ms: from_sql(row.get(5)?),
                place: from_sql(row.get(6)?),
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // RETURNING promises no order.
    claims.sort_unstable_by_key(|claim| (claim.due_ms, claim.place));
    let due: Option<i64> = connection
        .prepare_cached("SELECT min(due_ms) FROM messages WHERE service = ?1 AND state = 'known' AND head = 1")?
        .query_row([&want.service], |row| row.get(0))?;
    let expires: Option<i64> = connection
        .prepare_cached("SELECT min(expires_ms) FROM messages WHERE service = ?1 AND state = 'claimed'")?
        .query_row([&want.service], |row| row.get(0))?;
    Ok(Claimed { claims, next_ms: due.into_iter().chain(expires).min().map(from_sql) })
}

/// Ends some leases that ran out; returns whether there may be more.
fn expire(connection: &Connection, service: &str, now_ms: u64, max_attempts: u32) -> rusqlite::Result<bool> {
    let expired = connection
        .prepare_cached(
            "SELECT id, owner, lease, attempts FROM messages WHERE service = ?1 AND state = 'claimed' AND expires_ms <= ?2
             ORDER BY expires_ms LIMIT ?3",
        )?
        .query_map(params![service, to_sql(now_ms), EXPIRED], |row| {
            let lease = Lease { service: service.to_owned(), id: row.get(0)?, owner: row.get(1)?, number: from_sql(row.get(2)?) };
            Ok((lease, row.get::<_, u32>(3)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (lease, attempts) in &expired {
        let reason = format!("the host that delivered it ended, or hung, during attempt {attempts}");
        let how = if *attempts >= max_attempts {
            PutBack::Dead { reason }
        } else {
            PutBack::Failed { reason, due_ms: now_ms, patient: false }
        };
        put_back(connection, lease, &how, now_ms)?;
    }
    Ok(expired.len() == EXPIRED as usize)
}

/// Returns whether the lease still held.
fn put_back(connection: &Connection, lease: &Lease, how: &PutBack, now_ms: u64) -> rusqlite::Result<bool> {
    let (state, due_ms, patient, untried, reason) = match how {
        PutBack::Untried { due_ms } => ("known", *due_ms, false, 1, None),
        PutBack::Failed { reason, due_ms, patient } => ("known", *due_ms, *patient, 0, Some(reason)),
        PutBack::Dead { reason } => ("dead", now_ms, false, 0, Some(reason)),
    };
    let app_key: Option<String> = connection
        .prepare_cached(
            "UPDATE messages
             SET state = ?5, due_ms = ?6, patient = ?7, attempts = attempts - ?8, reason = coalesce(?9, reason), changed_ms = ?10,
                 owner = NULL, expires_ms = NULL
             WHERE service = ?1 AND id = ?2 AND state = 'claimed' AND owner = ?3 AND lease = ?4
             RETURNING app_key",
        )?
        .query_row(
            params![
                lease.service,
                lease.id,
                lease.owner,
                to_sql(lease.number),
                state,
                to_sql(due_ms),
                patient,
                untried,
                reason,
                to_sql(now_ms),
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(app_key) = app_key else { return Ok(false) };
    // A list may have told meanwhile that another one comes before it.
    queue::settle(connection, &lease.service, &app_key, now_ms)?;
    Ok(true)
}
