//! Sessions of consoles: random, in a cookie, stored as their SHA-256 only.
//!
//! As with [`super::tokens`] 256 random bits need no more than a plain hash. A session is opened by an auth code of the
//! platform's, and no code opens two: the table has a unique index on them, so this holds across restarts and races.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use super::{Digest, Store, StoreError, files, from_sql, subscriptions, to_sql};
use crate::secret::Secret;

const RANDOM: usize = 32;
/// Sessions of one app at one service: a team of developers, each with a few browsers. The one that ends first makes room.
pub const MAX_OF_APP: u32 = 32;
/// Sessions of one service, some 300 bytes each; the one that ends first makes room here too.
pub const MAX_OF_SERVICE: u32 = 10_000;
/// How long a session that is over stays known, in milliseconds. Auth codes live a minute; so long its code must stay used.
const KEPT_MS: u64 = 10 * 60_000;
/// The most sessions that are forgotten in one write.
pub const PURGE: u32 = 256;

/// What a session is to be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    pub service: String,
    /// The app's key, and its id at the platform.
    pub app: String,
    pub app_id: String,
    /// See [`code_hash`].
    pub code: Digest,
    pub now_ms: u64,
    /// The first millisecond in which it is over unless it is used before, and the first in which it is over in any case.
    pub expires_ms: u64,
    pub ends_ms: u64,
}

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Of the whole token.
    pub hash: Digest,
    pub service: String,
    pub app: String,
    pub app_id: String,
    pub code: Digest,
    pub opened_ms: u64,
    pub expires_ms: u64,
    pub ends_ms: u64,
}

impl Session {
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.expires_ms <= now_ms
    }
}

/// Why a session was not opened, found or ended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SessionError {
    #[error("the system has no random bytes for a session")]
    Random { source: Arc<std::io::Error> },
    #[error("sessions cannot be read from the store")]
    Read { source: Arc<rusqlite::Error> },
    #[error("a session cannot be written to the store")]
    Write { source: Arc<rusqlite::Error> },
}

/// Makes a session: what to store, and the token for its cookie, 64 hex digits.
fn mint(new: NewSession) -> Result<(Session, Secret), SessionError> {
    let random = files::random::<RANDOM>().map_err(|source| SessionError::Random { source: Arc::new(source) })?;
    let secret = Secret::new(hex::encode(random));
    let session = Session {
        hash: Digest::of(secret.expose()),
        service: new.service,
        app: new.app,
        app_id: new.app_id,
        code: new.code,
        opened_ms: new.now_ms,
        expires_ms: new.expires_ms.min(new.ends_ms),
        ends_ms: new.ends_ms,
    };
    Ok((session, secret))
}

/// What a session is found by; `None` for text that cannot be a token of ours.
pub fn hash(presented: &str) -> Option<Digest> {
    let shaped = presented.len() == 2 * RANDOM && presented.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    shaped.then(|| Digest::of(presented.as_bytes()))
}

/// What an auth code is remembered by. A code is for one service; two services may well be given equal ones by a platform that
/// nobody here knows.
pub fn code_hash(service: &str, code: &str) -> Digest {
    // No service key has a line end.
    Digest::of(format!("{service}\n{code}").as_bytes())
}

impl Store {
    /// Opens a session, ending `instead` with it if the caller had one, and remembers the app's id; on disk when this returns. The secret is the token
    /// itself; the digests are of those that were ended. `None` where the code has opened a session before: then nothing has
    /// changed.
    ///
    /// Cancellation: as for [`Store::commit`]; a session whose token nobody saw is of no use to anybody.
    pub async fn session_open(
        &self,
        new: NewSession,
        instead: Option<Digest>,
    ) -> Result<Option<(Session, Secret, Vec<Digest>)>, StoreError> {
        let (session, secret) = mint(new)?;
        let stored = session.clone();
        let ended = self.write(0, move |connection| Ok(open(connection, &stored, instead.as_ref())?)).await?;
        Ok(ended.map(|ended| (session, secret, ended)))
    }

    /// The session with this [`hash`], over or not.
    ///
    /// Cancellation: harmless.
    pub async fn session_find(&self, hash: Digest) -> Result<Option<Session>, StoreError> {
        self.read(move |connection| Ok(find(connection, "hash", &hash).map_err(unreadable)?)).await
    }

    /// The session that the code with this [`code_hash`] opened, over or not.
    ///
    /// Cancellation: harmless.
    pub async fn session_of_code(&self, code: Digest) -> Result<Option<Session>, StoreError> {
        self.read(move |connection| Ok(find(connection, "code", &code).map_err(unreadable)?)).await
    }

    /// Moves the time when `session` is over unless it is used to `expires_ms`; on disk when this returns. `false` where it is not
    /// as it was when it was read: it was ended meanwhile, or moved by somebody else.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn session_used(&self, session: &Session, expires_ms: u64) -> Result<bool, StoreError> {
        let (hash, read_ms) = (session.hash, session.expires_ms);
        self.write(0, move |connection| Ok(used(connection, &hash, read_ms, expires_ms)?)).await
    }

    /// Ends a session; on disk when this returns. Ending one that is over, or that there never was, changes nothing.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn session_end(&self, hash: Digest, now_ms: u64) -> Result<(), StoreError> {
        self.write(0, move |connection| Ok(end(connection, &hash, now_ms)?)).await
    }

    /// Forgets sessions that were over long before `now_ms`, at most [`PURGE`] of them. Returns how many; writes nothing if
    /// there are none.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn sessions_purge(&self, now_ms: u64) -> Result<u32, StoreError> {
        let before = to_sql(now_ms.saturating_sub(KEPT_MS));
        let any = self
            .read(move |connection| {
                let mut statement =
                    connection.prepare_cached("SELECT 1 FROM sessions WHERE expires_ms < ?1 LIMIT 1").map_err(unreadable)?;
                Ok(statement.exists([before]).map_err(unreadable)?)
            })
            .await?;
        if !any {
            return Ok(0);
        }
        self.write(0, move |connection| Ok(purge(connection, now_ms)?)).await
    }
}

fn unreadable(source: rusqlite::Error) -> SessionError {
    SessionError::Read { source: Arc::new(source) }
}

fn unwritable(source: rusqlite::Error) -> SessionError {
    SessionError::Write { source: Arc::new(source) }
}

/// Those that were ended; `None` where the code has opened a session before.
fn open(connection: &Connection, session: &Session, instead: Option<&Digest>) -> Result<Option<Vec<Digest>>, SessionError> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO sessions (hash, service, app, app_id, code, opened_ms, expires_ms, ends_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (code) DO NOTHING",
        )
        .and_then(|mut statement| {
            let (opened, expires, ends) = (to_sql(session.opened_ms), to_sql(session.expires_ms), to_sql(session.ends_ms));
            let Session { hash, service, app, app_id, code, .. } = session;
            statement.execute(params![hash, service, app, app_id, code, opened, expires, ends])
        })
        .map_err(unwritable)?;
    if inserted == 0 {
        return Ok(None);
    }
    subscriptions::learn(connection, &session.app, &session.app_id).map_err(unwritable)?;
    let mut ended: Vec<Digest> = instead.copied().into_iter().collect();
    if let Some(instead) = instead {
        end(connection, instead, session.opened_ms)?;
    }
    ended.extend(make_room(connection, session, "service = ?1 AND app = ?2", &[&session.service, &session.app], MAX_OF_APP)?);
    ended.extend(make_room(connection, session, "service = ?1", &[&session.service], MAX_OF_SERVICE)?);
    Ok(Some(ended))
}

/// Removes those sessions of a group, but `session`, that are too many for it: they end first. Usually there is none, at most
/// one.
fn make_room(
    connection: &Connection,
    session: &Session,
    group: &str,
    values: &[&dyn ToSql],
    max: u32,
) -> Result<Vec<Digest>, SessionError> {
    let count: u32 = connection
        .prepare_cached(&format!("SELECT count(*) FROM sessions WHERE {group}"))
        .and_then(|mut statement| statement.query_row(values, |row| row.get(0)))
        .map_err(unwritable)?;
    if count <= max {
        return Ok(Vec::new());
    }
    let (own, excess, limit) = (values.len() + 1, count - max, values.len() + 2);
    let sql = format!(
        "DELETE FROM sessions WHERE hash IN
         (SELECT hash FROM sessions WHERE {group} AND hash <> ?{own} ORDER BY expires_ms LIMIT ?{limit}) RETURNING hash"
    );
    let all: Vec<&dyn ToSql> = values.iter().copied().chain([&session.hash as &dyn ToSql, &excess]).collect();
    let ended = connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_map(&*all, |row| row.get(0))?.collect())
        .map_err(unwritable)?;
    Ok(ended)
}

fn used(connection: &Connection, hash: &Digest, read_ms: u64, expires_ms: u64) -> Result<bool, SessionError> {
    connection
        .prepare_cached("UPDATE sessions SET expires_ms = min(ends_ms, ?3) WHERE hash = ?1 AND expires_ms = ?2")
        .and_then(|mut statement| statement.execute(params![hash, to_sql(read_ms), to_sql(expires_ms)]))
        .map(|changed| changed == 1)
        .map_err(unwritable)
}

fn end(connection: &Connection, hash: &Digest, now_ms: u64) -> Result<(), SessionError> {
    connection
        .prepare_cached("UPDATE sessions SET expires_ms = min(expires_ms, ?2) WHERE hash = ?1")
        .and_then(|mut statement| statement.execute(params![hash, to_sql(now_ms)]))
        .map(drop)
        .map_err(unwritable)
}

fn purge(connection: &Connection, now_ms: u64) -> Result<u32, SessionError> {
    let before = to_sql(now_ms.saturating_sub(KEPT_MS));
    connection
        .prepare_cached(
            "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE expires_ms < ?1 ORDER BY expires_ms LIMIT ?2)",
        )
        .and_then(|mut statement| statement.execute(params![before, PURGE]))
        .map(|purged| u32::try_from(purged).unwrap_or(PURGE))
        .map_err(unwritable)
}

fn find(connection: &Connection, column: &str, digest: &Digest) -> rusqlite::Result<Option<Session>> {
    let sql =
        format!("SELECT hash, service, app, app_id, code, opened_ms, expires_ms, ends_ms FROM sessions WHERE {column} = ?1");
    connection.prepare_cached(&sql)?.query_row([digest], session).optional()
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        hash: row.get(0)?,
        service: row.get(1)?,
        app: row.get(2)?,
        app_id: row.get(3)?,
        code: row.get(4)?,
        opened_ms: from_sql(row.get(5)?),
        expires_ms: from_sql(row.get(6)?),
        ends_ms: from_sql(row.get(7)?),
    })
}
