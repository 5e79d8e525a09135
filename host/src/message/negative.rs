//! Ids that the platform does not know, or that are another service's: whoever names one again is not listened to for a while.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Remembers ids, the latest first to go last.
#[derive(Debug)]
pub(super) struct Negative {
    most: usize,
    keep_ms: u64,
    ids: Mutex<Ids>,
}

#[derive(Debug, Default)]
struct Ids {
    until_ms: HashMap<String, u64>,
    order: VecDeque<String>,
}

impl Negative {
    /// Remembers `most` ids at most, each for `keep_ms`.
    pub(super) fn new(most: usize, keep_ms: u64) -> Self {
        Self { most, keep_ms, ids: Mutex::default() }
    }

    /// Remembers an id. Returns false if it was remembered already; its time then stays.
    pub(super) fn insert(&self, id: &str, now_ms: u64) -> bool {
        let mut ids = self.lock();
        if ids.until_ms.get(id).is_some_and(|until| *until > now_ms) {
            return false;
        }
        while ids.until_ms.len() >= self.most
            && let Some(oldest) = ids.order.pop_front()
        {
            ids.until_ms.remove(&oldest);
        }
        if ids.until_ms.insert(id.to_owned(), now_ms.saturating_add(self.keep_ms)).is_none() {
            ids.order.push_back(id.to_owned());
        }
        true
    }

    pub(super) fn contains(&self, id: &str, now_ms: u64) -> bool {
        self.lock().until_ms.get(id).is_some_and(|until| *until > now_ms)
    }

    /// No code that can panic runs under this lock.
    fn lock(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_remembered_for_its_time() {
        let negative = Negative::new(3, 1_000);
        assert!(negative.insert("a", 0));
        assert!(!negative.insert("a", 999));
        assert!(negative.contains("a", 999) && !negative.contains("a", 1_000) && !negative.contains("b", 0));
        assert!(negative.insert("a", 1_000));
        assert!(negative.contains("a", 1_999));
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let negative = Negative::new(3, 1_000);
        for number in 0..100 {
            negative.insert(&number.to_string(), 0);
            negative.insert("again", 0);
        }
        let ids = negative.lock();
        assert!(ids.until_ms.len() <= 3 && ids.order.len() == ids.until_ms.len());
        assert!(ids.until_ms.contains_key("99"));
    }
}
