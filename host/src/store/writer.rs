//! The one thread that writes, and its group commit.
//!
//! A commit costs one wait for the disk, whatever is in it. So the thread takes all writes that came in while the last
//! commit was under way, runs each inside a savepoint of its own, commits once, and then answers each. A write that fails
//! rolls back its own savepoint and nothing else.
//!
//! Everybody is answered after the commit and not before, those who are refused too: a refusal ("another version") was
//! judged by what earlier writes of the same group did, and those are not true until they are on disk.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Instant,
};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{StoreError, kv::KvError};
use crate::{
    failpoint,
    observe::metric::{Counter, Histogram},
};

/// What may wait, and be under way, at once: 64 MiB. Who comes later waits for room, in order.
const QUEUE_KIB: u32 = 64 << 10;
/// What a write counts at least, for its names and its place in the queue: so there are never more than 4,096.
const LEAST_KIB: u32 = 16;
/// Writes in one commit at most. The first of them waits for the last: at about 25 µs each, some 6 ms, which is what a slow
/// disk takes for the sync anyway.
const GROUP: usize = 256;

/// The writing end of a store. Dropping it lets the thread finish what is queued, and waits for it.
pub(super) struct Writer {
    queue: Option<mpsc::UnboundedSender<Box<dyn Work>>>,
    room: Arc<Semaphore>,
    failed: Arc<AtomicBool>,
    stats: Arc<Stats>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread did.
#[derive(Debug, Default)]
pub struct Stats {
    /// Writes that were committed.
    pub writes: Counter,
    /// Writes that were refused, or failed; not those whose own condition did not hold.
    pub refused: Counter,
    /// How long committing a group took, from its first write to the end of its sync.
    pub commit_seconds: Histogram,
}

impl Writer {
    /// Starts the thread. It keeps `lock` until it has closed the connection.
    pub(super) fn start(connection: Connection, lock: Arc<std::fs::File>) -> io::Result<Self> {
        // Bounded by `room` and not by the channel, because what must be bounded is bytes.
        let (queue, writes) = mpsc::unbounded_channel();
        let failed = Arc::new(AtomicBool::new(false));
        let stats = Arc::new(Stats::default());
        let thread = {
            let (failed, stats) = (Arc::clone(&failed), Arc::clone(&stats));
            std::thread::Builder::new().name("store-writer".into()).spawn(move || {
                run(connection, writes, &failed, &stats);
                drop(lock);
            })?
        };
        Ok(Self { queue: Some(queue), room: Arc::new(Semaphore::new(QUEUE_KIB as usize)), failed, stats, thread: Some(thread) })
    }

    /// Runs `work`, which holds about `bytes`, inside a transaction, and returns once it is committed and on disk.
    ///
    /// Cancellation: dropped while it waits for room, nothing happens; dropped later, the write takes place all the same.
    pub(super) async fn write<T, F>(&self, bytes: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let kib = u32::try_from(bytes >> 10).unwrap_or(QUEUE_KIB).saturating_add(LEAST_KIB).min(QUEUE_KIB);
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await.map_err(|_| StoreError::Stopped)?;
        let (answer, answered) = oneshot::channel();
        let task = Task { work: Some(work), value: None, answer, _room: room };
        self.queue.as_ref().and_then(|queue| queue.send(Box::new(task)).ok()).ok_or(StoreError::Stopped)?;
        answered.await.map_err(|_| StoreError::Stopped)?
    }

    pub(super) fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Whether writes are still taken.
    pub(super) fn is_well(&self) -> bool {
        !self.failed.load(Ordering::Relaxed) && self.queue.as_ref().is_some_and(|queue| !queue.is_closed())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // Its panic was printed when it happened, and its submitters were told.
            let _ = thread.join();
        }
    }
}

/// A queued write, whatever it returns.
trait Work: Send {
    /// Does the work; called once, inside a savepoint.
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;
    /// Tells the submitter how it ended. One that no longer listens is no mistake.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Task<T, F> {
    work: Option<F>,
    value: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
    _room: OwnedSemaphorePermit,
}

impl<T, F> Work for Task<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let work = self.work.take().ok_or(StoreError::Stopped)?;
        self.value = Some(work(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { value, answer, .. } = *self;
        let _ = answer.send(outcome.and_then(|()| value.ok_or(StoreError::Stopped)));
    }
}

fn run(connection: Connection, mut writes: mpsc::UnboundedReceiver<Box<dyn Work>>, failed: &AtomicBool, stats: &Stats) {
    while let Some(first) = writes.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = writes.try_recv()
        {
            group.push(next);
        }
        let outcomes: Vec<_> = if failed.load(Ordering::Relaxed) {
            group.iter().map(|_| Err(StoreError::Failed)).collect()
        } else {
            let began = Instant::now();
            let outcomes = commit(&connection, &mut group, failed);
            stats.commit_seconds.observe(began.elapsed());
            outcomes
        };
        let failed = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        // Whoever writes under a condition expects that it may not hold.
        let (expected, refused): (Vec<_>, Vec<_>) =
            failed.partition(|error| matches!(error, StoreError::Kv(KvError::Conflict { .. })));
        stats.writes.add((outcomes.len() - expected.len() - refused.len()) as u64);
        stats.refused.add(refused.len() as u64);
        for (work, outcome) in group.into_iter().zip(outcomes) {
            work.answer(outcome);
        }
    }
}

/// Runs and commits a group; returns what to answer to each.
fn commit(connection: &Connection, group: &mut [Box<dyn Work>], failed: &AtomicBool) -> Vec<Result<(), StoreError>> {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        let error = StoreError::Begin(Arc::new(error));
        return group.iter().map(|_| Err(error.clone())).collect();
    }
    let mut outcomes = Vec::with_capacity(group.len());
    for work in group.iter_mut() {
        let (outcome, intact) = run_alone(connection, work.as_mut());
        outcomes.push(outcome);
        if !intact {
            // Some errors (no space, no memory, the disk) take the whole transaction back, or leave it unfit to be committed.
            // Then everybody fails; nobody is told "stored" for what is gone.
            give_up(connection, failed);
            let told = outcomes.len();
            outcomes.resize_with(group.len(), || Err(StoreError::TakenBack));
            for outcome in &mut outcomes[..told] {
                if outcome.is_ok() {
                    *outcome = Err(StoreError::TakenBack);
                }
            }
            return outcomes;
        }
    }
    failpoint::before_commit();
    if let Err(error) = execute(connection, "COMMIT") {
        let full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        if !full {
            // A sync that failed once may report success when it is repeated although the pages are lost, so there is no
            // second try: no write is taken any more, and a restart recovers from what is really on disk.
            failed.store(true, Ordering::Relaxed);
            tracing::error!(error = %error, "the store failed to commit and writes nothing until the host is started again");
        }
        give_up(connection, failed);
        let error = Arc::new(error);
        // A full disk is another matter: the commit's last frame did not go in, no sync was tried, and the next commit writes
        // over what did (tried on a full ext4 and a full tmpfs: nothing answered was lost, writing went on when there was room).
        let told = || if full { StoreError::Full(Arc::clone(&error)) } else { StoreError::Commit(Arc::clone(&error)) };
        return group.iter().map(|_| Err(told())).collect();
    }
    outcomes
}

/// Runs one write in its savepoint. The second value is whether the transaction around it is still whole.
fn run_alone(connection: &Connection, work: &mut dyn Work) -> (Result<(), StoreError>, bool) {
    if execute(connection, "SAVEPOINT one").is_err() {
        return (Err(StoreError::TakenBack), false);
    }
    let outcome = work.run(connection);
    let undone = outcome.is_ok() || (!connection.is_autocommit() && execute(connection, "ROLLBACK TO one").is_ok());
    let intact = undone && execute(connection, "RELEASE one").is_ok();
    (outcome, intact)
}

/// Takes the transaction back, if SQLite has not done so itself. One that cannot even be taken back would become part of the
/// next commit, so there is none.
fn give_up(connection: &Connection, failed: &AtomicBool) {
    if !connection.is_autocommit() && execute(connection, "ROLLBACK").is_err() && !connection.is_autocommit() {
        failed.store(true, Ordering::Relaxed);
        tracing::error!("the store cannot roll back and writes nothing until the host is started again");
    }
}

fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}
