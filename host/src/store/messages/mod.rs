//! Messages, from the first hint to the last word to the platform.
//!
//! **States.** `hinted → known → claimed → done → resolved`, or `dead`; [`State`] says what each means. Nothing but a function of
//! this folder changes one, each asks in the same statement for the state it starts from, and a service's id occurs once: so
//! whoever comes second, in this process or another, finds nothing to do.
//!
//! **Order.** All unfinished messages of an app (known, claimed, dead) stand in a queue, by `place`. A place is given when the
//! platform's own list told the order ([`super::Store::messages_listed`]), or could not be had ([`super::Store::messages_place`]: arrival).
//! Only the head of a queue can be claimed, and a dead head holds the others. `head` is stored with the row, so that a claim
//! looks at heads only, however many messages stand behind dead ones.
//!
//! **Claims** are leases: an owner, a number that grows with each claim of the message, a time at which it ends. Everything that
//! a claim's holder does names the lease, and does nothing ([`MessageError::ClaimLost`]) once somebody else has another one. A
//! plugin's effects and the completion are one [`super::Batch`], which fails as a whole then.

mod hint;
mod tell;
mod list;
pub(super) mod queue;
mod claim;
mod done;
mod due;
mod operate;
mod keep;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use rusqlite::{Connection, Row};

pub use self::{
    claim::{Claim, Claimed, Lease, PutBack, Want},
    done::Done,
    due::{Due, Waiting},
    hint::Hint,
    keep::Keep,
    list::Listed,
    operate::{Dropped, End, Filter, Retried},
    tell::{About, Letter},
};
pub(super) use self::{done::done, operate::end};
use super::{StoreError, from_sql};
use crate::{codes, problem::Problem};

/// Notices name ids that nobody has checked yet: more than these wait for no service.
pub const HINTS: u64 = 10_000;
/// Unfinished messages of one service that are kept. What else the platform lists stays there, and is found when there is room.
pub const UNFINISHED: u64 = 100_000;
/// The most messages in one call that takes or gives several.
pub const PAGE: u32 = 1_000;
/// What ids of messages begin with that the host itself makes when a purge is due. Those of the platform are hex.
pub const PURGE: &str = "purge-";

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// A notice named it; nothing is known of it, not even whether it exists.
    Hinted,
    /// The platform told what it says.
    Known,
    /// A lease is held, the plugin is at it.
    Claimed,
    /// The plugin said ok, and all it wrote is stored.
    Done,
    /// The platform knows that it is done.
    Resolved,
    /// Given up, with a reason, until an operator retries or drops it.
    Dead,
}

impl State {
    /// All of them, in the order in which a message goes through them.
    pub const ALL: [Self; 6] = [Self::Hinted, Self::Known, Self::Claimed, Self::Done, Self::Resolved, Self::Dead];

    /// The word of tables, lists and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hinted => "hinted",
            Self::Known => "known",
            Self::Claimed => "claimed",
            Self::Done => "done",
            Self::Resolved => "resolved",
            Self::Dead => "dead",
        }
    }

    /// The reverse of [`State::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl rusqlite::ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl rusqlite::types::FromSql for State {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        Self::parse(value.as_str()?).ok_or(rusqlite::types::FromSqlError::InvalidType)
    }
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its place in the order of arrival; pages of lists go by it.
    pub number: u64,
    pub service: String,
    pub id: String,
    pub state: State,
    /// The platform's word for what happened; `purge` for the host's own. `None` while it is only hinted.
    pub kind: Option<String>,
    /// As the platform sent it. `None` while it is only hinted, when it is the host's own, and once it is resolved.
    pub content: Option<String>,
    pub back_service_id: Option<String>,
    pub about: Option<About>,
    /// When the host first heard of it.
    pub at_ms: u64,
    /// When it came to its state.
    pub changed_ms: u64,
    /// When it is fetched, delivered or resolved next, if it is to be.
    pub due_ms: u64,
    /// How often it was delivered.
    pub attempts: u32,
    /// Why it is dead, or why the last attempt came to nothing.
    pub reason: Option<String>,
}

/// Why a message was not read or changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MessageError {
    /// The lease ended and somebody else took the message, or an operator did: what came of the claim counts nothing.
    #[error("the claim on message `{id}` of service `{service}` is lost")]
    ClaimLost { service: String, id: String },
    #[error("service `{service}` has no message `{id}`")]
    Unknown { service: String, id: String },
    #[error("message `{id}` of service `{service}` is {state} and not dead")]
    NotDead { service: String, id: String, state: State },
    #[error("messages cannot be read from the store")]
    Read { source: Arc<rusqlite::Error> },
    #[error("messages of service `{service}` cannot be written to the store")]
    Write { service: String, source: Arc<rusqlite::Error> },
}

impl MessageError {
    /// The same for a person; `None` where the store failed.
    pub(super) fn problem(&self) -> Option<Problem> {
        let (code, fix) = match self {
            Self::Unknown { .. } => (&codes::MESSAGE_UNKNOWN, "`wharf messages list` shows what there is"),
            Self::NotDead { .. } => (&codes::MESSAGE_NOT_DEAD, "only what was given up can be retried or dropped"),
            Self::ClaimLost { .. } | Self::Read { .. } | Self::Write { .. } => return None,
        };
        Some(Problem::new(code, self.to_string()).fix(fix))
    }
}

pub(super) fn unread(source: rusqlite::Error) -> StoreError {
    MessageError::Read { source: Arc::new(source) }.into()
}

pub(super) fn unwritten(service: &str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| MessageError::Write { service: service.to_owned(), source: Arc::new(source) }.into()
}

/// Whether the host itself made this message.
pub fn is_own(id: &str) -> bool {
    id.starts_with(PURGE)
}

/// What [`message`] reads.
const COLUMNS: &str = "number, service, id, state, kind, content, back_service_id, app_key, app_id, subscription_id, at_ms, \
                       changed_ms, due_ms, attempts, reason";

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        number: from_sql(row.get(0)?),
        service: row.get(1)?,
        id: row.get(2)?,
        state: row.get(3)?,
        kind: row.get(4)?,
        content: row.get(5)?,
        back_service_id: row.get(6)?,
        about: about(row, 7)?,
        at_ms: from_sql(row.get(10)?),
        changed_ms: from_sql(row.get(11)?),
        due_ms: from_sql(row.get(12)?),
        attempts: row.get(13)?,
        reason: row.get(14)?,
    })
}

/// `app_key`, `app_id` and `subscription_id`, from column `first` on: all three, or none.
fn about(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<About>> {
    let Some(app_key) = row.get(first)? else { return Ok(None) };
    Ok(Some(About { app_key, app_id: row.get(first + 1)?, subscription_id: row.get(first + 2)? }))
}

/// How many messages of a service are in a state.
fn count(connection: &Connection, service: &str, states: &[State]) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached("SELECT state, count FROM message_counts WHERE service = ?1")?;
    let rows = statement.query_map([service], |row| Ok((row.get::<_, State>(0)?, row.get(1)?)))?;
    let counts = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(counts.into_iter().filter(|(state, _)| states.contains(state)).map(|(_, count)| from_sql(count)).sum())
}
