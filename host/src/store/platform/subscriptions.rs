//! Which app has subscribed to which back service.
//!
//! A subscription waits for the service on both its ends: `pending_subscribed` until the service has handled the message
//! about it, `pending_cancel` until it has handled the other one; then the row is gone.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    PAGE, PlatformError,
    apps::{self, App},
    messages::{self, MessageKind},
    services::{self, COLUMNS_OF_S, Service},
};
use crate::store::{Store, StoreError, from_sql, to_sql};

/// How far a subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    PendingSubscribed,
    Subscribed,
    PendingCancel,
}

impl State {
    /// The word of the platform.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingSubscribed => "pending_subscribed",
            Self::Subscribed => "subscribed",
            Self::PendingCancel => "pending_cancel",
        }
    }

    fn parse(word: &str) -> Self {
        // The table takes no other word.
        [Self::Subscribed, Self::PendingCancel]
            .into_iter()
            .find(|state| state.as_str() == word)
            .unwrap_or(Self::PendingSubscribed)
    }
}

/// An app that subscribes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// The new subscription's id.
    pub id: String,
    /// The id of the message about it.
    pub message: String,
    /// Ids.
    pub app: String,
    pub service: String,
    /// The operator may subscribe any app to any service.
    pub by_operator: bool,
    pub now_ms: u64,
}

/// An app that cancels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// The id of the message about it.
    pub message: String,
    /// Ids.
    pub app: String,
    pub service: String,
    pub now_ms: u64,
}

/// A subscription that is set by hand. Messages about it count as handled: the service is asked nothing any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Force {
    /// The subscription's id, if there is none yet. At a service of this host it also stands for the message that there is not.
    pub id: String,
    /// Ids.
    pub app: String,
    pub service: String,
    /// Else it is gone afterwards.
    pub subscribed: bool,
    pub now_ms: u64,
}

/// A subscription as lists have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Orders the list.
    pub row: u64,
    pub id: String,
    pub app: String,
    pub service: String,
    pub state: State,
    pub created_ms: u64,
}

impl Store {
    /// The id of the app's subscription to the service, by their ids, and how far it is; `None` where there is none.
    pub async fn platform_subscription(&self, app: &str, service: &str) -> Result<Option<(String, State)>, StoreError> {
        let (app, service) = (app.to_owned(), service.to_owned());
        self.platform_read(move |connection| find(connection, &app, &service)).await
    }

    /// The services that the app of this id has subscribed to, in the order of their keys.
    pub async fn platform_subscribed(&self, app: &str) -> Result<Vec<(Service, State)>, StoreError> {
        self.platform_find(app, |connection, app| {
            let sql = format!(
                "SELECT {COLUMNS_OF_S}, b.state FROM platform_subscriptions AS b JOIN platform_services AS s ON s.id = b.service
                 WHERE b.app = ?1 ORDER BY s.key LIMIT ?2"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let row = |row: &Row<'_>| Ok((services::service(row)?, State::parse(&row.get::<_, String>(14)?)));
            statement.query_map(params![app, PAGE], row)?.collect()
        })
        .await
    }

    /// The app of this key and the services that have said yes to it, read at one moment.
    pub async fn platform_context(&self, app_key: &str) -> Result<Option<(App, Vec<Service>)>, StoreError> {
        self.platform_find(app_key, |connection, key| {
            let transaction = connection.unchecked_transaction()?;
            let Some(app) = apps::find(&transaction, "key", key)? else { return Ok(None) };
            let sql = format!(
                "SELECT {COLUMNS_OF_S} FROM platform_subscriptions AS b JOIN platform_services AS s ON s.id = b.service
                 WHERE b.app = ?1 AND b.state = 'subscribed' ORDER BY s.key LIMIT ?2"
            );
            let services = transaction
                .prepare_cached(&sql)?
                .query_map(params![app.id, PAGE], services::service)?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Some((app, services)))
        })
        .await
    }

    /// All subscriptions in the order in which they were made, after the row `after`: one page.
    pub async fn platform_subscriptions(&self, after: u64) -> Result<Vec<Listed>, StoreError> {
        self.platform_read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT b.rowid, b.id, a.key, s.key, b.state, b.created_ms FROM platform_subscriptions AS b
                     JOIN platform_apps AS a ON a.id = b.app JOIN platform_services AS s ON s.id = b.service
                     WHERE b.rowid > ?1 ORDER BY b.rowid LIMIT ?2",
                )?
                .query_map(params![to_sql(after), PAGE], |row| {
                    Ok(Listed {
                        row: from_sql(row.get(0)?),
                        id: row.get(1)?,
                        app: row.get(2)?,
                        service: row.get(3)?,
                        state: State::parse(&row.get::<_, String>(4)?),
                        created_ms: from_sql(row.get(5)?),
                    })
                })?
                .collect()
        })
        .await
    }
}

pub(super) fn subscribe(connection: &Connection, subscribe: &Subscribe) -> Result<(), PlatformError> {
    let Subscribe { id, message, app, service, by_operator, now_ms } = subscribe;
    let app = apps::find(connection, "id", app)?.ok_or(PlatformError::Unknown)?;
    let service = services::find(connection, "id", service)?.ok_or(PlatformError::Unknown)?;
    let is_allowed = service.public || *by_operator || (service.owner.is_some() && service.owner == app.owner);
    if !is_allowed {
        return Err(PlatformError::Private);
    }
    if find(connection, &app.id, &service.id)?.is_some() {
        return Err(PlatformError::Subscribed);
    }
    insert(connection, id, &app.id, &service.id, State::PendingSubscribed, *now_ms)?;
    messages::insert(connection, message, MessageKind::Subscribe, &service.id, &app, id, *now_ms)?;
    Ok(())
}

pub(super) fn cancel(connection: &Connection, cancel: &Cancel) -> Result<(), PlatformError> {
    let Cancel { message, app, service, now_ms } = cancel;
    let app = apps::find(connection, "id", app)?.ok_or(PlatformError::Unknown)?;
    match find(connection, &app.id, service)? {
        None => Err(PlatformError::NotSubscribed),
        Some((_, State::PendingSubscribed | State::PendingCancel)) => Err(PlatformError::Pending),
        Some((id, State::Subscribed)) => {
            connection
                .prepare_cached("UPDATE platform_subscriptions SET state = 'pending_cancel' WHERE id = ?1")?
                .execute([&id])?;
            messages::insert(connection, message, MessageKind::Cancel, service, &app, &id, *now_ms)?;
            Ok(())
        }
    }
}

pub(super) fn force(connection: &Connection, force: &Force) -> Result<(), PlatformError> {
    let Force { id, app, service, subscribed, now_ms } = force;
    let found = find(connection, app, service)?;
    if let Some((id, _)) = &found {
        messages::give_up(connection, id, service, *now_ms)?;
    }
    match (found, *subscribed) {
        (Some((id, _)), true) => {
            connection.prepare_cached("UPDATE platform_subscriptions SET state = 'subscribed' WHERE id = ?1")?.execute([id])?;
        }
        (Some((id, _)), false) => {
            connection.prepare_cached("DELETE FROM platform_subscriptions WHERE id = ?1")?.execute([id])?;
        }
        (None, true) => insert(connection, id, app, service, State::Subscribed, *now_ms)?,
        (None, false) => return Err(PlatformError::NotSubscribed),
    }
    Ok(())
}

/// The subscription's id and state.
fn find(connection: &Connection, app: &str, service: &str) -> rusqlite::Result<Option<(String, State)>> {
    connection
        .prepare_cached("SELECT id, state FROM platform_subscriptions WHERE app = ?1 AND service = ?2")?
        .query_row([app, service], |row| Ok((row.get(0)?, State::parse(&row.get::<_, String>(1)?))))
        .optional()
}

fn insert(connection: &Connection, id: &str, app: &str, service: &str, state: State, now_ms: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO platform_subscriptions (id, app, service, state, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![id, app, service, state.as_str(), to_sql(now_ms)])
        .map(drop)
}
