//! What an operator does to messages: [`Store::messages`] lists them, [`Store::message`] shows one; here is what changes them,
//! and leaves a line in the log.

use crate::store::{
    Store, StoreError,
    messages::{Dropped, Message, Retried},
};

/// Lets a dead message try again, with all its attempts; its app's later messages follow it. Whoever runs the line wakes it
/// ([`super::Handle::wake`]).
///
/// Fails with [`crate::codes::MESSAGE_UNKNOWN`] or [`crate::codes::MESSAGE_NOT_DEAD`].
pub async fn retry(store: &Store, service: &str, id: &str, now_ms: u64) -> Result<Retried, StoreError> {
    let retried = store.message_retry(service, id, now_ms).await?;
    tracing::warn!(service, message = id, "an operator lets a dead message try again");
    Ok(retried)
}

/// Takes a dead message out of the way; what it asked for is never done. Returns what it was.
///
/// Fails as [`retry`] does.
pub async fn drop(store: &Store, service: &str, id: &str, how: Dropped, now_ms: u64) -> Result<Message, StoreError> {
    let dropped = store.message_drop(service, id, how, now_ms).await?;
    tracing::warn!(
        service,
        message = id,
        kind = dropped.kind,
        app = dropped.about.as_ref().map(|about| &about.app_key),
        attempts = dropped.attempts,
        reason = dropped.reason,
        resolved = how == Dropped::Done,
        "an operator dropped a dead message"
    );
    Ok(dropped)
}
