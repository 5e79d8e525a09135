//! Access tokens of the platform's four kinds, and the codes that name an app for a minute.
//!
//! A token is asked for again by whoever owns what it stands for, so it is kept, sealed; it is looked up by its SHA-256. It has
//! 160 random bits, so the plain hash is enough. A code is shown once and kept as its hash only.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{PAGE, PlatformError, new_id, random};
use crate::{
    secret::Secret,
    store::{Digest, Seal, Store, StoreError, from_sql, to_sql},
};

/// Bytes of a token or code; in hex twice as many digits.
const RANDOM: usize = 20;
/// The most live tokens of one app user, and of one developer: devices that are logged in at once. The oldest gives way.
const MAX_LIVE: u32 = 64;
/// The most codes of one app that may still be used. The oldest gives way.
const MAX_CODES: u32 = 1_000;
/// How long an expired token or code is still told from one that never was, in milliseconds: a week, and an hour.
const KEPT_MS: u64 = 7 * 86_400_000;
const CODE_KEPT_MS: u64 = 3_600_000;

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Developer,
    App,
    Service,
    End,
}

impl TokenKind {
    pub const ALL: [Self; 4] = [Self::Developer, Self::App, Self::Service, Self::End];

    /// The word of the platform.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::App => "app",
            Self::Service => "service",
            Self::End => "end",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What a token is to be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccessToken {
    pub kind: TokenKind,
    /// The id of the developer, app or service; the app's for [`TokenKind::End`].
    pub resource: String,
    /// Its e-mail address or key.
    pub resource_key: String,
    /// The id of the app user, or of the developer it belongs to; may be empty.
    pub account: String,
    pub now_ms: u64,
    pub expires_ms: u64,
}

/// A token as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub id: String,
    pub hash: Digest,
    /// The code, sealed.
    pub sealed: Vec<u8>,
    pub kind: TokenKind,
    pub resource: String,
    pub resource_key: String,
    pub account: String,
    pub created_ms: u64,
    /// The first millisecond in which it is no longer valid.
    pub expires_ms: u64,
}

impl AccessToken {
    /// The token itself; `None` if another host sealed it.
    pub fn code(&self, seal: &Seal) -> Option<Secret> {
        seal.open(&place(&self.id), &self.sealed)
    }
}

fn place(id: &str) -> String {
    format!("platform-tokens/{id}")
}

/// A code by which a service learns which app somebody may manage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthCode {
    pub hash: Digest,
    /// The app's id.
    pub app: String,
    pub now_ms: u64,
    pub expires_ms: u64,
}

/// Makes a token: what to store, and the token itself.
pub fn mint(seal: &Seal, new: NewAccessToken) -> Result<(AccessToken, Secret), StoreError> {
    let code = Secret::new(hex::encode(random::<RANDOM>()?));
    let id = new_id(new.now_ms)?;
    let no_random = |source| PlatformError::Random { source: std::sync::Arc::new(source) };
    let token = AccessToken {
        hash: Digest::of(code.expose()),
        sealed: seal.seal(&place(&id), code.expose()).map_err(no_random)?,
        id,
        kind: new.kind,
        resource: new.resource,
        resource_key: new.resource_key,
        account: new.account,
        created_ms: new.now_ms,
        expires_ms: new.expires_ms,
    };
    Ok((token, code))
}

/// Makes a code: what it is found by, and the code itself.
pub fn mint_code() -> Result<(Digest, Secret), StoreError> {
    let code = Secret::new(hex::encode(random::<RANDOM>()?));
    Ok((Digest::of(code.expose()), code))
}

/// What a token or code is found by; `None` for text that cannot be one.
pub fn hash(presented: &[u8]) -> Option<Digest> {
    let shaped = presented.len() == 2 * RANDOM && presented.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    shaped.then(|| Digest::of(presented))
}

impl Store {
    /// The token with this [`hash`], expired or not.
    pub async fn platform_token(&self, hash: Digest) -> Result<Option<AccessToken>, StoreError> {
        self.platform_read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM platform_tokens WHERE hash = ?1");
            connection.prepare_cached(&sql)?.query_row([hash], token).optional()
        })
        .await
    }

    /// The newest token that stands for a developer, app or service.
    pub async fn platform_token_of(&self, kind: TokenKind, resource: &str) -> Result<Option<AccessToken>, StoreError> {
        self.platform_find(resource, move |connection, resource| {
            let sql =
                format!("SELECT {COLUMNS} FROM platform_tokens WHERE kind = ?1 AND resource = ?2 ORDER BY rowid DESC LIMIT 1");
            connection.prepare_cached(&sql)?.query_row([kind.as_str(), resource], token).optional()
        })
        .await
    }

    /// The tokens of a developer, of his apps and of his services, in the order in which they were made.
    pub async fn platform_tokens_of(&self, developer: &str) -> Result<Vec<AccessToken>, StoreError> {
        self.platform_find(developer, |connection, developer| {
            let sql = format!(
                "SELECT {COLUMNS} FROM platform_tokens WHERE (kind = 'developer' AND resource = ?1)
                 OR (kind = 'app' AND resource IN (SELECT id FROM platform_apps WHERE owner = ?1))
                 OR (kind = 'service' AND resource IN (SELECT id FROM platform_services WHERE owner = ?1))
                 ORDER BY rowid LIMIT ?2"
            );
            connection.prepare_cached(&sql)?.query_map(params![developer, PAGE], token)?.collect()
        })
        .await
    }

    /// The code with this [`hash`], expired or not: the app's id and when it ends.
    pub async fn platform_code(&self, hash: Digest) -> Result<Option<(String, u64)>, StoreError> {
        self.platform_read(move |connection| {
            connection
                .prepare_cached("SELECT app, expires_ms FROM platform_codes WHERE hash = ?1")?
                .query_row([hash], |row| Ok((row.get(0)?, from_sql(row.get(1)?))))
                .optional()
        })
        .await
    }
}

pub(super) fn insert(connection: &Connection, token: &AccessToken) -> Result<(), PlatformError> {
    connection
        .prepare_cached("DELETE FROM platform_tokens WHERE kind IN ('developer', 'end') AND expires_ms < ?1")?
        .execute([to_sql(token.created_ms.saturating_sub(KEPT_MS))])?;
    connection
        .prepare_cached(
            "DELETE FROM platform_tokens WHERE kind = ?1 AND resource = ?2 AND account = ?3 AND rowid <=
             (SELECT rowid FROM platform_tokens WHERE kind = ?1 AND resource = ?2 AND account = ?3
              ORDER BY rowid DESC LIMIT 1 OFFSET ?4)",
        )?
        .execute(params![token.kind.as_str(), token.resource, token.account, MAX_LIVE - 1])?;
    add(connection, token)?;
    Ok(())
}

pub(super) fn replace(connection: &Connection, token: &AccessToken) -> Result<(), PlatformError> {
    connection.prepare_cached("DELETE FROM platform_tokens WHERE kind = ?1 AND resource = ?2 AND account = ?3")?.execute([
        token.kind.as_str(),
        &token.resource,
        &token.account,
    ])?;
    add(connection, token)?;
    Ok(())
}

pub(super) fn end(connection: &Connection, kind: TokenKind, resource: &str, but: &str) -> Result<(), PlatformError> {
    connection.prepare_cached("DELETE FROM platform_tokens WHERE kind = ?1 AND resource = ?2 AND id <> ?3")?.execute([
        kind.as_str(),
        resource,
        but,
    ])?;
    Ok(())
}

/// Ends all tokens of an app user, by its id and that of its app.
pub(super) fn end_of_user(connection: &Connection, app: &str, user: &str) -> Result<(), PlatformError> {
    connection
        .prepare_cached("DELETE FROM platform_tokens WHERE kind = 'end' AND resource = ?1 AND account = ?2")?
        .execute([app, user])?;
    Ok(())
}

fn add(connection: &Connection, token: &AccessToken) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO platform_tokens (id, hash, sealed, kind, resource, resource_key, account, created_ms, expires_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            token.id,
            token.hash,
            token.sealed,
            token.kind.as_str(),
            token.resource,
            token.resource_key,
            token.account,
            to_sql(token.created_ms),
            to_sql(token.expires_ms)
        ])
        .map(drop)
}

pub(super) fn insert_code(connection: &Connection, code: &AuthCode) -> Result<(), PlatformError> {
    let AuthCode { hash, app, now_ms, expires_ms } = code;
    connection
        .prepare_cached(
            "DELETE FROM platform_codes WHERE app = ?1 AND (expires_ms < ?2 OR expires_ms <=
             (SELECT expires_ms FROM platform_codes WHERE app = ?1 ORDER BY expires_ms DESC LIMIT 1 OFFSET ?3))",
        )?
        .execute(params![app, to_sql(now_ms.saturating_sub(CODE_KEPT_MS)), MAX_CODES - 1])?;
    connection.prepare_cached("INSERT INTO platform_codes (hash, app, expires_ms) VALUES (?1, ?2, ?3)")?.execute(params![
        hash,
        app,
        to_sql(*expires_ms)
    ])?;
    Ok(())
}

const COLUMNS: &str = "id, hash, sealed, kind, resource, resource_key, account, created_ms, expires_ms";

fn token(row: &Row<'_>) -> rusqlite::Result<AccessToken> {
    let kind: String = row.get(3)?;
    Ok(AccessToken {
        id: row.get(0)?,
        hash: row.get(1)?,
        sealed: row.get(2)?,
        // The table takes no other word; the one that opens least stands for it all the same.
        kind: TokenKind::parse(&kind).unwrap_or(TokenKind::End),
        resource: row.get(4)?,
        resource_key: row.get(5)?,
        account: row.get(6)?,
        created_ms: from_sql(row.get(7)?),
        expires_ms: from_sql(row.get(8)?),
    })
}
