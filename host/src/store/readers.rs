//! The threads that read.
//!
//! A few threads of their own, each with its own connection, and one bounded queue. They could be tokio's blocking threads
//! behind a semaphore; but guests also wait for reads in the slow lane, a runtime of low priority, and its blocking threads
//! would hold a connection while the machine runs others. Here a read has the same priority whoever asks, statements stay
//! prepared in the thread that uses them, and the threads end with the store that owns them.

use std::{
    collections::VecDeque,
    io,
    panic::AssertUnwindSafe,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

use super::StoreError;

/// Connections, and threads. A read is some ten microseconds of processor time and hardly ever waits for the disk; more than
/// a few threads would only push each other aside.
pub(super) const READERS: usize = 4;
/// Reads that may wait or be under way at once. Who comes later waits for room, in order.
const QUEUE: usize = 1_024;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The reading end of a store. Dropping it lets the threads finish what is queued, and waits for them.
pub(super) struct Readers {
    shared: Arc<Shared>,
    room: Arc<Semaphore>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ready: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Readers {
    /// Starts one thread for each connection.
    pub(super) fn start(connections: Vec<Connection>) -> io::Result<Self> {
        let mut readers = Self { shared: Arc::default(), room: Arc::new(Semaphore::new(QUEUE)), threads: Vec::new() };
        for connection in connections {
            let shared = Arc::clone(&readers.shared);
            readers.threads.push(std::thread::Builder::new().name("store-reader".into()).spawn(move || shared.run(&connection))?);
        }
        Ok(readers)
    }

    /// Runs `work` on a reader's thread. It sees everything that was answered as committed before.
    ///
    /// Cancellation: dropped while it waits for its turn, the read is skipped; dropped later, its result is.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| StoreError::Stopped)?;
        let (answer, answered) = oneshot::channel();
        self.shared.push(Box::new(move |connection| {
            if !answer.is_closed() {
                let _ = answer.send(work(connection));
            }
            drop(room);
        }));
        answered.await.map_err(|_| StoreError::Stopped)?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.ready.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) {
        self.lock().jobs.push_back(job);
        self.ready.notify_one();
    }

    /// The life of one thread.
    fn run(&self, connection: &Connection) {
        while let Some(job) = self.next() {
            // A read that panics drops its answer, so its submitter is told; the thread must not be lost with it.
            let _ = std::panic::catch_unwind(AssertUnwindSafe(|| job(connection)));
        }
    }

    /// The next job; `None` when all are done and no more will come.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
