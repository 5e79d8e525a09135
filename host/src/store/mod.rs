//! What survives: the data directory and the store in it.
//!
//! * [`DataDir`] holds the directory for this process alone, and the host's own key.
//! * [`Blobs`] keeps components by digest, and what they were compiled to under a tag that only this host can make.
//! * [`Store`] is a SQLite database: one thread writes and commits in groups, a few threads read. Its tables are
//!   [`plugins`], [`tokens`], [`sessions`], [`kv`], [`messages`], [`subscriptions`], [`outbox`] and [`platform`]; what belongs
//!   together is committed together as a [`Batch`].
//!
//! **Guarantees.** What a write returned is on disk. A batch is stored whole or not at all, whatever else shares its commit.
//! A read sees every write that was answered before it. A commit that failed is never tried again: the store then takes no
//! more writes ([`Store::is_well`]) and goes on reading.
//!
//! **Refusals.** No second process ([`DataDir::open`]), no newer database, no damaged component, no artifact that this host
//! did not make. SQLite never runs on an async worker, and no queue here is without a bound.
//!
//! This is the lowest layer: it knows neither requests nor plugins' code.

mod batch;
mod blobs;
mod data_dir;
mod digest;
mod error;
mod files;
pub mod kv;
pub mod messages;
pub mod outbox;
pub mod platform;
pub mod plugins;
mod readers;
mod schema;
mod seal;
pub mod sessions;
pub mod subscriptions;
pub mod tokens;
mod turns;
mod writer;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use rusqlite::Connection;

pub use self::{
    batch::{Batch, Committed, Effect, Outcome},
    blobs::{Artifact, BlobError, Blobs},
    data_dir::{Access, DataDir, InUse},
    digest::{Digest, NotADigest},
    error::StoreError,
    seal::Seal,
    writer::Stats,
};
use crate::{codes, problem::Problem};

/// The database of one data directory. Cheap to clone; the last clone that is dropped finishes what is queued, waits for it,
/// and closes the database, so drop that one where blocking for a moment is allowed.
///
/// Dropping the future of a read is harmless; for that of a write see [`Store::commit`].
#[derive(Clone)]
pub struct Store {
    parts: Arc<Parts>,
}

/// The readers go first, so that the writer's connection is the last one and tidies the log away.
struct Parts {
    readers: readers::Readers,
    writer: writer::Writer,
    turns: turns::Turns,
    seal: Seal,
}

impl Store {
    /// Opens the store of `data`, creating it or bringing it up to date. It shares the directory's lock, so `data` may be
    /// dropped before it.
    ///
    /// Blocking. Fails with [`codes::DATA_UNUSABLE`].
    pub fn open(data: &DataDir) -> Result<Self, Problem> {
        let failed = |why: &dyn fmt::Display| {
            Problem::new(&codes::DATA_UNUSABLE, format!("the store in `{}` cannot be opened", data.path().display()))
                .why(why)
                .fix("look at the limits on threads and open files of the user who runs Wharf")
        };
        let writer = schema::open_writer(data)?;
        let connections =
            (0..readers::READERS).map(|_| schema::open_reader(data)).collect::<Result<_, _>>().map_err(|error| failed(&error))?;
        let writer = writer::Writer::start(writer, data.lock()).map_err(|error| failed(&error))?;
        let readers = readers::Readers::start(connections).map_err(|error| failed(&error))?;
        Ok(Self { parts: Arc::new(Parts { readers, writer, turns: turns::Turns::default(), seal: data.seal() }) })
    }

    /// Stores all of `batch` or nothing, and returns once it is on disk.
    ///
    /// Fails with the first effect's error; [`StoreError`] says after which errors nothing is known.
    ///
    /// Cancellation: dropped before the store took it, nothing is stored; dropped later, all of it is. A caller that is
    /// cancelled cannot tell which, and must look or repeat.
    pub async fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        self.write(batch.weight(), move |connection| batch.run(connection)).await
    }

    /// Whether the store still takes writes. Once false it stays false until the host is started again.
    pub fn is_well(&self) -> bool {
        self.parts.writer.is_well()
    }

    /// What seals values that must not stand in clear on disk, with this host's key.
    pub fn seal(&self) -> &Seal {
        &self.parts.seal
    }

    /// What it has written since the host was started.
    pub fn stats(&self) -> &Stats {
        self.parts.writer.stats()
    }

    /// See [`writer::Writer::write`].
    async fn write<T, F>(&self, bytes: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.parts.writer.write(bytes, work).await
    }

    /// See [`readers::Readers::read`].
    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.parts.readers.read(work).await
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("is_well", &self.is_well()).finish_non_exhaustive()
    }
}

/// Numbers of ours as SQLite keeps them. Sizes and times never come near the edge; a hostile one is cut there.
fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Numbers as we keep them; the tables hold none below 0.
fn from_sql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
