//! Tests of the store on real files.

mod blobs;
mod commit;
mod data_dir;
mod outbox;
mod platform;
mod plugins;
mod sessions;
mod tokens;

use tempfile::TempDir;

use super::{DataDir, Store};

/// A store in a directory that goes with it.
pub(super) struct TestStore {
    pub(super) folder: TempDir,
    pub(super) store: Store,
}

impl TestStore {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        Self { folder, store }
    }

    /// Closes the store and opens what it left.
    pub(super) fn reopen(self) -> Self {
        let Self { folder, store } = self;
        drop(store);
        let store = open(&folder);
        Self { folder, store }
    }
}

fn open(folder: &TempDir) -> Store {
    Store::open(&DataDir::open(folder.path()).unwrap()).unwrap()
}
