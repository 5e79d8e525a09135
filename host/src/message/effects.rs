//! Effects: what a message changes in the store by being handled, beside what the plugin writes.

use std::time::Duration;

use super::Kind;
use crate::{
    store::{
        Effect,
        messages::About,
        subscriptions::{Change, To},
    },
    units::millis,
};

/// A message that is handled: by the plugin, or by an operator who lets it count without one.
#[derive(Debug, Clone)]
pub struct Handled {
    /// The service's key.
    pub service: String,
    pub message_id: String,
    pub kind: Kind,
    pub about: About,
    pub now_ms: u64,
    /// How long after a cancel the app's data is purged.
    pub purge_after_cancel: Duration,
}

impl Handled {
    /// The effects, in the order in which they are to be stored; together with the message's completion, or not at all.
    pub fn effects(self) -> Vec<Effect> {
        let Self { service, message_id, kind, about, now_ms, purge_after_cancel } = self;
        let mut effects = Vec::new();
        let to = match kind {
            Kind::Subscribe => To::Subscribed,
            Kind::Cancel => To::Cancelled { purge_ms: now_ms + millis(purge_after_cancel) },
            Kind::Purge => {
                effects.push(Effect::KvErase { service: service.clone(), app: about.app_key.clone() });
                To::Purged
            }
        };
        effects.push(Effect::Subscription(Change { service, about, message_id, to, now_ms }));
        effects
    }
}
