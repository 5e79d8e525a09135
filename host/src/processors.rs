//! Which processors the threads that serve requests run on: each on one of its own.
//!
//! Left to itself, the kernel wakes a thread on a processor that is idle. Where slow calls keep all processors but one from ever
//! being so, it wakes all that serve on that one, and there they wait for each other: beside 64 calls that computed, on 2 cores, the
//! 99th percentile of quick ones was twice what it is with a processor for each thread.

use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The processors of this process, to be taken by the threads that serve.
#[derive(Debug)]
pub struct Processors {
    /// How many threads are to serve.
    pub threads: usize,
    /// One for each of them; none where they are not to be bound.
    own: Vec<usize>,
    all: CpuSet,
    taken: AtomicUsize,
}

impl Processors {
    /// Where the process may use less time than all of its processors have (a quota), others use those too, and the kernel does
    /// better: then no thread is bound.
    pub fn of_this_process() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self::for_threads(threads, sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new()))
    }

    fn for_threads(threads: usize, all: CpuSet) -> Self {
        let own = members(&all);
        let own = if own.len() == threads { own } else { Vec::new() };
        Self { threads, own, all, taken: AtomicUsize::new(0) }
    }

    /// To be called by each thread of the runtime as it starts. Those that serve are the first; a later one, for what blocks, may
    /// have been started by one that is bound, and goes free.
    pub fn take(&self) {
        if self.own.is_empty() {
            return;
        }
        let mut processors = self.all;
        if let Some(own) = self.own.get(self.taken.fetch_add(1, Ordering::Relaxed)) {
            processors = CpuSet::new();
            processors.set(*own);
        }
        if let Err(error) = sched_setaffinity(None, &processors) {
            tracing::debug!(%error, "a thread is not bound to a processor");
        }
    }
}

fn members(set: &CpuSet) -> Vec<usize> {
    (0..CpuSet::MAX_CPU).filter(|processor| set.is_set(*processor)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a thread has that starts now.
    fn taken(processors: &Processors) -> Vec<usize> {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                processors.take();
                members(&sched_getaffinity(None).expect("a thread has processors"))
            });
            thread.join().expect("no panic")
        })
    }

    #[test]
    fn each_thread_that_serves_has_a_processor_and_later_ones_have_all() {
        let all = sched_getaffinity(None).expect("this thread has processors");
        let processors = Processors::for_threads(members(&all).len(), all);
        let serving: Vec<_> = members(&all).iter().flat_map(|_| taken(&processors)).collect();
        assert_eq!(serving, members(&all));
        assert_eq!(taken(&processors), members(&all));
    }

    #[test]
    fn with_another_number_of_threads_none_is_bound() {
        let all = sched_getaffinity(None).expect("this thread has processors");
        let processors = Processors::for_threads(members(&all).len() + 1, all);
        assert_eq!(taken(&processors), members(&all));
    }
}
