//! Small durable values: `kv::store("items")?`. A write that returned is on disk.
//!
//! ```
//! use wharf_sdk::prelude::*;
//!
//! #[post("/visits/{page}")]
//! fn visit(page: String) -> Result<Json<u64>> {
//!     // Counted anew where somebody else came at the same time.
//!     kv::store("visits")?.update_json(&page, |count: Option<u64>| Ok(count.unwrap_or(0) + 1)).map(Json)
//! }
//! # fn main() {}
//! ```
//!
//! Where more than one key belongs together, [`Store::apply`] changes all or none, each on its own [`Condition`]:
//!
//! ```
//! use wharf_sdk::prelude::*;
//!
//! /// Gives a name away once. `kv.conflict`: somebody else was quicker.
//! fn take(name: &str, user: &str) -> Result<bool> {
//!     let batch = kv::Batch::new().set_if(format!("name/{name}"), user, kv::Condition::Absent).set(format!("user/{user}"), name);
//!     match kv::store("names")?.apply(batch) {
//!         Err(error) if error.code() == "kv.conflict" => Ok(false),
//!         done => done.map(|_| true),
//!     }
//! }
//! ```
//!
//! Every method fails with `kv.unavailable` when the store cannot be reached, and writes fail with `kv.quota` when the service
//! has used up its space. A key has 1 to 512 bytes, a value at most as many as the operator allows (1 MiB, unless said otherwise),
//! a batch at most 256 changes: else `kv.too-large`. What is written while a message is handled
//! ([`on_subscribe`](macro@crate::on_subscribe) and siblings) has at most 1,024 changes of 4 MiB in all: the host keeps it until
//! the message is handled.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Result, sys};

/// The calling app's own store of that name: each app of the service has its own, and none sees another's.
///
/// # Errors
/// `kv.denied` (the manifest does not ask for it, or the operator does not grant it), `kv.no-app` (the caller is no app).
pub fn store(name: &str) -> Result<Store> {
    Ok(Store(sys::kv::open(name)?))
}

/// The store of that name that all apps of the service share.
///
/// # Errors
/// `kv.denied` (the manifest does not ask for it, or the operator does not grant it).
pub fn shared(name: &str) -> Result<Store> {
    Ok(Store(sys::kv::open_shared(name)?))
}

/// How often [`Store::update_json`] tries. Each time it fails somebody else has written, so it is more than there are writers of one
/// key at one moment, but in a crowd.
const ATTEMPTS: usize = 16;

/// A store of keys and values.
#[derive(Debug)]
pub struct Store(sys::kv::Store);

/// A value and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The bytes.
    pub value: Vec<u8>,
    /// Starts at 1 and grows with every write of the key. In a store from which keys were removed it starts higher: a key that
    /// comes back has no version that it had before.
    pub version: u64,
}

impl Entry {
    /// The value, read as JSON.
    ///
    /// # Errors
    /// A value that is not such JSON is a failure of the plugin: it wrote it.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_slice(&self.value)?)
    }
}

/// When a write is done. Where the condition does not hold, nothing is written and the error is `kv.conflict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// In any case.
    Always,
    /// Only if the key is not there.
    Absent,
    /// Only if the key is there in this version: compare-and-swap.
    Version(u64),
}

/// Keys, in byte order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The keys.
    pub keys: Vec<String>,
    /// The `after` of the next page, if there may be one.
    pub next: Option<String>,
}

impl Store {
    /// The value of a key, if it is there.
    ///
    /// # Errors
    /// See the [module](self).
    pub fn get(&self, key: &str) -> Result<Option<Entry>> {
        Ok(self.0.get(key)?)
    }

    /// The value of a key read as JSON, if it is there. Where its version matters: [`Store::get`] and [`Entry::json`].
    ///
    /// # Errors
    /// See the [module](self) and [`Entry::json`].
    #[track_caller]
    pub fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        // No closure: the place in the log is the caller's.
        match self.get(key)? {
            Some(entry) => entry.json().map(Some),
            None => Ok(None),
        }
    }

    /// Writes a key, and returns its new version.
    ///
    /// # Errors
    /// See the [module](self).
    pub fn set(&self, key: &str, value: impl AsRef<[u8]>) -> Result<u64> {
        self.set_if(key, value, Condition::Always)
    }

    /// Writes a key if the condition holds, and returns its new version.
    ///
    /// # Errors
    /// `kv.conflict`; see the [module](self).
    pub fn set_if(&self, key: &str, value: impl AsRef<[u8]>, condition: Condition) -> Result<u64> {
        Ok(self.0.set(key, value.as_ref(), condition)?)
    }

    /// Writes a value as JSON, and returns the key's new version.
    ///
    /// # Errors
    /// A value that JSON has no form for; see the [module](self).
    #[track_caller]
    pub fn set_json(&self, key: &str, value: &impl Serialize) -> Result<u64> {
        self.set(key, serde_json::to_vec(value)?)
    }

    /// Writes a value as JSON if the condition holds, and returns the key's new version.
    ///
    /// # Errors
    /// `kv.conflict`; a value that JSON has no form for; see the [module](self).
    #[track_caller]
    pub fn set_json_if(&self, key: &str, value: &impl Serialize, condition: Condition) -> Result<u64> {
        self.set_if(key, serde_json::to_vec(value)?, condition)
    }

    /// Reads a value as JSON, changes it, writes it back if nobody else has written it meanwhile, and else does so anew, up to 16
    /// times. Returns what it wrote.
    ///
    /// `change` is given `None` where the key is not there. It runs once for each attempt, so it should do nothing but make the
    /// new value; where it fails nothing is written.
    ///
    /// # Errors
    /// `kv.conflict` when the key was changed by others each time; those of `change`; a value that JSON has no form for; see the
    /// [module](self) and [`Entry::json`].
    #[track_caller]
    pub fn update_json<T>(&self, key: &str, mut change: impl FnMut(Option<T>) -> Result<T>) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
    {
        let mut attempt = 1;
        loop {
            let (value, condition) = match self.get(key)? {
                Some(entry) => (Some(entry.json()?), Condition::Version(entry.version)),
                None => (None, Condition::Absent),
            };
            let value = change(value)?;
            match self.set_json_if(key, &value, condition) {
                Err(error) if error.code() == "kv.conflict" && attempt < ATTEMPTS => attempt += 1,
                written => return written.map(|_| value),
            }
        }
    }

    /// Deletes a key, and says whether there was something to delete.
    ///
    /// # Errors
    /// See the [module](self).
    pub fn delete(&self, key: &str) -> Result<bool> {
        self.delete_if(key, Condition::Always)
    }

    /// Deletes a key if the condition holds, and says whether there was something to delete.
    ///
    /// # Errors
    /// `kv.conflict`; see the [module](self).
    pub fn delete_if(&self, key: &str, condition: Condition) -> Result<bool> {
        Ok(self.0.delete(key, condition)?)
    }

    /// The keys that begin with `prefix`, in byte order, those after `after`, at most `limit` (clamped to 1,000).
    ///
    /// # Errors
    /// See the [module](self).
    pub fn keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page> {
        Ok(self.0.keys(prefix, after, limit)?)
    }

    /// Does all changes of the batch or none, and returns each key's new version in the batch's order, 0 for a removed one.
    ///
    /// # Errors
    /// `kv.conflict` (a condition does not hold); see the [module](self).
    pub fn apply(&self, batch: Batch) -> Result<Vec<u64>> {
        Ok(self.0.apply(batch.0)?)
    }
}

/// Changes that are done together: `Batch::new().set("a", "1").delete("b")`. At most 256.
#[derive(Clone, Debug, Default)]
pub struct Batch(Vec<Change>);

/// One change of a batch; without a value it removes the key.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) key: String,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) condition: Condition,
}

impl Batch {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And writes a key.
    #[must_use]
    pub fn set(self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.set_if(key, value, Condition::Always)
    }

    /// And writes a key; when the condition does not hold, the whole batch is not done.
    #[must_use]
    pub fn set_if(self, key: impl Into<String>, value: impl Into<Vec<u8>>, condition: Condition) -> Self {
        self.with(key.into(), Some(value.into()), condition)
    }

    /// And writes a value as JSON.
    ///
    /// # Errors
    /// A value that JSON has no form for.
    #[track_caller]
    pub fn set_json(self, key: impl Into<String>, value: &impl Serialize) -> Result<Self> {
        Ok(self.set(key, serde_json::to_vec(value)?))
    }

    /// And writes a value as JSON; when the condition does not hold, the whole batch is not done.
    ///
    /// # Errors
    /// A value that JSON has no form for.
    #[track_caller]
    pub fn set_json_if(self, key: impl Into<String>, value: &impl Serialize, condition: Condition) -> Result<Self> {
        Ok(self.set_if(key, serde_json::to_vec(value)?, condition))
    }

    /// And removes a key.
    #[must_use]
    pub fn delete(self, key: impl Into<String>) -> Self {
        self.delete_if(key, Condition::Always)
    }

    /// And removes a key; when the condition does not hold, the whole batch is not done.
    #[must_use]
    pub fn delete_if(self, key: impl Into<String>, condition: Condition) -> Self {
        self.with(key.into(), None, condition)
    }

    fn with(mut self, key: String, value: Option<Vec<u8>>, condition: Condition) -> Self {
        self.0.push(Change { key, value, condition });
        self
    }
}
