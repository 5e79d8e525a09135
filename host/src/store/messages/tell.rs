//! What the platform tells of a message that was only hinted.

use rusqlite::{Connection, params};

use super::{State, unwritten};
use crate::store::{Store, StoreError, to_sql};

/// A message as the platform told it, read as far as it could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub id: String,
    /// The platform's word.
    pub kind: String,
    pub content: String,
    pub back_service_id: Option<String>,
    /// Whom it is about, if that could be read. Without it the message stands in no queue and holds nobody.
    pub about: Option<About>,
    /// Why no plugin can be told of it: then it is dead from the beginning.
    pub fault: Option<String>,
}

impl Letter {
    /// Where a message begins that says this.
    pub(super) fn state(&self) -> State {
        if self.fault.is_none() && self.about.is_some() { State::Known } else { State::Dead }
    }
}

/// Whom a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct About {
    pub app_key: String,
    pub app_id: String,
    pub subscription_id: String,
}

impl Store {
    /// Makes a hinted message known, or dead if it has a fault. It gets no place yet: see [`Store::messages_listed`]. Returns
    /// whether it was hinted.
    ///
    /// Cancellation: as for [`Store::commit`]; repeating is harmless.
    pub async fn message_tell(&self, service: &str, letter: Letter, now_ms: u64) -> Result<bool, StoreError> {
        let service = service.to_owned();
        self.write(letter.content.len(), move |connection| {
            tell(connection, &service, &letter, now_ms).map_err(unwritten(&service))
        })
        .await
    }
}

pub(super) fn tell(connection: &Connection, service: &str, letter: &Letter, now_ms: u64) -> rusqlite::Result<bool> {
    let Letter { id, kind, content, back_service_id, about, fault } = letter;
    connection
        .prepare_cached(
            "UPDATE messages SET state = ?3, kind = ?4, content = ?5, back_service_id = ?6, app_key = ?7, app_id = ?8,
                 subscription_id = ?9, reason = ?10, changed_ms = ?11, due_ms = ?11, tries = 0
             WHERE service = ?1 AND id = ?2 AND state = 'hinted'",
        )?
        .execute(params![
            service,
            id,
            letter.state(),
            kind,
            content,
            back_service_id,
            about.as_ref().map(|about| &about.app_key),
            about.as_ref().map(|about| &about.app_id),
            about.as_ref().map(|about| &about.subscription_id),
            fault,
            to_sql(now_ms),
        ])
        .map(|changed| changed == 1)
}
