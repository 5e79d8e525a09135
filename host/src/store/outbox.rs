//! The outbox: mails that plugins sent and that the operator, or whatever he uses for it, has to carry on.
//!
//! Letters are sealed, because a link in one may open an account. They stay until the operator removes them, or until a while
//! after they were marked as sent; a service whose outbox is full is told so.

use std::{fmt, sync::Arc};

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::{Seal, Store, StoreError, from_sql, platform::PAGE, to_sql};

/// The most letters of one service that wait to be sent: with 64 KiB each some 64 MiB.
pub const MAX_WAITING: u32 = 1_000;
/// How long a letter is kept after it was marked as sent, in milliseconds: thirty days.
const KEPT_MS: u64 = 30 * 86_400_000;

/// A mail. It does not show itself: a link in it may open an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub link: Option<String>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(…)")
    }
}

/// A letter as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    pub id: String,
    /// The service's key.
    pub service: String,
    /// The app's key.
    pub app: String,
    /// What it is for, e.g. `password-reset`.
    pub kind: String,
    /// The [`Letter`], sealed.
    pub sealed: Vec<u8>,
    pub now_ms: u64,
}

/// A letter as lists have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Orders the list.
    pub seq: u64,
    pub id: String,
    pub service: String,
    pub app: String,
    pub kind: String,
    sealed: Vec<u8>,
    pub created_ms: u64,
    pub sent_ms: Option<u64>,
}

impl Entry {
    /// The letter itself; `None` if another host sealed it.
    pub fn letter(&self, seal: &Seal) -> Option<Letter> {
        serde_json::from_slice(seal.open(&place(&self.id), &self.sealed)?.expose()).ok()
    }
}

/// Why a letter was not stored, found or marked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OutboxError {
    #[error("{MAX_WAITING} letters of service `{service}` wait in the outbox already")]
    Full { service: String },
    #[error("the outbox cannot be read or written")]
    Failed { source: Arc<rusqlite::Error> },
    #[error("the system has no random bytes")]
    Random { source: Arc<std::io::Error> },
}

impl From<rusqlite::Error> for OutboxError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Failed { source: Arc::new(source) }
    }
}

fn place(id: &str) -> String {
    format!("outbox/{id}")
}

impl Put {
    /// Seals a letter of the service `service`, about an app user of the app `app`.
    pub fn new(seal: &Seal, service: &str, app: &str, kind: &str, letter: &Letter, now_ms: u64) -> Result<Self, StoreError> {
        let id = super::platform::new_id(now_ms)?;
        let text = zeroize::Zeroizing::new(serde_json::to_vec(letter).expect("texts always have a JSON form"));
        let sealed = seal.seal(&place(&id), &text).map_err(|source| OutboxError::Random { source: Arc::new(source) })?;
        Ok(Self { id, service: service.to_owned(), app: app.to_owned(), kind: kind.to_owned(), sealed, now_ms })
    }

    /// The bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.sealed.len()
    }
}

impl Store {
    /// Letters in the order of their coming, after `after`: one page.
    ///
    /// Cancellation: harmless.
    pub async fn outbox(&self, after: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.read(move |connection| Ok(list(connection, after, limit.min(PAGE)).map_err(OutboxError::from)?)).await
    }

    /// The letter of this id.
    ///
    /// Cancellation: harmless.
    pub async fn outbox_letter(&self, id: &str) -> Result<Option<Entry>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| Ok(find(connection, &id).map_err(OutboxError::from)?)).await
    }

    /// How many letters of a service wait to be sent.
    ///
    /// Cancellation: harmless.
    pub async fn outbox_waiting(&self, service: &str) -> Result<u32, StoreError> {
        let service = service.to_owned();
        self.read(move |connection| Ok(waiting(connection, &service).map_err(OutboxError::from)?)).await
    }

    /// Stores a letter; on disk when this returns.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn outbox_put(&self, put: Put) -> Result<(), StoreError> {
        self.write(put.weight(), move |connection| Ok(self::put(connection, &put)?)).await
    }

    /// Marks a letter as sent, and says whether there is one of this id. One that was sent before keeps its time.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn outbox_sent(&self, id: &str, now_ms: u64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(0, move |connection| Ok(sent(connection, &id, now_ms).map_err(OutboxError::from)?)).await
    }

    /// Removes a letter, and says whether there was one of this id.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn outbox_remove(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(0, move |connection| Ok(remove(connection, &id).map_err(OutboxError::from)?)).await
    }
}

pub(super) fn put(connection: &Connection, put: &Put) -> Result<(), OutboxError> {
    connection
        .prepare_cached("DELETE FROM outbox WHERE sent_ms IS NOT NULL AND sent_ms < ?1")?
        .execute([to_sql(put.now_ms.saturating_sub(KEPT_MS))])?;
    if waiting(connection, &put.service)? >= MAX_WAITING {
        return Err(OutboxError::Full { service: put.service.clone() });
    }
    connection
        .prepare_cached("INSERT INTO outbox (id, service, app, kind, letter, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![put.id, put.service, put.app, put.kind, put.sealed, to_sql(put.now_ms)])?;
    Ok(())
}

fn waiting(connection: &Connection, service: &str) -> rusqlite::Result<u32> {
    connection
        .prepare_cached("SELECT count(*) FROM outbox WHERE service = ?1 AND sent_ms IS NULL")?
        .query_row([service], |row| row.get(0))
}

fn sent(connection: &Connection, id: &str, now_ms: u64) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached("UPDATE outbox SET sent_ms = coalesce(sent_ms, ?2) WHERE id = ?1")?
        .execute(params![id, to_sql(now_ms)])?;
    Ok(changed == 1)
}

fn remove(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    Ok(connection.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id])? == 1)
}

const COLUMNS: &str = "seq, id, service, app, kind, letter, created_ms, sent_ms";

fn list(connection: &Connection, after: u64, limit: u32) -> rusqlite::Result<Vec<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    connection.prepare_cached(&sql)?.query_map(params![to_sql(after), limit], entry)?.collect()
}

fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row([id], entry).optional()
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        seq: from_sql(row.get(0)?),
        id: row.get(1)?,
        service: row.get(2)?,
        app: row.get(3)?,
        kind: row.get(4)?,
        sealed: row.get(5)?,
        created_ms: from_sql(row.get(6)?),
        sent_ms: row.get::<_, Option<i64>>(7)?.map(from_sql),
    })
}
