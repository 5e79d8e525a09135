//! App users: who has an account of an app at a back service.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{PlatformError, one};
use crate::store::{Store, StoreError, from_sql, to_sql};

/// The most app users that one service makes: some GiB of them.
const MAX_USERS: u32 = 10_000_000;

/// An app user. Its account name is unique for the app and the service that made it, compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: String,
    /// Ids of the app and of the service that made it.
    pub app: String,
    pub service: String,
    pub account: String,
    pub name: String,
    pub email: Option<String>,
    pub cellphone: Option<String>,
    pub created_ms: u64,
    pub updated_ms: u64,
}

/// What changes of an app user; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserChange {
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub cellphone: Option<String>,
    pub now_ms: u64,
}

impl Store {
    /// The app user of this id.
    pub async fn platform_user(&self, id: &str) -> Result<Option<User>, StoreError> {
        self.platform_find(id, |connection, id| {
            let sql = format!("SELECT {COLUMNS} FROM platform_users WHERE id = ?1");
            connection.prepare_cached(&sql)?.query_row([id], user).optional()
        })
        .await
    }

    /// The app user of that account name, by the ids of the app and of the service that made it.
    pub async fn platform_user_by_account(&self, app: &str, service: &str, account: &str) -> Result<Option<User>, StoreError> {
        let [app, service, account] = [app, service, account].map(str::to_owned);
        self.platform_read(move |connection| find(connection, &app, &service, &account)).await
    }
}

fn find(connection: &Connection, app: &str, service: &str, account: &str) -> rusqlite::Result<Option<User>> {
    let sql = format!("SELECT {COLUMNS} FROM platform_users WHERE app = ?1 AND service = ?2 AND account = ?3");
    connection.prepare_cached(&sql)?.query_row([app, service, account], user).optional()
}

/// The app user of that account name: the one there is, unchanged, or this one.
pub(super) fn create(connection: &Connection, new: &User) -> Result<User, PlatformError> {
    if let Some(found) = find(connection, &new.app, &new.service, &new.account)? {
        return Ok(found);
    }
    let counted = connection
        .prepare_cached("UPDATE platform_services SET users = users + 1 WHERE id = ?1 AND users < ?2")?
        .execute(params![new.service, MAX_USERS])?;
    if counted == 0 {
        return Err(PlatformError::TooMany);
    }
    connection
        .prepare_cached(
            "INSERT INTO platform_users (id, app, service, account, name, email, cellphone, created_ms, updated_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            new.id,
            new.app,
            new.service,
            new.account,
            new.name,
            new.email,
            new.cellphone,
            to_sql(new.created_ms),
            to_sql(new.updated_ms)
        ])?;
    Ok(new.clone())
}

pub(super) fn update(connection: &Connection, change: &UserChange) -> Result<(), PlatformError> {
    one(connection
        .prepare_cached(
            "UPDATE platform_users SET name = coalesce(?2, name), email = coalesce(?3, email),
             cellphone = coalesce(?4, cellphone), updated_ms = ?5 WHERE id = ?1",
        )?
        .execute(params![change.id, change.name, change.email, change.cellphone, to_sql(change.now_ms)])?)
}

const COLUMNS: &str = "id, app, service, account, name, email, cellphone, created_ms, updated_ms";

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(0)?,
        app: row.get(1)?,
        service: row.get(2)?,
        account: row.get(3)?,
        name: row.get(4)?,
        email: row.get(5)?,
        cellphone: row.get(6)?,
        created_ms: from_sql(row.get(7)?),
        updated_ms: from_sql(row.get(8)?),
    })
}
