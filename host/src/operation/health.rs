//! Whether the host is alive, and whether clients may come.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::runtime::Handle;

use crate::{app::App, store::Store};

/// How long the request threads may take to run a task that does nothing. A guest holds none of them longer than a tick of
/// a millisecond, so this is a thousand times what it takes when all is well.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a host is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Starting,
    Serving,
    Draining,
}

/// What a host's well-being is judged by.
#[derive(Debug)]
pub struct Health {
    pub app: Arc<App>,
    pub store: Store,
    requests: Handle,
    phase: AtomicU8,
}

impl Health {
    pub fn new(app: Arc<App>, store: Store, requests: Handle) -> Self {
        Self { app, store, requests, phase: AtomicU8::new(Phase::Starting as u8) }
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Whether the threads that serve requests still do.
    pub async fn makes_progress(&self) -> bool {
        tokio::time::timeout(PATIENCE, self.requests.spawn(async {})).await.is_ok_and(|joined| joined.is_ok())
    }

    /// Why clients should not come now; empty if they may.
    pub fn unready(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        match self.phase.load(Ordering::Relaxed) {
            phase if phase == Phase::Starting as u8 => reasons.push("the host is starting".to_owned()),
            phase if phase == Phase::Draining as u8 => reasons.push("the host is stopping".to_owned()),
            _ => {}
        }
        if !self.store.is_well() {
            reasons.push("the store takes no writes".to_owned());
        }
        let without = self.app.services.iter().filter(|service| service.current.load().is_none());
        reasons.extend(without.map(|service| match &*service.without.load() {
            None => format!("the service `{}` has no plugin", service.key),
            Some(why) => format!("the service `{}` has no plugin that runs: {why}", service.key),
        }));
        reasons
    }
}
