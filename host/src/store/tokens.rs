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
/// The most tokens that are kept: far more than are ever handed out by hand, and few enough to be looked through at once.
pub const MAX_TOKENS: u32 = 100_000;
/// How long a token is still listed after it has expired or was revoked, in milliseconds: a quarter, for whoever asks what
/// opened a door.
const KEPT_MS: u64 = 90 * 86_400_000;

/// What a token is to be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The service it opens.
    pub service: String,
    /// The key of the app that calls with it.
    pub app: String,
    /// The app user it stands for, if any.
    pub user: Option<User>,
    /// Scope tokens of RFC 6749 (printable ASCII without space, `"` and `\`).
    pub scopes: Vec<String>,
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// The first millisecond in which it is no longer valid.
    pub expires_ms: u64,
}

/// An app user that a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The identity.
    pub id: String,
    /// Labels; may be empty.
    pub account: String,
    pub name: String,
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
    pub user: Option<User>,
    pub scopes: Vec<String>,
    pub created_ms: u64,
    pub expires_ms: u64,
    pub revoked_ms: Option<u64>,
}

/// Whether a token opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Active,
    Expired,
    Revoked,
}

impl State {
    /// The word of lists and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Token {
    /// Its state at `now_ms`; one that was revoked stays so when it expires.
    pub fn state(&self, now_ms: u64) -> State {
        match self.revoked_ms {
            Some(_) => State::Revoked,
            None if self.expires_ms <= now_ms => State::Expired,
            None => State::Active,
        }
    }
}

/// Why a token was not created, found, listed or revoked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenError {
    #[error("`{}` is not a scope", .scope.escape_debug())]
    Scope { scope: String },
    #[error("there are {MAX_TOKENS} tokens already")]
    TooMany,
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

/// What a token is found by; `None` for text that cannot be one of ours.
pub fn hash(presented: &str) -> Option<Digest> {
    let random = presented.strip_prefix(PREFIX)?;
    let shaped = random.len() == 2 * RANDOM && random.bytes().all(|byte| byte.is_ascii_hexdigit());
    shaped.then(|| Digest::of(presented.as_bytes()))
}

impl Store {
    /// Creates a token; on disk when this returns. The secret is the token itself, in ASCII, to be shown this once. Tokens
    /// that ended long ago are forgotten meanwhile; with [`MAX_TOKENS`] left there is no room for another one.
    ///
    /// Cancellation: as for [`Store::commit`]; a token that was stored without its secret being seen is of no use to anybody.
    pub async fn token_create(&self, new: NewToken) -> Result<(Token, Secret), StoreError> {
        let (token, secret) = mint(new)?;
        let stored = token.clone();
        self.write(0, move |connection| Ok(insert(connection, &stored)?)).await?;
        Ok((token, secret))
    }

    /// The token with this [`hash`], in whatever state.
    ///
    /// Cancellation: harmless.
    pub async fn token_find(&self, hash: Digest) -> Result<Option<Token>, StoreError> {
        self.read(move |connection| Ok(find(connection, &hash).map_err(failed)?)).await
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

fn insert(connection: &Connection, token: &Token) -> Result<(), TokenError> {
    let failed = |source| TokenError::Write { id: token.id.clone(), source: Arc::new(source) };
    connection
        .prepare_cached("DELETE FROM tokens WHERE min(expires_ms, coalesce(revoked_ms, expires_ms)) < ?1")
        .and_then(|mut statement| statement.execute([to_sql(token.created_ms.saturating_sub(KEPT_MS))]))
        .map_err(failed)?;
    let count: u32 = connection
        .prepare_cached("SELECT count(*) FROM tokens")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(failed)?;
    if count >= MAX_TOKENS {
        return Err(TokenError::TooMany);
    }
    let label = |label: fn(&User) -> &str| token.user.as_ref().map(label);
    connection
        .prepare_cached(
            "INSERT INTO tokens
             (id, hash, service, app, user_id, user_account, user_name, scopes, created_ms, expires_ms, revoked_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                token.id,
                token.hash,
                token.service,
                token.app,
                label(|user| &user.id),
                label(|user| &user.account),
                label(|user| &user.name),
                token.scopes.join(" "),
                to_sql(token.created_ms),
                to_sql(token.expires_ms),
                token.revoked_ms.map(to_sql),
            ])
        })
        .map(drop)
        .map_err(failed)
}

fn revoke(connection: &Connection, id: &str, now_ms: u64) -> Result<bool, TokenError> {
    connection
        .prepare_cached("UPDATE tokens SET revoked_ms = coalesce(revoked_ms, ?2) WHERE id = ?1")
        .and_then(|mut statement| statement.execute(params![id, to_sql(now_ms)]))
        .map(|changed| changed == 1)
        .map_err(|source| TokenError::Write { id: id.to_owned(), source: Arc::new(source) })
}

const COLUMNS: &str = "id, hash, service, app, user_id, user_account, user_name, scopes, created_ms, expires_ms, revoked_ms";

fn find(connection: &Connection, hash: &Digest) -> rusqlite::Result<Option<Token>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM tokens WHERE hash = ?1"))?;
    statement.query_row([hash], token).optional()
}

fn list(connection: &Connection, after: &str, limit: u32) -> rusqlite::Result<Vec<Token>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM tokens WHERE id > ?1 ORDER BY id LIMIT ?2"))?;
    statement.query_map(params![after, limit], token)?.collect()
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let user = match row.get(4)? {
        Some(id) => Some(User { id, account: row.get(5)?, name: row.get(6)? }),
        None => None,
    };
    let scopes: String = row.get(7)?;
    Ok(Token {
        id: row.get(0)?,
        hash: row.get(1)?,
        service: row.get(2)?,
        app: row.get(3)?,
        user,
        scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        created_ms: from_sql(row.get(8)?),
        expires_ms: from_sql(row.get(9)?),
        revoked_ms: row.get::<_, Option<i64>>(10)?.map(from_sql),
    })
}
