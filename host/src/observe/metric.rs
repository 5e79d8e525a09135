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

/// What a histogram is of, and the upper bounds of its buckets, from the smallest.
#[derive(Debug, PartialEq, Eq)]
pub enum Scale {
    /// In nanoseconds.
    Times([u64; BOUNDS]),
    /// In bytes.
    Sizes([u64; BOUNDS]),
}

/// How many bounds a histogram has.
pub const BOUNDS: usize = 16;

const US: u64 = 1_000;
const MS: u64 = 1_000 * US;
const S: u64 = 1_000 * MS;
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Until somebody has an answer: the quickest take some ten microseconds, the longest may take minutes.
pub static WAITS: Scale = Scale::Times([
    50 * US,
    100 * US,
    250 * US,
    500 * US,
    MS,
    5 * MS / 2,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    S,
    5 * S,
    15 * S,
    60 * S,
]);

/// What a call computes: a few microseconds, or seconds.
pub static WORK: Scale = Scale::Times([
    5 * US,
    10 * US,
    25 * US,
    50 * US,
    100 * US,
    250 * US,
    500 * US,
    MS,
    5 * MS / 2,
    5 * MS,
    10 * MS,
    25 * MS,
    100 * MS,
    500 * MS,
    2 * S,
    10 * S,
]);

/// What a call holds: memory grows by 64 KiB, and 4 GiB is the most.
pub static MEMORY: Scale = Scale::Sizes([
    128 * KIB,
    256 * KIB,
    512 * KIB,
    MIB,
    2 * MIB,
    4 * MIB,
    8 * MIB,
    16 * MIB,
    32 * MIB,
    64 * MIB,
    128 * MIB,
    256 * MIB,
    512 * MIB,
    1024 * MIB,
    2048 * MIB,
    4096 * MIB,
]);

/// How long things took, or how large they were.
#[derive(Debug)]
pub struct Histogram {
    scale: &'static Scale,
    observed: Striped<Observed>,
}

#[derive(Debug, Default)]
struct Observed {
    /// One for each bound, and one for what is over the last.
    buckets: [AtomicU64; BOUNDS + 1],
    sum: AtomicU64,
}

/// Of [`WAITS`].
impl Default for Histogram {
    fn default() -> Self {
        Self::new(&WAITS)
    }
}

impl Histogram {
    pub fn new(scale: &'static Scale) -> Self {
        Self { scale, observed: Striped::default() }
    }

    pub fn scale(&self) -> &'static Scale {
        self.scale
    }

    /// Counts a time, where the scale is one of times.
    pub fn observe(&self, took: Duration) {
        debug_assert!(matches!(self.scale, Scale::Times(_)), "a time is no size");
        self.count(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Counts a value in the unit of the scale.
    pub fn count(&self, value: u64) {
        let (Scale::Times(bounds) | Scale::Sizes(bounds)) = self.scale;
        let bucket = bounds.iter().position(|bound| value <= *bound).unwrap_or(BOUNDS);
        let observed = self.observed.mine();
        observed.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        observed.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// The count of each bucket, and the sum of all values.
    pub fn get(&self) -> ([u64; BOUNDS + 1], u64) {
        let bucket = |bucket: usize| sum(self.observed.all().map(|observed| &observed.buckets[bucket]));
        (std::array::from_fn(bucket), sum(self.observed.all().map(|observed| &observed.sum)))
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
        assert_eq!((counter.get(), gauge.get(), buckets[0], sum), (40_000, 1, 20, 60 * US));
    }

    #[test]
    fn a_value_falls_into_the_first_bucket_that_holds_it() {
        for scale in [&WAITS, &WORK, &MEMORY] {
            let (Scale::Times(bounds) | Scale::Sizes(bounds)) = scale;
            assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]));
            let histogram = Histogram::new(scale);
            for value in [0, bounds[0], bounds[0] + 1, bounds[15], bounds[15] + 1, u64::MAX / 2] {
                histogram.count(value);
            }
            let (buckets, _) = histogram.get();
            assert_eq!((buckets[0], buckets[1], buckets[15], buckets[16]), (2, 1, 1, 2));
        }
    }
}
