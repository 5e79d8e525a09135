//! Subscriptions: which apps use a service, since when, and when the data of those that left is purged.
//!
//! They change with the messages that say so, in one commit with their completion: a subscribe makes an app *subscribed*, a
//! cancel makes it *cancelled* and sets a timer, a purge makes it *purged*. A subscribe stops the timer. When the timer is due, a
//! message of kind `purge` takes its turn in the app's queue.
//!
//! What is purged stays as a row that says so, for ever: an Ocean-Auth header of an app can outlive any subscription, and
//! without the row it would open the service again to whoever left it. There is one such row for an app at most.
//!
//! Beside them, the ids of apps: an Ocean-Auth header has the key only, and calls to the platform need the id.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    Store, StoreError, from_sql,
    messages::{self, About, PURGE, queue},
    to_sql,
};

/// The most subscriptions on one page.
pub const PAGE: u32 = 1_000;
/// Purges that are begun in one write.
const PURGES: u32 = 64;
/// How long a purge waits whose app has unfinished messages, in milliseconds.
const BUSY_MS: u64 = 60_000;

/// Whether an app uses a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    Subscribed,
    /// It cancelled, and its data is not purged yet.
    Cancelled,
    /// It cancelled, and of its data nothing is left.
    Purged,
}

impl Standing {
    /// The word of tables, lists and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribed => "subscribed",
            Self::Cancelled => "cancelled",
            Self::Purged => "purged",
        }
    }
}

impl rusqlite::types::FromSql for Standing {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        match value.as_str()? {
            "subscribed" => Ok(Self::Subscribed),
            "cancelled" => Ok(Self::Cancelled),
            "purged" => Ok(Self::Purged),
            _ => Err(rusqlite::types::FromSqlError::InvalidType),
        }
    }
}

/// One app at one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub service: String,
    pub about: About,
    pub standing: Standing,
    /// When the message that made it so was handled.
    pub since_ms: u64,
    /// When the app's data is purged, if a timer runs.
    pub purge_ms: Option<u64>,
}

/// What a handled message changes: an effect of the batch that completes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub service: String,
    pub about: About,
    /// The message.
    pub message_id: String,
    pub to: To,
    pub now_ms: u64,
}

/// To what a subscription changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    Subscribed,
    /// The data is to be purged at `purge_ms`.
    Cancelled {
        purge_ms: u64,
    },
    /// The data is gone. One that is subscribed again meanwhile stays so.
    Purged,
}

/// Which subscriptions to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those whose app's data may still be there.
    Present,
    /// Those that are purged too.
    All,
}

impl Store {
    /// The subscription of an app, if the host has heard of one.
    ///
    /// Cancellation: harmless.
    pub async fn subscription(&self, service: &str, app_key: &str) -> Result<Option<Subscription>, StoreError> {
        let (service, app_key) = (service.to_owned(), app_key.to_owned());
        self.read(move |connection| {
            connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM subscriptions WHERE service = ?1 AND app_key = ?2"))
                .and_then(|mut statement| statement.query_row([&service, &app_key], subscription).optional())
                .map_err(messages::unread)
        })
        .await
    }

    /// Subscriptions of a service in the order of their app keys: those after the key `after`, at most `limit` of them and at
    /// most [`PAGE`].
    ///
    /// Cancellation: harmless.
    pub async fn subscriptions(
        &self,
        service: &str,
        which: Which,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError> {
        let (service, after) = (service.to_owned(), after.unwrap_or_default().to_owned());
        let hidden = match which {
            Which::Present => Standing::Purged.as_str(),
            Which::All => "",
        };
        self.read(move |connection| {
            let list = || {
                connection
                    .prepare_cached(&format!(
                        "SELECT {COLUMNS} FROM subscriptions WHERE service = ?1 AND app_key > ?2 AND state <> ?4
                         ORDER BY app_key LIMIT ?3"
                    ))?
                    .query_map(params![service, after, limit.min(PAGE), hidden], subscription)?
                    .collect::<rusqlite::Result<Vec<_>>>()
            };
            list().map_err(messages::unread)
        })
        .await
    }

    /// The id of an app, if anything told it.
    ///
    /// Cancellation: harmless.
    pub async fn app_id(&self, app_key: &str) -> Result<Option<String>, StoreError> {
        let app_key = app_key.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT app_id FROM app_ids WHERE app_key = ?1")
                .and_then(|mut statement| statement.query_row([&app_key], |row| row.get(0)).optional())
                .map_err(messages::unread)
        })
        .await
    }

    /// Keys and ids of apps in the order of their keys: those after the key `after`, at most `limit` of them and at most [`PAGE`].
    ///
    /// Cancellation: harmless.
    pub async fn app_ids(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, String)>, StoreError> {
        let after = after.unwrap_or_default().to_owned();
        self.read(move |connection| {
            let list = || {
                connection
                    .prepare_cached("SELECT app_key, app_id FROM app_ids WHERE app_key > ?1 ORDER BY app_key LIMIT ?2")?
                    .query_map(params![after, limit.min(PAGE)], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            };
            list().map_err(messages::unread)
        })
        .await
    }

    /// Remembers the id of an app. Nothing is written where nothing is new.
    ///
    /// Cancellation: as for [`Store::commit`]; repeating is harmless.
    pub async fn app_learn(&self, app_key: &str, app_id: &str) -> Result<(), StoreError> {
        let (app_key, app_id) = (app_key.to_owned(), app_id.to_owned());
        self.write(0, move |connection| learn(connection, &app_key, &app_id).map_err(messages::unwritten("*"))).await
    }

    /// Makes a message of each purge of a service that is due. One whose app has unfinished messages waits for them. Returns how
    /// many were made, and when to look again.
    ///
    /// Cancellation: as for [`Store::commit`]; repeating is harmless.
    pub async fn purges_begin(&self, service: &str, now_ms: u64) -> Result<(u32, Option<u64>), StoreError> {
        let service = service.to_owned();
        self.write(0, move |connection| begin_purges(connection, &service, now_ms).map_err(messages::unwritten(&service))).await
    }
}

const COLUMNS: &str = "service, app_key, app_id, subscription_id, state, since_ms, purge_ms";

fn subscription(row: &Row<'_>) -> rusqlite::Result<Subscription> {
    Ok(Subscription {
        service: row.get(0)?,
        about: About { app_key: row.get(1)?, app_id: row.get(2)?, subscription_id: row.get(3)? },
        standing: row.get(4)?,
        since_ms: from_sql(row.get(5)?),
        purge_ms: row.get::<_, Option<i64>>(6)?.map(from_sql),
    })
}

/// Changes a subscription, inside whatever transaction is open.
pub(super) fn change(connection: &Connection, change: &Change) -> Result<(), StoreError> {
    let Change { service, about, message_id, to, now_ms } = change;
    let (standing, purge_ms) = match to {
        To::Subscribed => (Standing::Subscribed, None),
        To::Cancelled { purge_ms } => (Standing::Cancelled, Some(to_sql(*purge_ms))),
        To::Purged => {
            return connection
                .prepare_cached(
                    "UPDATE subscriptions SET state = 'purged', since_ms = ?3, purge_ms = NULL
                     WHERE service = ?1 AND app_key = ?2 AND state = 'cancelled'",
                )
                .and_then(|mut statement| statement.execute(params![service, about.app_key, to_sql(*now_ms)]))
                .map(drop)
                .map_err(messages::unwritten(service));
        }
    };
    let set = || {
        connection
            .prepare_cached(
                "INSERT INTO subscriptions (service, app_key, app_id, subscription_id, state, since_ms, message_id, purge_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT DO UPDATE SET app_id = excluded.app_id, subscription_id = excluded.subscription_id,
                     since_ms = iif(state = excluded.state, since_ms, excluded.since_ms), state = excluded.state,
                     message_id = excluded.message_id, purge_ms = excluded.purge_ms",
            )?
            .execute(params![
                service,
                about.app_key,
                about.app_id,
                about.subscription_id,
                standing.as_str(),
                to_sql(*now_ms),
                message_id,
                purge_ms,
            ])?;
        learn(connection, &about.app_key, &about.app_id)
    };
    set().map_err(messages::unwritten(service))
}

/// Remembers the id of an app, inside whatever transaction is open.
pub(super) fn learn(connection: &Connection, app_key: &str, app_id: &str) -> rusqlite::Result<()> {
    // Nothing is written where nothing is new: then there is nothing to wait for.
    connection
        .prepare_cached(
            "INSERT INTO app_ids (app_key, app_id) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET app_id = excluded.app_id WHERE app_id <> excluded.app_id",
        )?
        .execute([app_key, app_id])
        .map(drop)
}

fn begin_purges(connection: &Connection, service: &str, now_ms: u64) -> rusqlite::Result<(u32, Option<u64>)> {
    let due = connection
        .prepare_cached(
            "SELECT app_key, app_id, subscription_id, message_id FROM subscriptions
             WHERE service = ?1 AND purge_ms <= ?2 ORDER BY purge_ms LIMIT ?3",
        )?
        .query_map(params![service, to_sql(now_ms), PURGES], |row| {
            let about = About { app_key: row.get(0)?, app_id: row.get(1)?, subscription_id: row.get(2)? };
            Ok((about, row.get::<_, String>(3)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut begun = 0;
    for (about, cancel) in &due {
        let purge_ms = if queue::is_empty(connection, service, &about.app_key)? {
            insert_purge(connection, service, about, &format!("{PURGE}{cancel}"), now_ms)?;
            begun += 1;
            None
        } else {
            Some(to_sql(now_ms.saturating_add(BUSY_MS)))
        };
        connection
            .prepare_cached("UPDATE subscriptions SET purge_ms = ?3 WHERE service = ?1 AND app_key = ?2")?
            .execute(params![service, about.app_key, purge_ms])?;
    }
    let next: Option<i64> = connection
        .prepare_cached("SELECT min(purge_ms) FROM subscriptions WHERE service = ?1 AND purge_ms IS NOT NULL")?
        .query_row([service], |row| row.get(0))?;
    Ok((begun, next.map(from_sql)))
}

/// The id is that of the cancel, so that no cancel is followed by two purges at once.
fn insert_purge(connection: &Connection, service: &str, about: &About, id: &str, now_ms: u64) -> rusqlite::Result<()> {
    let place = queue::next_place(connection, service)?;
    connection
        .prepare_cached(
            "INSERT INTO messages (service, id, state, kind, app_key, app_id, subscription_id, place, at_ms, changed_ms, due_ms)
             VALUES (?1, ?2, 'known', 'purge', ?3, ?4, ?5, ?6, ?7, ?7, ?7)
             ON CONFLICT (service, id) DO UPDATE SET state = 'known', place = excluded.place, attempts = 0, reason = NULL,
                 at_ms = excluded.at_ms, changed_ms = excluded.changed_ms, due_ms = excluded.due_ms, patient = 0
             WHERE state = 'resolved'",
        )?
        .execute(params![service, id, about.app_key, about.app_id, about.subscription_id, to_sql(place), to_sql(now_ms)])?;
    queue::settle(connection, service, &about.app_key, now_ms)
}
