//! What the back services are told: a message for each subscribe and each cancel, `init` → `send` → `resolved`.
//!
//! `send` says that a notice arrived. A message whose notices failed stays `init` and is found by polling all the same.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{PAGE, PlatformError, apps::App};
use crate::store::{Store, StoreError, from_sql, to_sql};

/// How long a resolved message is still known, in milliseconds: a week, for a service that says so once more, and for whoever
/// asks what happened.
const KEPT_MS: u64 = 7 * 86_400_000;
/// How many messages back a resolved one is still known, however young it is.
const KEPT: i64 = 10_000;
/// How many old ones go at once: more than come, so that they go faster.
const FORGOTTEN: u32 = 8;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    Subscribe,
    Cancel,
}

impl MessageKind {
    /// The word of the platform.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "app_subscribe_service",
            Self::Cancel => "app_cancel_service",
        }
    }

    fn parse(word: &str) -> Self {
        if word == Self::Cancel.as_str() { Self::Cancel } else { Self::Subscribe }
    }
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// No notice has arrived yet.
    Init,
    /// The service has had a notice.
    Send,
    /// The service has handled it.
    Resolved,
}

impl MessageState {
    /// The word of the platform.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Send => "send",
            Self::Resolved => "resolved",
        }
    }

    fn parse(word: &str) -> Self {
        [Self::Send, Self::Resolved].into_iter().find(|state| state.as_str() == word).unwrap_or(Self::Init)
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The platform's own sequence, which orders all lists.
    pub seq: u64,
    pub id: String,
    /// The service's id.
    pub service: String,
    pub kind: MessageKind,
    /// The app's id and key, and the subscription's id.
    pub app: String,
    pub app_key: String,
    pub subscription: String,
    pub state: MessageState,
    /// Notices that failed.
    pub attempts: u32,
    /// When the next notice is due; `None` where it is left to polling.
    pub next_ms: Option<u64>,
    pub created_ms: u64,
}

/// To whom notices go: services of the configuration are in this host, those that developers registered anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    Here,
    Away,
}

/// A notice that is due, or will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The message's id.
    pub message: String,
    /// The service's id and key.
    pub service: String,
    pub service_key: String,
    /// Where its notices go; `None` for one of the configuration, which is told in process.
    pub message_api: Option<String>,
    pub attempts: u32,
    pub next_ms: u64,
}

impl Store {
    /// What the service of this id has not resolved yet, in the platform's order, after `after`: one page. There is one such
    /// message for each subscription at most, because one that waits for the service takes no other change.
    pub async fn platform_messages_open(&self, service: &str, after: u64) -> Result<Vec<Message>, StoreError> {
        self.platform_find(service, move |connection, service| {
            let sql = format!(
                "SELECT {COLUMNS} FROM platform_messages WHERE service = ?1 AND state <> 'resolved' AND seq > ?2
                 ORDER BY seq LIMIT ?3"
            );
            connection.prepare_cached(&sql)?.query_map(params![service, to_sql(after), PAGE], message)?.collect()
        })
        .await
    }

    /// The message of this id, whose ever it is.
    pub async fn platform_message(&self, id: &str) -> Result<Option<Message>, StoreError> {
        self.platform_find(id, find).await
    }

    /// All messages in the platform's order, after `after`: one page, each with its service's key.
    pub async fn platform_messages(&self, after: u64) -> Result<Vec<(Message, String)>, StoreError> {
        self.platform_read(move |connection| {
            let columns: Vec<String> = COLUMNS.split(", ").map(|column| format!("m.{column}")).collect();
            let sql = format!(
                "SELECT {}, s.key FROM platform_messages AS m JOIN platform_services AS s ON s.id = m.service
                 WHERE m.seq > ?1 ORDER BY m.seq LIMIT ?2",
                columns.join(", ")
            );
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_map(params![to_sql(after), PAGE], |row| Ok((message(row)?, row.get(11)?)))?.collect()
        })
        .await
    }

    /// Notices that are to be sent, the next one due first: at most `limit`, and none to the services `but`, by their ids.
    pub async fn platform_notices(&self, to: To, limit: u32, but: &[String]) -> Result<Vec<Notice>, StoreError> {
        let but = serde_json::Value::from(but).to_string();
        self.platform_read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT m.id, s.id, s.key, iif(s.sign_key IS NULL, NULL, s.message_api), m.attempts, m.next_ms FROM platform_messages AS m
                     JOIN platform_services AS s ON s.id = m.service
                     WHERE m.next_ms IS NOT NULL AND m.service NOT IN (SELECT value FROM json_each(?2))
                     AND (s.sign_key IS NULL) = ?3
                     ORDER BY m.next_ms, m.seq LIMIT ?1",
                )?
                .query_map(params![limit, but, to == To::Here], |row| {
                    Ok(Notice {
                        message: row.get(0)?,
                        service: row.get(1)?,
                        service_key: row.get(2)?,
                        message_api: row.get(3)?,
                        attempts: row.get(4)?,
                        next_ms: from_sql(row.get(5)?),
                    })
                })?
                .collect()
        })
        .await
    }
}

/// A message about a subscription of `app`, with a notice that is due now.
pub(super) fn insert(
    connection: &Connection,
    id: &str,
    kind: MessageKind,
    service: &str,
    app: &App,
    subscription: &str,
    now_ms: u64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO platform_messages (id, service, kind, app, app_key, subscription, state, attempts, next_ms, created_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'init', 0, ?7, ?7)",
        )?
        .execute(params![id, service, kind.as_str(), app.id, app.key, subscription, to_sql(now_ms)])?;
    forget(connection, connection.last_insert_rowid(), now_ms)
}

/// Lets resolved messages go that are old, or far behind the newest one.
fn forget(connection: &Connection, newest: i64, now_ms: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM platform_messages WHERE seq IN
             (SELECT seq FROM platform_messages WHERE state = 'resolved' ORDER BY seq LIMIT ?3)
             AND (resolved_ms < ?1 OR seq <= ?2)",
        )?
        .execute(params![to_sql(now_ms.saturating_sub(KEPT_MS)), newest - KEPT, FORGOTTEN])
        .map(drop)
}

pub(super) fn noticed(connection: &Connection, id: &str) -> Result<(), PlatformError> {
    connection
        .prepare_cached("UPDATE platform_messages SET next_ms = NULL, state = iif(state = 'init', 'send', state) WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

pub(super) fn notice_failed(connection: &Connection, id: &str, next_ms: Option<u64>) -> Result<(), PlatformError> {
    // One that was resolved meanwhile needs no notice.
    connection
        .prepare_cached("UPDATE platform_messages SET attempts = attempts + 1, next_ms = ?2 WHERE id = ?1 AND state = 'init'")?
        .execute(params![id, next_ms.map(to_sql)])?;
    Ok(())
}

/// The message is handled, and so is what it says: the subscription holds, or is gone.
pub(super) fn resolve(connection: &Connection, id: &str, now_ms: u64) -> Result<(), PlatformError> {
    let message = find(connection, id)?.ok_or(PlatformError::Unknown)?;
    if message.state == MessageState::Resolved {
        return Ok(());
    }
    connection
        .prepare_cached("UPDATE platform_messages SET state = 'resolved', next_ms = NULL, resolved_ms = ?2 WHERE id = ?1")?
        .execute(params![id, to_sql(now_ms)])?;
    let settled = match message.kind {
        MessageKind::Subscribe => {
            "UPDATE platform_subscriptions SET state = 'subscribed' WHERE id = ?1 AND state = 'pending_subscribed'"
        }
        MessageKind::Cancel => "DELETE FROM platform_subscriptions WHERE id = ?1 AND state = 'pending_cancel'",
    };
    connection.prepare_cached(settled)?.execute([&message.subscription])?;
    Ok(())
}

/// Whatever there is to say about a subscription counts as handled.
pub(super) fn give_up(connection: &Connection, subscription: &str, service: &str, now_ms: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE platform_messages SET state = 'resolved', next_ms = NULL, resolved_ms = ?3
             WHERE service = ?2 AND state <> 'resolved' AND subscription = ?1",
        )?
        .execute(params![subscription, service, to_sql(now_ms)])
        .map(drop)
}

const COLUMNS: &str = "seq, id, service, kind, app, app_key, subscription, state, attempts, next_ms, created_ms";

fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<Message>> {
    let sql = format!("SELECT {COLUMNS} FROM platform_messages WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row([id], message).optional()
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        seq: from_sql(row.get(0)?),
        id: row.get(1)?,
        service: row.get(2)?,
        kind: MessageKind::parse(&row.get::<_, String>(3)?),
        app: row.get(4)?,
        app_key: row.get(5)?,
        subscription: row.get(6)?,
        state: MessageState::parse(&row.get::<_, String>(7)?),
        attempts: row.get(8)?,
        next_ms: row.get::<_, Option<i64>>(9)?.map(from_sql),
        created_ms: from_sql(row.get(10)?),
    })
}
