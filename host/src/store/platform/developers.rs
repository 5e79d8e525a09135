//! Developers, and the invitations by which they come.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{PAGE, PlatformError, one};
use crate::{
    secret::Secret,
    store::{Digest, Store, StoreError, from_sql, to_sql},
};

/// Each has to be invited by the operator, or made by him.
const MAX_DEVELOPERS: u32 = 10_000;
/// Codes that nobody has used yet.
const MAX_INVITATIONS: u32 = 10_000;

/// Whoever owns apps and services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Developer {
    pub id: String,
    /// In lower case.
    pub email: String,
    /// An argon2id hash in PHC form; without one nobody logs in.
    pub password: Option<Secret>,
    /// May be empty.
    pub cellphone: String,
    pub name: String,
    /// The code it was invited with; empty where the operator made it.
    pub invitation: String,
    pub created_ms: u64,
    pub updated_ms: Option<u64>,
}

/// A developer who comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    pub developer: Developer,
    /// The invitation to use up; the operator needs none.
    pub invitation: Option<Digest>,
}

/// What changes of a developer; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeveloperChange {
    pub id: String,
    pub name: Option<String>,
    pub cellphone: Option<String>,
    pub password: Option<Secret>,
    pub now_ms: u64,
}

impl Store {
    /// The developer of this id.
    pub async fn platform_developer(&self, id: &str) -> Result<Option<Developer>, StoreError> {
        self.platform_find(id, |connection, id| find(connection, "id", id)).await
    }

    /// The developer of this e-mail address, in lower case.
    pub async fn platform_developer_by_email(&self, email: &str) -> Result<Option<Developer>, StoreError> {
        self.platform_find(email, |connection, email| find(connection, "email", email)).await
    }

    /// Developers in the order of their e-mail addresses, after `after`: one page.
    pub async fn platform_developers(&self, after: &str) -> Result<Vec<Developer>, StoreError> {
        self.platform_find(after, |connection, after| {
            let sql = format!("SELECT {COLUMNS} FROM platform_developers WHERE email > ?1 ORDER BY email LIMIT ?2");
            connection.prepare_cached(&sql)?.query_map(params![after, PAGE], developer)?.collect()
        })
        .await
    }

    /// Whether the invitation could be used now. Whoever registers uses it up, or finds that another one did.
    pub async fn platform_invitation_is_good(&self, hash: Digest, now_ms: u64) -> Result<bool, StoreError> {
        self.platform_read(move |connection| {
            connection
                .prepare_cached("SELECT 1 FROM platform_invitations WHERE hash = ?1 AND expires_ms > ?2")?
                .exists(params![hash, to_sql(now_ms)])
        })
        .await
    }
}

pub(super) fn register(connection: &Connection, register: &Register) -> Result<(), PlatformError> {
    let Register { developer, invitation } = register;
    if let Some(hash) = invitation {
        let used = connection
            .prepare_cached("DELETE FROM platform_invitations WHERE hash = ?1 AND expires_ms > ?2")?
            .execute(params![hash, to_sql(developer.created_ms)])?;
        if used == 0 {
            return Err(PlatformError::Invitation);
        }
    }
    let is_there = |column: &str, value: &str| -> rusqlite::Result<bool> {
        connection.prepare_cached(&format!("SELECT 1 FROM platform_developers WHERE {column} = ?1"))?.exists([value])
    };
    if is_there("email", &developer.email)? {
        return Err(PlatformError::EmailTaken);
    }
    if !developer.cellphone.is_empty() && is_there("cellphone", &developer.cellphone)? {
        return Err(PlatformError::CellphoneTaken);
    }
    if count(connection, "SELECT count(*) FROM platform_developers")? >= MAX_DEVELOPERS {
        return Err(PlatformError::TooMany);
    }
    connection
        .prepare_cached(
            "INSERT INTO platform_developers (id, email, password, cellphone, name, invitation, created_ms, updated_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            developer.id,
            developer.email,
            developer.password.as_ref().map(Secret::expose),
            developer.cellphone,
            developer.name,
            developer.invitation,
            to_sql(developer.created_ms),
            developer.updated_ms.map(to_sql),
        ])?;
    Ok(())
}

pub(super) fn update(connection: &Connection, change: &DeveloperChange) -> Result<(), PlatformError> {
    if let Some(cellphone) = change.cellphone.as_ref().filter(|cellphone| !cellphone.is_empty()) {
        let taken = connection
            .prepare_cached("SELECT 1 FROM platform_developers WHERE cellphone = ?1 AND id <> ?2")?
            .exists([cellphone, &change.id])?;
        if taken {
            return Err(PlatformError::CellphoneTaken);
        }
    }
    let changed = connection
        .prepare_cached(
            "UPDATE platform_developers SET name = coalesce(?2, name), cellphone = coalesce(?3, cellphone),
             password = coalesce(?4, password), updated_ms = ?5 WHERE id = ?1",
        )?
        .execute(params![
            change.id,
            change.name,
            change.cellphone,
            change.password.as_ref().map(Secret::expose),
            to_sql(change.now_ms)
        ])?;
    one(changed)
}

pub(super) fn invite(connection: &Connection, hash: &Digest, now_ms: u64, expires_ms: u64) -> Result<(), PlatformError> {
    connection.prepare_cached("DELETE FROM platform_invitations WHERE expires_ms <= ?1")?.execute([to_sql(now_ms)])?;
    if count(connection, "SELECT count(*) FROM platform_invitations")? >= MAX_INVITATIONS {
        return Err(PlatformError::TooMany);
    }
    connection
        .prepare_cached("INSERT INTO platform_invitations (hash, expires_ms) VALUES (?1, ?2)")?
        .execute(params![hash, to_sql(expires_ms)])?;
    Ok(())
}

fn count(connection: &Connection, sql: &str) -> rusqlite::Result<u32> {
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

const COLUMNS: &str = "id, email, password, cellphone, name, invitation, created_ms, updated_ms";

fn find(connection: &Connection, column: &str, value: &str) -> rusqlite::Result<Option<Developer>> {
    let sql = format!("SELECT {COLUMNS} FROM platform_developers WHERE {column} = ?1");
    connection.prepare_cached(&sql)?.query_row([value], developer).optional()
}

fn developer(row: &Row<'_>) -> rusqlite::Result<Developer> {
    Ok(Developer {
        id: row.get(0)?,
        email: row.get(1)?,
        password: row.get::<_, Option<Vec<u8>>>(2)?.map(Secret::new),
        cellphone: row.get(3)?,
        name: row.get(4)?,
        invitation: row.get(5)?,
        created_ms: from_sql(row.get(6)?),
        updated_ms: row.get::<_, Option<i64>>(7)?.map(from_sql),
    })
}
