//! The three kinds of numbers, each a few atomics: they are counted on the path of every request.
//!
//! They are our own because the usual crates look a name up in a map for each count, or keep each observed value until
//! somebody asks: here a count is one addition, and memory never grows.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::striped::Striped;

/// Only ever grows.
#[derive(Debug, Default)]
pub struct Counter(Striped<AtomicU64>);

impl Counter {
    pub fn add(&self, more: u64) {
        self.0.mine().fetch_add(more, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        sum(self.0.all())
    }
}

/// How many there are now.
#[derive(Debug, Default)]
pub struct Gauge(Striped<AtomicI64>);

impl Gauge {
    pub fn up(&self) {
        self.0.mine().fetch_add(1, Ordering::Relaxed);
    }

    /// Must follow an [`Gauge::up`], on whichever thread.
    pub fn down(&self) {
        self.0.mine().fetch_sub(1, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        let now: i64 = self.0.all().map(|gauge| gauge.load(Ordering::Relaxed)).sum();
        // One that went down before it was looked at may have been looked at before it went up.
        u64::try_from(now).unwrap_or(0)
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
pub struct Histogram(Striped<Observed>);

#[derive(Debug, Default)]
struct Observed {
    /// One for each bound, and one for what is over the last.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Histogram {
    pub fn observe(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS_US.len());
        let observed = self.0.mine();
        observed.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        observed.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// The count of each bucket, and the sum of all times in microseconds.
    pub fn get(&self) -> ([u64; BOUNDS_US.len() + 1], u64) {
        let bucket = |bucket: usize| sum(self.0.all().map(|observed| &observed.buckets[bucket]));
        (std::array::from_fn(bucket), sum(self.0.all().map(|observed| &observed.sum_us)))
    }
}

fn sum<'a>(counts: impl Iterator<Item = &'a AtomicU64>) -> u64 {
    counts.map(|count| count.load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_count_comes_together() {
        let (counter, gauge, histogram) = (Counter::default(), Gauge::default(), Histogram::default());
        // More of them than there are stripes; one thread's call is ended by another.
        std::thread::scope(|scope| {
            for _ in 0..20 {
                gauge.up();
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        counter.add(2);
                    }
                    histogram.observe(Duration::from_micros(3));
                    gauge.up();
                    gauge.down();
                    gauge.down();
                });
            }
            gauge.up();
        });
        let (buckets, sum) = histogram.get();
        assert_eq!((counter.get(), gauge.get(), buckets[0], sum), (40_000, 1, 20, 60));
    }

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
