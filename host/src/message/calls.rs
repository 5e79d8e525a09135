//! Calls to the platform about messages that wait for one: some at a time, the next as soon as one has ended.
//!
//! Two processes that make the same call do no harm, so nothing is claimed for it; within this one, no message has two calls
//! at once.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::{
    sync::Notify,
    task::{Id, JoinSet},
};
use tokio_util::sync::CancellationToken;

use super::{
    fetch,
    pace::Pace,
    resolve,
    service::{STORE_MS, Service},
};
use crate::store::{
    StoreError,
    messages::{Due, Waiting},
};

/// Which call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// Of a hinted message, what it says.
    Fetch,
    /// Of a done message, that it is.
    Resolve,
}

impl Call {
    fn wake(self, service: &Service) -> &Notify {
        match self {
            Self::Fetch => &service.wakes.fetch,
            Self::Resolve => &service.wakes.resolve,
        }
    }

    async fn due(self, service: &Service, limit: u32) -> Result<Due, StoreError> {
        match self {
            Self::Fetch => service.store().messages_to_fetch(&service.key, service.now_ms(), limit).await,
            Self::Resolve => service.store().messages_to_resolve(&service.key, service.now_ms(), limit).await,
        }
    }

    /// Returns whether the platform answered.
    async fn make(self, service: &Service, waiting: &Waiting) -> bool {
        match self {
            Self::Fetch => fetch::fetch(service, waiting).await,
            Self::Resolve => resolve::resolve(service, waiting).await,
        }
    }

    /// Makes the calls that wait, until told to stop; those under way then are finished. Dropped, it gives them up, and they are
    /// made again one day.
    pub(super) async fn keep_up(self, service: Arc<Service>, stop: CancellationToken) {
        let most = service.shared.settings.calls;
        let mut pace = Pace::new(most as usize);
        let mut calls = JoinSet::new();
        let mut under_way = HashMap::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = service.unpaused() => {}
            }
            // Before the look, so that what comes after it is not missed.
            let woken = self.wake(&service).notified();
            let mut free = pace.width().saturating_sub(calls.len());
            let mut next_ms = None;
            if free > 0 {
                match self.due(&service, most).await {
                    Ok(due) => {
                        let busy: HashSet<&String> = under_way.values().collect();
                        let ready = |waiting: &Waiting| !busy.contains(&waiting.id) && !service.completing.has(&waiting.id);
                        let waiting: Vec<_> = due.now.into_iter().filter(ready).take(free).collect();
                        next_ms = due.next_ms;
                        free -= waiting.len();
                        for waiting in waiting {
                            start(self, &service, waiting, &mut calls, &mut under_way);
                        }
                    }
                    Err(error) => {
                        service.store_failed("messages that wait for the platform cannot be looked for", &error);
                        next_ms = Some(service.now_ms() + STORE_MS);
                    }
                }
            }
            if calls.is_empty() {
                pace.idle();
            }
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = calls.join_next_with_id() => {
                    // With those that were answered in the same commit: one look for more follows them all.
                    let mut next = Some(ended);
                    while let Some(ended) = next {
                        let (id, answered) = match ended {
                            Ok(ended) => ended,
                            Err(error) => (error.id(), false),
                        };
                        under_way.remove(&id);
                        if answered { pace.well() } else { pace.badly() }
                        next = calls.try_join_next_with_id();
                    }
                }
                () = woken, if free > 0 => {}
                () = service.shared.timer.until(next_ms), if free > 0 => {}
            }
        }
        while calls.join_next().await.is_some() {}
    }
}

fn start(call: Call, service: &Arc<Service>, waiting: Waiting, calls: &mut JoinSet<bool>, under_way: &mut HashMap<Id, String>) {
    let (service, id) = (service.clone(), waiting.id.clone());
    let task = calls.spawn(async move { call.make(&service, &waiting).await });
    under_way.insert(task.id(), id);
}
