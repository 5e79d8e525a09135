//! Fetch: the platform is asked what a hinted message says.

use super::{PlatformError, Told, read, service::Service};
use crate::{failpoint, store::messages::Waiting, units::millis};

/// So often the platform may answer with an error of its own before a hint is given up. If the message exists all the same, a
/// poll finds it.
const REFUSALS: u32 = 8;

/// Asks for one message and stores what comes of it. Returns whether the platform answered.
///
/// Cancellation: the hint stays due, or is known.
pub(super) async fn fetch(service: &Service, hint: &Waiting) -> bool {
    let answer = service.platform.message(&hint.id).await;
    service.heard("message", &answer);
    let stored = match answer {
        Ok(Some(told)) if !is_foreign(service, &told) && !told.resolved && told.id.eq_ignore_ascii_case(&hint.id) => {
            failpoint::hit("fetch.told");
            let letter = read::letter(Told { id: hint.id.clone(), ..told });
            let fault = letter.fault.clone();
            let told = service.store().message_tell(&service.key, letter, service.now_ms()).await;
            if let (Ok(true), Some(reason)) = (&told, fault) {
                tracing::error!(service = service.key, message_id = hint.id, reason, "a message cannot be handled; it is dead");
            }
            service.wakes.place.notify_one();
            told.map(drop)
        }
        Ok(_) => forget(service, hint).await,
        Err(PlatformError::Token { .. }) => return false,
        Err(PlatformError::Refused { .. }) if hint.tries + 1 >= REFUSALS => {
            tracing::warn!(
                service = service.key,
                message_id = hint.id,
                "the platform refuses to tell a message; the hint is given up"
            );
            forget(service, hint).await
        }
        Err(PlatformError::Refused { .. } | PlatformError::Unavailable(_)) => {
            let wait = millis(service.shared.settings.calls_backoff.draw(hint.tries + 1));
            let put_off = service.store().message_put_off(&service.key, &hint.id, service.now_ms() + wait).await;
            put_off.inspect_err(|error| service.store_failed("a hint cannot be put off", error)).ok();
            return false;
        }
    };
    stored.inspect_err(|error| service.store_failed("what the platform told cannot be stored", error)).is_ok()
}

/// Whether a message names another service than this one. Only a service that knows its own id can tell.
pub(super) fn is_foreign(service: &Service, told: &Told) -> bool {
    match (&service.service_id, &told.back_service_id) {
        (Some(own), Some(named)) => !own.eq_ignore_ascii_case(named),
        (None, _) | (_, None) => false,
    }
}

async fn forget(service: &Service, hint: &Waiting) -> Result<(), crate::store::StoreError> {
    service.unknown.insert(&hint.id, service.now_ms());
    tracing::debug!(service = service.key, message_id = hint.id, "a notice named a message that is not this service's to handle");
    service.store().message_forget(&service.key, &hint.id).await.map(drop)
}
