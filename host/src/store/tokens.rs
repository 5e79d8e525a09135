//! Opaque bearer tokens: random, shown once, stored as their SHA-256 only.
//!
//! A token has 256 random bits, so its plain hash is enough: there is nothing to guess, and a look-up by hash tells a
//! guesser nothing by the time it takes. Whether one has expired is judged by the caller's clock.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Digest, Store, StoreError, files, from_sql, to_sql};
use crate::secret::Secret;

/// What every token begins with, so that scanners for leaked secrets know one when they see it.
pub const PREFIX: &str = "wharf_";
const RANDOM: usize = 32;
/// The most tokens on one page of a list.
pub const PAGE: u32 = 1_000;

/// What a token is to be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The service it opens.
    pub service: String,
    /// The key of the app that calls with it.
    pub app: String,
    /// The app user it stands for, if any.
    pub user: Option<String>,
    /// Scope tokens of RFC 6749 (printable ASCII without space, `"` and `\`).
    pub scopes: Vec<String>,
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// The first millisecond in which it is no longer valid.
    pub expires_ms: u64,
}

/// A token as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Not secret: what admins list and revoke. Ids order by time of creation.
    pub id: String,
    /// Of the whole token, the prefix included.
    pub hash: Digest,
    pub service: String,
    pub app: String,
    pub user: Option<String>,
    pub scopes: Vec<String>,
    pub created_ms: u64,
    pub expires_ms: u64,
    pub revoked_ms: Option<u64>,
}

/// What is known of a token that somebody presented. Callers are told the same in all cases but the first; the rest is for
/// the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    Valid(Token),
    Expired(Token),
    Revoked(Token),
    /// Not one of ours, or damaged.
    Unknown,
}

/// Why a token was not created, found, listed or revoked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenError {
    #[error("`{scope}` is not a scope")]
    Scope { scope: String },
    #[error("the system has no random bytes for a token")]
    Random { source: Arc<std::io::Error> },
    #[error("tokens cannot be read from the store")]
    Read { source: Arc<rusqlite::Error> },
    #[error("token `{id}` cannot be written to the store")]
    Write { id: String, source: Arc<rusqlite::Error> },
}

/// Makes a token: what to store (by [`Store::token_create`], or as an effect of a batch) and the token itself, which nobody
/// can show again: `wharf_` and 64 hex digits.
pub fn mint(new: NewToken) -> Result<(Token, Secret), TokenError> {
    let is_scope =
        |scope: &str| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    if let Some(scope) = new.scopes.iter().find(|scope| !is_scope(scope)) {
        return Err(TokenError::Scope { scope: scope.clone() });
    }
    let no_random = |source| TokenError::Random { source: Arc::new(source) };
    let secret = Secret::new(format!("{PREFIX}{}", hex::encode(files::random::<RANDOM>().map_err(no_random)?)));
    let id = files::random::<4>().map_err(no_random)?;
    let token = Token {
        // 48 bits of milliseconds last until the year 10889.
        id: format!("{:012x}{}", new.now_ms, hex::encode(id)),
        hash: Digest::of(secret.expose()),
        service: new.service,
        app: new.app,
        user: new.user,
        scopes: new.scopes,
        created_ms: new.now_ms,
        expires_ms: new.expires_ms,
        revoked_ms: None,
    };
    Ok((token, secret))
}

impl Store {
    /// Creates a token; on disk when this returns. The secret is the token itself, in ASCII, to be shown this once.
    ///
    /// Cancellation: as for [`Store::commit`]; a token that was stored without its secret being seen is of no use to anybody.
    pub async fn token_create(&self, new: NewToken) -> Result<(Token, Secret), StoreError> {
        let (token, secret) = mint(new)?;
        let stored = token.clone();
        self.write(0, move |connection| Ok(insert(connection, &stored)?)).await?;
        Ok((token, secret))
    }

    /// What is known of `presented` at `now_ms`.
    ///
    /// Text that cannot be a token costs no read. Cancellation: harmless.
    pub async fn token_find(&self, presented: &str, now_ms: u64) -> Result<Presented, StoreError> {
        let is_token = presented
            .strip_prefix(PREFIX)
            .is_some_and(|random| random.len() == 2 * RANDOM && random.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if !is_token {
            return Ok(Presented::Unknown);
        }
        let hash = Digest::of(presented.as_bytes());
        let found = self.read(move |connection| Ok(find(connection, &hash).map_err(failed)?)).await?;
        Ok(match found {
            None => Presented::Unknown,
            Some(token) if token.revoked_ms.is_some() => Presented::Revoked(token),
            Some(token) if token.expires_ms <= now_ms => Presented::Expired(token),
            Some(token) => Presented::Valid(token),
        })
    }

    /// Tokens in the order of their creation, revoked and expired ones included: those after the id `after`, at most `limit`
    /// of them and at most [`PAGE`].
    pub async fn tokens(&self, after: Option<&str>, limit: u32) -> Result<Vec<Token>, StoreError> {
        let after = after.unwrap_or_default().to_owned();
        self.read(move |connection| Ok(list(connection, &after, limit.min(PAGE)).map_err(failed)?)).await
    }

    /// Revokes a token for ever; on disk when this returns. Returns whether there is such a token; one that was revoked
    /// before keeps its time.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn token_revoke(&self, id: &str, now_ms: u64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(0, move |connection| Ok(revoke(connection, &id, now_ms)?)).await
    }
}

fn failed(source: rusqlite::Error) -> TokenError {
    TokenError::Read { source: Arc::new(source) }
}

pub(super) fn insert(connection: &Connection, token: &Token) -> Result<(), TokenError> {
    connection
        .prepare_cached(
            "INSERT INTO tokens (id, hash, service, app, \"user\", scopes, created_ms, expires_ms, revoked_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                token.id,
                token.hash,
                token.service,
                token.app,
                token.user,
                token.scopes.join(" "),
                to_sql(token.created_ms),
                to_sql(token.expires_ms),
                token.revoked_ms.map(to_sql),
            ])
        })
        .map(drop)
        .map_err(|source| TokenError::Write { id: token.id.clone(), source: Arc::new(source) })
}

pub(super) fn revoke(connection: &Connection, id: &str, now_ms: u64) -> Result<bool, TokenError> {
    connection
        .prepare_cached("UPDATE tokens SET revoked_ms = coalesce(revoked_ms, ?2) WHERE id = ?1")
        .and_then(|mut statement| statement.execute(params![id, to_sql(now_ms)]))
        .map(|changed| changed == 1)
        .map_err(|source| TokenError::Write { id: id.to_owned(), source: Arc::new(source) })
}

fn find(connection: &Connection, hash: &Digest) -> rusqlite::Result<Option<Token>> {
    connection
        .prepare_cached(
            "SELECT id, hash, service, app, \"user\", scopes, created_ms, expires_ms, revoked_ms FROM tokens WHERE hash = ?1",
        )?
        .query_row([hash], token)
        .optional()
}

fn list(connection: &Connection, after: &str, limit: u32) -> rusqlite::Result<Vec<Token>> {
    connection
        .prepare_cached(
            "SELECT id, hash, service, app, \"user\", scopes, created_ms, expires_ms, revoked_ms FROM tokens
             WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?
        .query_map(params![after, limit], token)?
        .collect()
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let scopes: String = row.get(5)?;
    Ok(Token {
        id: row.get(0)?,
        hash: row.get(1)?,
        service: row.get(2)?,
        app: row.get(3)?,
        user: row.get(4)?,
        scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        created_ms: from_sql(row.get(6)?),
        expires_ms: from_sql(row.get(7)?),
        revoked_ms: row.get::<_, Option<i64>>(8)?.map(from_sql),
    })
}
