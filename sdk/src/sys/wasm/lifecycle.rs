//! `wharf:service/lifecycle`, for the plugins that have it.

use crate::allocator::running;
use crate::bindings::lifecycle::exports::wharf::service::lifecycle as export;
use crate::bindings::wharf::service::types as wit;
use crate::lifecycle::{Kind, Lives, Subscription};

impl<P: Lives> export::Guest for P {
    fn subscribed(subscription: export::Subscription) -> Result<(), wit::Error> {
        tell::<P>(Kind::Subscribe, subscription)
    }

    fn cancelled(subscription: export::Subscription) -> Result<(), wit::Error> {
        tell::<P>(Kind::Cancel, subscription)
    }

    fn purge(subscription: export::Subscription) -> Result<(), wit::Error> {
        tell::<P>(Kind::Purge, subscription)
    }
}

fn tell<P: Lives>(kind: Kind, subscription: export::Subscription) -> Result<(), wit::Error> {
    let export::Subscription { message_id, subscription_id, app, at_ms, attempt } = subscription;
    let subscription = Subscription { message_id, subscription_id, app: app.into(), at_ms, attempt };
    running(|| P::LIFECYCLE.tell(kind, subscription)).map_err(Into::into)
}
