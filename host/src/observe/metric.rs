//! The three kinds of numbers, each a few atomics: they are counted on the path of every request.
//!
//! They are our own because the usual crates look a name up in a map for each count, or keep each observed value until
//! somebody asks: here a count is one addition, and memory never grows.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Only ever grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many there are now.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Must follow an [`Gauge::up`].
    pub fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters by a word of this program, for what happens seldom enough to take a lock.
#[derive(Debug, Default)]
pub struct ByWord(Mutex<BTreeMap<&'static str, u64>>);

impl ByWord {
    /// Counters that are shown as 0 before they are counted: a rate needs a first value to grow from.
    pub fn starting(words: &[&'static str]) -> Self {
        Self(Mutex::new(words.iter().map(|word| (*word, 0)).collect()))
    }

    pub fn add(&self, word: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(word).or_default() += 1;
    }

    /// In the order of the words.
    pub fn get(&self) -> Vec<(&'static str, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(word, count)| (*word, *count)).collect()
    }
}

/// Upper bounds of a histogram's buckets, in microseconds. A call takes some ten of them, the longest may take minutes: from
/// 50 µs to 1 min, in steps of about 2.5.
pub const BOUNDS_US: [u64; 16] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 15_000_000,
    60_000_000,
];

/// How long things took.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One for each bound, and one for what is over the last.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Histogram {
    pub fn observe(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS_US.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// The count of each bucket, and the sum of all times in microseconds.
    pub fn get(&self) -> ([u64; BOUNDS_US.len() + 1], u64) {
        (std::array::from_fn(|bucket| self.buckets[bucket].load(Ordering::Relaxed)), self.sum_us.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_the_first_bucket_that_holds_it() {
        let histogram = Histogram::default();
        for us in [0, 50, 51, 60_000_000, 60_000_001, u64::MAX / 2] {
            histogram.observe(Duration::from_micros(us));
        }
        let (buckets, _) = histogram.get();
        assert_eq!((buckets[0], buckets[1], buckets[15], buckets[16]), (2, 1, 1, 2));
        assert!(BOUNDS_US.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
