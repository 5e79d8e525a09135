//! Resolve: the platform is told that a message is handled, again and again until it says that it knows.

use super::{PlatformError, Resolution, service::Service};
use crate::{failpoint, store::messages::Waiting, units::millis};

/// Tells the platform of one done message. Returns whether it answered.
///
/// Cancellation: the message stays due, or is resolved.
pub(super) async fn resolve(service: &Service, done: &Waiting) -> bool {
    let answer = service.platform.resolve(&done.id).await;
    service.heard("resolve", &answer);
    match answer {
        Ok(resolution) => {
            failpoint::hit("resolve.told");
            if resolution == Resolution::Unknown {
                tracing::info!(
                    service = service.key,
                    message_id = done.id,
                    "the platform knows nothing of a handled message any more"
                );
            }
            let stored = service.store().message_resolved(&service.key, &done.id, service.now_ms()).await;
            failpoint::hit("resolved.after-sync");
            stored.inspect_err(|error| service.store_failed("a resolved message cannot be stored", error)).is_ok()
        }
        Err(PlatformError::Token { .. }) => false,
        Err(PlatformError::Refused { .. } | PlatformError::Unavailable(_)) => {
            let wait = millis(service.shared.settings.calls_backoff.draw(done.tries + 1));
            let put_off = service.store().message_put_off(&service.key, &done.id, service.now_ms() + wait).await;
            put_off.inspect_err(|error| service.store_failed("a done message cannot be put off", error)).ok();
            false
        }
    }
}
