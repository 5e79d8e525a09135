//! Purge: when the time after a cancel is over, a message of the host's own takes its turn in the app's queue.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::service::{STORE_MS, Service};
use crate::failpoint;

/// Makes messages of the purges that are due, until told to stop. Dropped, it loses nothing: the timers are in the store.
pub(super) async fn run(service: Arc<Service>, stop: CancellationToken) {
    loop {
        // Before the look, so that what comes after it is not missed.
        let woken = service.wakes.purge.notified();
        let next_ms = match service.store().purges_begin(&service.key, service.now_ms()).await {
            Ok((begun, next_ms)) => {
                if begun > 0 {
                    failpoint::hit("purge.after-sync");
                    tracing::info!(service = service.key, apps = begun, "the data of apps that cancelled is purged");
                    service.wakes.dispatch.notify_one();
                }
                next_ms
            }
            Err(error) => {
                service.store_failed("purges cannot be begun", &error);
                Some(service.now_ms() + STORE_MS)
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = woken => {}
            () = service.shared.timer.until(next_ms) => {}
        }
    }
}
