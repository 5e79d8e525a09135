//! The notes of one user, as rows of the calling app's store `notes`.
//!
//! A row's key is `<length of the user's id>:<user's id>/<note's id>`: with the length before it no id, whatever is in it,
//! can be taken for another one and a part of a key. How many notes there are stands under `…#count`, written in one batch
//! with each addition and removal, so that no race lets a user keep more than allowed.

use wharf_sdk::prelude::*;

use crate::Draft;

/// Tries before a writer gives up against others of the same user.
const TRIES: u32 = 5;

pub(crate) struct Book {
    rows: kv::Store,
    /// `<length>:<user>`.
    user: String,
}

/// What is known of a user's notes together.
#[derive(Clone, Copy, Default, Deserialize, Serialize)]
struct Count {
    notes: u64,
    /// The number of the last note that was added; ids are never given out twice.
    last: u64,
}

impl Book {
    /// The notes of the calling user.
    pub(crate) fn of(caller: &Caller) -> Result<Self> {
        let id = &caller.user()?.id;
        Ok(Self { rows: kv::store("notes")?, user: format!("{}:{id}", id.len()) })
    }

    /// Ids after `after`, at most `limit`, and the `after` of the next page.
    pub(crate) fn ids(&self, after: Option<&str>, limit: u32) -> Result<(Vec<String>, Option<String>)> {
        let prefix = self.key("");
        let after = after.map(|id| self.key(id));
        let page = self.rows.keys(&prefix, after.as_deref(), limit)?;
        let id = |key: &String| key.strip_prefix(&prefix).unwrap_or_default().to_owned();
        Ok((page.keys.iter().map(id).collect(), page.next.as_ref().map(id)))
    }

    /// A note and its version.
    pub(crate) fn get(&self, id: &str) -> Result<Option<(Draft, u64)>> {
        let Some(entry) = self.rows.get(&self.key(id))? else { return Ok(None) };
        Ok(Some((entry.json()?, entry.version)))
    }

    /// Adds a note; returns its id and version.
    pub(crate) fn add(&self, draft: &Draft, max: u64) -> Result<(String, u64)> {
        self.contend(|count, condition| {
            if count.notes >= max {
                return Err(Error::conflict(format!("a user may keep {max} notes; remove one first")));
            }
            let count = Count { notes: count.notes + 1, last: count.last + 1 };
            // So many digits that the order of keys is that of numbers.
            let id = format!("{:020}", count.last);
            let batch = kv::Batch::new().set_if(self.count_key(), serde_json::to_vec(&count)?, condition);
            let versions = self.rows.apply(batch.set_if(self.key(&id), serde_json::to_vec(draft)?, kv::Condition::Absent))?;
            Ok((id, versions.last().copied().unwrap_or_default()))
        })
    }

    /// Changes a note that is there, only if it has `version` where one is named; returns its new version.
    pub(crate) fn put(&self, id: &str, draft: &Draft, version: Option<u64>) -> Result<Option<u64>> {
        let key = self.key(id);
        let Some(entry) = self.rows.get(&key)? else { return Ok(None) };
        match self.rows.set_json_if(&key, draft, kv::Condition::Version(version.unwrap_or(entry.version))) {
            Err(error) if error.code() == "kv.conflict" => Err(changed()),
            written => written.map(Some),
        }
    }

    /// Removes a note, only if it has `version` where one is named; says whether it was there.
    pub(crate) fn remove(&self, id: &str, version: Option<u64>) -> Result<bool> {
        let key = self.key(id);
        self.contend(|count, condition| {
            let Some(entry) = self.rows.get(&key)? else { return Ok(false) };
            if version.is_some_and(|version| version != entry.version) {
                return Err(changed());
            }
            let count = Count { notes: count.notes.saturating_sub(1), ..count };
            let batch = kv::Batch::new().set_if(self.count_key(), serde_json::to_vec(&count)?, condition);
            self.rows.apply(batch.delete_if(key.as_str(), kv::Condition::Version(entry.version)))?;
            Ok(true)
        })
    }

    /// Does `change` with the count as it is, and again with what it has become when somebody else was quicker.
    fn contend<T>(&self, change: impl Fn(Count, kv::Condition) -> Result<T>) -> Result<T> {
        for _ in 0..TRIES {
            let entry = self.rows.get(&self.count_key())?;
            let count = entry.as_ref().map(kv::Entry::json).transpose()?.unwrap_or_default();
            let condition = entry.map_or(kv::Condition::Absent, |entry| kv::Condition::Version(entry.version));
            match change(count, condition) {
                Err(error) if error.code() == "kv.conflict" => {}
                done => return done,
            }
        }
        Err(Error::conflict("too many changes at the same time; try again"))
    }

    fn key(&self, id: &str) -> String {
        format!("{}/{id}", self.user)
    }

    fn count_key(&self) -> String {
        format!("{}#count", self.user)
    }
}

fn changed() -> Error {
    Error::status(412, "precondition_failed", "the note has changed meanwhile; read it again")
}
