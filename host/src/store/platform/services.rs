//! Back services, those of the configuration and those that developers registered.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{MAX_OF_DEVELOPER, PAGE, PlatformError, one};
use crate::store::{Store, StoreError, from_sql, to_sql};

/// Those of the configuration, and as many again of developers.
const MAX_SERVICES: u32 = 2_000;

/// A back service as the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub id: String,
    /// Fixed for ever.
    pub key: String,
    pub name: String,
    /// Whether any app may subscribe; else only those of the same developer.
    pub public: bool,
    /// The securityKey, sealed at `platform-services/<id>`; services of the configuration have it there.
    pub sign_key: Option<Vec<u8>>,
    /// Where notices go.
    pub message_api: String,
    /// Where its clients find it, without a final slash.
    pub service_api: String,
    pub description: String,
    pub manage_address: String,
    pub manage_by_open: bool,
    /// Whether it may make app users.
    pub allow_user_api: bool,
    /// The developer's id; `None` is the operator.
    pub owner: Option<String>,
    pub created_ms: u64,
    pub updated_ms: u64,
}

impl Service {
    /// The name under which its securityKey is sealed.
    pub fn place(id: &str) -> String {
        format!("platform-services/{id}")
    }
}

/// What changes of a registered service; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceChange {
    pub id: String,
    pub name: Option<String>,
    pub sign_key: Option<Vec<u8>>,
    pub message_api: Option<String>,
    pub service_api: Option<String>,
    pub description: Option<String>,
    pub manage_address: Option<String>,
    pub manage_by_open: Option<bool>,
    pub allow_user_api: Option<bool>,
    pub now_ms: u64,
}

/// What a service of the configuration found of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// The id it has for ever: its own from before, or the new one.
    pub id: String,
    /// The developer who had registered the key, and has lost it.
    pub taken_from: Option<String>,
}

impl Store {
    /// The service of this id.
    pub async fn platform_service(&self, id: &str) -> Result<Option<Service>, StoreError> {
        self.platform_find(id, |connection, id| find(connection, "id", id)).await
    }

    /// The service of this key.
    pub async fn platform_service_by_key(&self, key: &str) -> Result<Option<Service>, StoreError> {
        self.platform_find(key, |connection, key| find(connection, "key", key)).await
    }

    /// Services in the order of their keys, after `after`: one page.
    pub async fn platform_services(&self, after: &str) -> Result<Vec<Service>, StoreError> {
        self.platform_find(after, |connection, after| {
            let sql = format!("SELECT {COLUMNS} FROM platform_services WHERE key > ?1 ORDER BY key LIMIT ?2");
            connection.prepare_cached(&sql)?.query_map(params![after, PAGE], service)?.collect()
        })
        .await
    }

    /// The services of a developer, in the order of their keys.
    pub async fn platform_services_of(&self, owner: &str) -> Result<Vec<Service>, StoreError> {
        self.platform_find(owner, |connection, owner| {
            let sql = format!("SELECT {COLUMNS} FROM platform_services WHERE owner = ?1 ORDER BY key LIMIT ?2");
            connection.prepare_cached(&sql)?.query_map(params![owner, PAGE], service)?.collect()
        })
        .await
    }
}

pub(super) fn insert(connection: &Connection, service: &Service) -> Result<(), PlatformError> {
    if connection.prepare_cached("SELECT 1 FROM platform_services WHERE key = ?1")?.exists([&service.key])? {
        return Err(PlatformError::KeyTaken);
    }
    let (all, own): (u32, u32) = connection
        .prepare_cached("SELECT count(*), count(*) FILTER (WHERE owner = ?1) FROM platform_services")?
        .query_row([&service.owner], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if all >= MAX_SERVICES || own >= MAX_OF_DEVELOPER {
        return Err(PlatformError::TooMany);
    }
    add(connection, service)?;
    Ok(())
}

/// A service of the configuration has its key before all others: who registered it loses it, and every token of it ends.
pub(super) fn seed(connection: &Connection, service: &Service) -> Result<Seed, PlatformError> {
    let Some(found) = find(connection, "key", &service.key)? else {
        add(connection, service)?;
        return Ok(Seed { id: service.id.clone(), taken_from: None });
    };
    let (id, taken_from) = (found.id.clone(), found.owner.clone());
    let same = Service { id: id.clone(), created_ms: found.created_ms, updated_ms: found.updated_ms, ..service.clone() };
    if found != same {
        connection
            .prepare_cached(
                "UPDATE platform_services SET name = ?2, public = ?3, sign_key = ?4, message_api = ?5, service_api = ?6,
                 description = ?7, manage_address = ?8, manage_by_open = ?9, allow_user_api = ?10, owner = ?11, updated_ms = ?12
                 WHERE id = ?1",
            )?
            .execute(params![
                id,
                service.name,
                service.public,
                service.sign_key,
                service.message_api,
                service.service_api,
                service.description,
                service.manage_address,
                service.manage_by_open,
                service.allow_user_api,
                service.owner,
                to_sql(service.updated_ms)
            ])?;
    }
    if taken_from.is_some() {
        end_tokens(connection, &id)?;
    }
    Ok(Seed { id, taken_from })
}

pub(super) fn update(connection: &Connection, change: &ServiceChange) -> Result<(), PlatformError> {
    let changed = connection
        .prepare_cached(
            "UPDATE platform_services SET name = coalesce(?2, name), sign_key = coalesce(?3, sign_key),
             message_api = coalesce(?4, message_api), service_api = coalesce(?5, service_api),
             description = coalesce(?6, description), manage_address = coalesce(?7, manage_address),
             manage_by_open = coalesce(?8, manage_by_open), allow_user_api = coalesce(?9, allow_user_api), updated_ms = ?10
             WHERE id = ?1",
        )?
        .execute(params![
            change.id,
            change.name,
            change.sign_key,
            change.message_api,
            change.service_api,
            change.description,
            change.manage_address,
            change.manage_by_open,
            change.allow_user_api,
            to_sql(change.now_ms)
        ])?;
    one(changed)
}

/// Removes a service with its tokens, messages and app users. Not while an app subscribes to it in whatever state.
pub(super) fn remove(connection: &Connection, id: &str) -> Result<(), PlatformError> {
    if connection.prepare_cached("SELECT 1 FROM platform_subscriptions WHERE service = ?1")?.exists([id])? {
        return Err(PlatformError::Subscribed);
    }
    end_tokens(connection, id)?;
    connection.prepare_cached("DELETE FROM platform_messages WHERE service = ?1")?.execute([id])?;
    one(connection.prepare_cached("DELETE FROM platform_services WHERE id = ?1")?.execute([id])?)
}

fn end_tokens(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM platform_tokens WHERE kind = 'service' AND resource = ?1")?.execute([id]).map(drop)
}

fn add(connection: &Connection, service: &Service) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO platform_services (id, key, name, public, sign_key, message_api, service_api, description,
             manage_address, manage_by_open, allow_user_api, owner, created_ms, updated_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            service.id,
            service.key,
            service.name,
            service.public,
            service.sign_key,
            service.message_api,
            service.service_api,
            service.description,
            service.manage_address,
            service.manage_by_open,
            service.allow_user_api,
            service.owner,
            to_sql(service.created_ms),
            to_sql(service.updated_ms)
        ])
        .map(drop)
}

const COLUMNS: &str = "id, key, name, public, sign_key, message_api, service_api, description, manage_address, manage_by_open, \
                       allow_user_api, owner, created_ms, updated_ms";
/// [`COLUMNS`] where other tables have some of them too.
pub(super) const COLUMNS_OF_S: &str = "s.id, s.key, s.name, s.public, s.sign_key, s.message_api, s.service_api, s.description, \
                                       s.manage_address, s.manage_by_open, s.allow_user_api, s.owner, s.created_ms, \
                                       s.updated_ms";

pub(super) fn find(connection: &Connection, column: &str, value: &str) -> rusqlite::Result<Option<Service>> {
    let sql = format!("SELECT {COLUMNS} FROM platform_services WHERE {column} = ?1");
    connection.prepare_cached(&sql)?.query_row([value], service).optional()
}

pub(super) fn service(row: &Row<'_>) -> rusqlite::Result<Service> {
    Ok(Service {
        id: row.get(0)?,
        key: row.get(1)?,
        name: row.get(2)?,
        public: row.get(3)?,
        sign_key: row.get(4)?,
        message_api: row.get(5)?,
        service_api: row.get(6)?,
        description: row.get(7)?,
        manage_address: row.get(8)?,
        manage_by_open: row.get(9)?,
        allow_user_api: row.get(10)?,
        owner: row.get(11)?,
        created_ms: from_sql(row.get(12)?),
        updated_ms: from_sql(row.get(13)?),
    })
}
