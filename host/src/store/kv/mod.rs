//! The values of plugins: rows keyed by service, scope (one app, or all of them), store and key.
//!
//! **Versions.** A key's first version is 1 and each write adds 1. A key that is removed and written again must not come
//! back with a version that somebody still holds from its first life, or a compare-and-swap would succeed on a value its
//! holder never saw. Keeping the removed keys would do, but a plugin that makes and removes keys all day would fill the
//! store with them. So a store keeps one number, its floor: the highest version that a removed key of it ever had, and a new
//! key begins above the floor. Erasing an app raises a floor of the whole service instead, so that nothing names the app
//! any more. The price: in a store from which keys were removed, a new key's first version is more than 1.
//!
//! **Quota.** A service's rows weigh their keys and values and [`ROW`] bytes each. The sum is kept in the transaction that
//! changes it, so no write ever counts rows.
//!
//! **Deliveries.** What a plugin writes while a message is handled is collected in an [`Overlay`] and committed together with
//! the message's completion.
//!
//! Everything is one service's: there is no call that reads or writes across services.

mod judge;
mod overlay;
mod read;
mod rows;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

pub(super) use self::write::{apply, erase, redo};
pub use self::{
    overlay::{OVERLAY_BYTES, OVERLAY_CHANGES, Overlay},
    read::{Entry, PAGE, Page},
};
use super::{Store, StoreError};

/// The longest key, in bytes of UTF-8.
pub const KEY: usize = 512;
/// The most changes in one [`Apply`].
pub const CHANGES: usize = 256;
/// What a row weighs beside its key and its value: about what SQLite needs for it and for the names of its place. Without
/// it a plugin could fill the disk with empty values that cost it nothing.
pub const ROW: u64 = 64;

/// Which rows: one store of one app, or of all apps, of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub service: String,
    pub scope: Scope,
    pub store: String,
}

/// Whose rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Those that all apps of the service share.
    Shared,
    /// The app's of this key.
    App(String),
}

impl Scope {
    /// As the tables have it. No app key, the empty one included, reads as `shared`.
    fn column(&self) -> String {
        match self {
            Self::Shared => "shared".to_owned(),
            Self::App(key) => format!("app:{key}"),
        }
    }
}

/// What a service may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The weight of all its rows, in bytes.
    pub total: u64,
    /// One value, in bytes.
    pub value: u64,
}

/// What must hold of a key, when its turn comes, for its change to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Always,
    /// There is no such key.
    Absent,
    /// The key has this version.
    Version(u64),
}

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Put {
        key: String,
        value: Vec<u8>,
        condition: Condition,
    },
    /// Removing a key that is not there changes nothing and is no error.
    Remove {
        key: String,
        condition: Condition,
    },
}

impl Change {
    /// The key it is about.
    pub fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Remove { key, .. } => key,
        }
    }

    /// What must hold.
    pub fn condition(&self) -> Condition {
        match self {
            Self::Put { condition, .. } | Self::Remove { condition, .. } => *condition,
        }
    }
}

/// Changes of one place that are all made, in their order, or none of them. A key may occur twice; its second change then
/// sees the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apply {
    pub place: Place,
    /// At most [`CHANGES`].
    pub changes: Vec<Change>,
    pub quota: Quota,
}

impl Apply {
    /// The bytes it holds.
    pub(super) fn weight(&self) -> usize {
        let one = |change: &Change| match change {
            Change::Put { key, value, .. } => key.len() + value.len(),
            Change::Remove { key, .. } => key.len(),
        };
        self.changes.iter().map(one).sum()
    }
}

/// What came of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The key's new version, 0 if it was removed.
    pub version: u64,
    /// Whether the key was there before.
    pub existed: bool,
}

/// Changes that an [`Overlay`] has made, to be made in the tables: with the same outcome or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redo {
    pub apply: Apply,
    /// What the plugin was told would come of each change.
    pub told: Vec<Applied>,
}

/// What an erasure removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    pub keys: u64,
    /// Their weight, as quotas count it.
    pub bytes: u64,
}

/// Why nothing was read or written. Those before `Read` are the plugin's own mistake or luck; `Read` and `Write` are ours.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KvError {
    /// A condition did not hold; `index` counts the changes from 0, `found` is the version there was.
    #[error("`{key}` has another version than the change was made for")]
    Conflict { index: usize, key: String, found: Option<u64> },
    /// Nothing that makes a service's rows heavier is written beyond its quota; what makes them lighter always is.
    #[error("service `{service}` would keep {asked} bytes and may keep {allowed}")]
    Quota { service: String, asked: u64, allowed: u64 },
    #[error("the value of `{key}` has {asked} bytes and may have {allowed}")]
    ValueTooLarge { key: String, asked: u64, allowed: u64 },
    /// A key is empty or longer than [`KEY`].
    #[error("a key has {length} bytes; it must have 1 to 512")]
    KeyLength { length: usize },
    /// More than [`CHANGES`].
    #[error("{count} changes at once are more than 256")]
    TooMany { count: usize },
    /// More than [`OVERLAY_CHANGES`], or more than [`OVERLAY_BYTES`] and one value.
    #[error(
        "the writes of one delivery would be {changes} changes of {bytes} bytes and may be {OVERLAY_CHANGES} of {allowed} bytes"
    )]
    Overfull { changes: usize, bytes: u64, allowed: u64 },
    /// Between a delivery's change and its commit somebody else wrote, so that what the plugin was told is no longer true.
    /// Nothing of the delivery is stored; made again, it sees the other write.
    #[error("`{key}` of service `{service}`, which the delivery changed, was changed by somebody else before it was stored")]
    Overtaken { service: String, key: String },
    #[error("kv of service `{service}` cannot be read")]
    Read { service: String, source: Arc<rusqlite::Error> },
    #[error("kv of service `{service}` cannot be written")]
    Write { service: String, source: Arc<rusqlite::Error> },
}

impl Store {
    /// Makes the changes of `apply`, all or none; one [`Applied`] for each, on disk when this returns.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn kv_apply(&self, apply: Apply) -> Result<Vec<Applied>, StoreError> {
        let weight = apply.weight();
        let turn = self.parts.turns.take(&apply.place.service, apply.changes.len(), weight).await;
        self.write(weight, move |connection| {
            let applied = write::apply(connection, &apply)?;
            drop(turn);
            Ok(applied)
        })
        .await
    }
}

/// The weight of a row.
fn weight(key: usize, value: u64) -> u64 {
    key as u64 + value + ROW
}
