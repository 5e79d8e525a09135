//! Apps: what subscribes to back services.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{MAX_OF_DEVELOPER, PAGE, PlatformError, one};
use crate::store::{Store, StoreError, from_sql, to_sql};

/// The platform lists all of them in one answer, which this keeps below a few MiB.
pub const MAX_APPS: u32 = 10_000;

/// A client application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub id: String,
    /// Fixed for ever.
    pub key: String,
    pub name: String,
    /// The developer's id; `None` is the operator.
    pub owner: Option<String>,
    pub created_ms: u64,
    pub updated_ms: u64,
}

impl Store {
    /// The app of this id.
    pub async fn platform_app(&self, id: &str) -> Result<Option<App>, StoreError> {
        self.platform_find(id, |connection, id| find(connection, "id", id)).await
    }

    /// The app of this key.
    pub async fn platform_app_by_key(&self, key: &str) -> Result<Option<App>, StoreError> {
        self.platform_find(key, |connection, key| find(connection, "key", key)).await
    }

    /// Apps in the order of their keys, after `after`: at most `limit`.
    pub async fn platform_apps(&self, after: &str, limit: u32) -> Result<Vec<App>, StoreError> {
        self.platform_find(after, move |connection, after| {
            let sql = format!("SELECT {COLUMNS} FROM platform_apps WHERE key > ?1 ORDER BY key LIMIT ?2");
            connection.prepare_cached(&sql)?.query_map(params![after, limit], app)?.collect()
        })
        .await
    }

    /// The apps of a developer, in the order of their keys.
    pub async fn platform_apps_of(&self, owner: &str) -> Result<Vec<App>, StoreError> {
        self.platform_find(owner, |connection, owner| {
            let sql = format!("SELECT {COLUMNS} FROM platform_apps WHERE owner = ?1 ORDER BY key LIMIT ?2");
            connection.prepare_cached(&sql)?.query_map(params![owner, PAGE], app)?.collect()
        })
        .await
    }
}

pub(super) fn insert(connection: &Connection, app: &App) -> Result<(), PlatformError> {
    if connection.prepare_cached("SELECT 1 FROM platform_apps WHERE key = ?1")?.exists([&app.key])? {
        return Err(PlatformError::KeyTaken);
    }
    let (all, own): (u32, u32) = connection
        .prepare_cached("SELECT count(*), count(*) FILTER (WHERE owner = ?1) FROM platform_apps")?
        .query_row([&app.owner], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if all >= MAX_APPS || own >= MAX_OF_DEVELOPER {
        return Err(PlatformError::TooMany);
    }
    connection
        .prepare_cached(
            "INSERT INTO platform_apps (id, key, name, owner, created_ms, updated_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![app.id, app.key, app.name, app.owner, to_sql(app.created_ms), to_sql(app.updated_ms)])?;
    Ok(())
}

pub(super) fn rename(connection: &Connection, id: &str, name: &str, now_ms: u64) -> Result<(), PlatformError> {
    one(connection.prepare_cached("UPDATE platform_apps SET name = ?2, updated_ms = ?3 WHERE id = ?1")?.execute(params![
        id,
        name,
        to_sql(now_ms)
    ])?)
}

/// Removes an app with its tokens, codes and app users. Not while it has a subscription in whatever state.
pub(super) fn remove(connection: &Connection, id: &str) -> Result<(), PlatformError> {
    if connection.prepare_cached("SELECT 1 FROM platform_subscriptions WHERE app = ?1")?.exists([id])? {
        return Err(PlatformError::Subscribed);
    }
    connection
        .prepare_cached(
            "UPDATE platform_services SET users = users -
             (SELECT count(*) FROM platform_users AS u WHERE u.app = ?1 AND u.service = platform_services.id)",
        )?
        .execute([id])?;
    connection.prepare_cached("DELETE FROM platform_tokens WHERE kind IN ('app', 'end') AND resource = ?1")?.execute([id])?;
    one(connection.prepare_cached("DELETE FROM platform_apps WHERE id = ?1")?.execute([id])?)
}

pub(super) const COLUMNS: &str = "id, key, name, owner, created_ms, updated_ms";

pub(super) fn find(connection: &Connection, column: &str, value: &str) -> rusqlite::Result<Option<App>> {
    let sql = format!("SELECT {COLUMNS} FROM platform_apps WHERE {column} = ?1");
    connection.prepare_cached(&sql)?.query_row([value], app).optional()
}

pub(super) fn app(row: &Row<'_>) -> rusqlite::Result<App> {
    Ok(App {
        id: row.get(0)?,
        key: row.get(1)?,
        name: row.get(2)?,
        owner: row.get(3)?,
        created_ms: from_sql(row.get(4)?),
        updated_ms: from_sql(row.get(5)?),
    })
}
