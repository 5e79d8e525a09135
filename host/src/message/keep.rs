//! What is remembered of messages that are over is forgotten one day, a little at a time.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::service::Shared;

/// What is forgotten was resolved weeks ago; an hour more does not matter.
const EVERY: Duration = Duration::from_hours(1);
/// Between two writes, so that they take a small part of the writer's time however much there is to be forgotten.
const PAUSE: Duration = Duration::from_millis(50);

/// Forgets at once and every hour, until told to stop.
pub(super) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        let wait = match shared.store.messages_forget(shared.settings.keep, shared.timer.now_ms()).await {
            Ok(true) => PAUSE,
            Ok(false) => EVERY,
            Err(error) => {
                tracing::error!(error = %error.problem(), "old messages cannot be forgotten");
                EVERY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = shared.timer.pause(wait) => {}
        }
    }
}
