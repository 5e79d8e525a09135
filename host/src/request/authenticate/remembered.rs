//! What was read of the store about a credential, believed for a minute: a request must not cost a read of the database.
//!
//! What ends a credential goes through this process: a store is held by one process at a time, and commands reach a running host
//! through its control socket. So what is remembered is dropped in the moment in which the end is on disk, and a request that
//! comes after the command has returned meets the store. The one race there is, a read that began before the end and comes back
//! after it, is caught by counting ends: such a read answers its own request and is not remembered. Should a row ever change
//! behind the host's back, it is noticed within a minute.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::store::Digest;

/// How long what was read is believed without looking again.
pub(super) const MAX_AGE_MS: u64 = 60_000;

/// Values by the hashes of the credentials that they were read for.
#[derive(Debug)]
pub(super) struct Remembered<V> {
    /// When they are too many all are dropped: each costs one read again.
    most: usize,
    read: RwLock<Read<V>>,
}

#[derive(Debug)]
struct Read<V> {
    /// With the time of the read.
    by_hash: HashMap<Digest, (Arc<V>, u64)>,
    ends: u64,
}

/// How many ends there were when a read began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends(u64);

impl<V> Remembered<V> {
    /// Remembers `most` at once.
    pub(super) fn new(most: usize) -> Self {
        Self { most, read: RwLock::new(Read { by_hash: HashMap::new(), ends: 0 }) }
    }

    /// What is believed of this credential at `now_ms`.
    pub(super) fn recall(&self, hash: &Digest, now_ms: u64) -> Option<Arc<V>> {
        let read = self.read();
        let (value, read_ms) = read.by_hash.get(hash)?;
        (now_ms.saturating_sub(*read_ms) < MAX_AGE_MS).then(|| value.clone())
    }

    /// To be asked before a read whose result is to be remembered.
    pub(super) fn ends(&self) -> Ends {
        Ends(self.read().ends)
    }

    /// Remembers what a read found that began after so many ends, unless there were more since.
    pub(super) fn remember(&self, hash: Digest, value: Arc<V>, now_ms: u64, before: Ends) {
        let mut read = self.write();
        if Ends(read.ends) != before {
            return;
        }
        if read.by_hash.len() >= self.most {
            read.by_hash.clear();
        }
        read.by_hash.insert(hash, (value, now_ms));
    }

    /// Drops those that have ended. To be called when that is on disk, whatever became of whoever asked for it.
    pub(super) fn drop_ended(&self, has_ended: impl Fn(&Digest, &V) -> bool) {
        let mut read = self.write();
        read.ends += 1;
        read.by_hash.retain(|hash, (value, _)| !has_ended(hash, value));
    }

    fn read(&self) -> RwLockReadGuard<'_, Read<V>> {
        self.read.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Read<V>> {
        self.read.write().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.read().by_hash.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(byte: u8) -> Digest {
        Digest::of(&[byte])
    }

    #[test]
    fn a_read_that_an_end_overtakes_is_not_remembered() {
        let remembered = Remembered::new(10);
        let before = remembered.ends();
        remembered.drop_ended(|_, _: &&str| false);
        remembered.remember(of(1), Arc::new("early"), 1_000, before);
        assert_eq!(remembered.recall(&of(1), 1_000), None);
        remembered.remember(of(1), Arc::new("late"), 1_000, remembered.ends());
        assert_eq!(remembered.recall(&of(1), 1_000).as_deref(), Some(&"late"));
    }

    #[test]
    fn it_is_believed_for_a_minute_and_no_longer_than_to_its_end() {
        let remembered = Remembered::new(10);
        for (byte, value) in [(1, "one"), (2, "two")] {
            remembered.remember(of(byte), Arc::new(value), 1_000, remembered.ends());
        }
        remembered.drop_ended(|hash, _| *hash == of(2));
        assert_eq!(remembered.recall(&of(2), 1_000), None);
        assert!(remembered.recall(&of(1), 1_000 + MAX_AGE_MS - 1).is_some());
        assert_eq!(remembered.recall(&of(1), 1_000 + MAX_AGE_MS), None);
    }

    #[test]
    fn there_are_never_too_many() {
        let remembered = Remembered::new(3);
        for byte in 0..8 {
            remembered.remember(of(byte), Arc::new(()), 1_000, remembered.ends());
            assert!((1..=3).contains(&remembered.len()));
        }
    }
}
