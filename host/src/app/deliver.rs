//! Where the lines meet: a message of [`crate::message`] becomes a call of [`crate::runtime`].

use futures_util::future::BoxFuture;

use super::App;
use crate::{
    message::{Deliver, DeliverError, Delivered, Delivery, Kind},
    runtime::{
        lifecycle::{self, Addressee, Event, Message},
        outcome::{Details, Failure},
    },
    units::millis,
};

impl Deliver for App {
    fn deliver(&self, delivery: Delivery) -> BoxFuture<'_, Result<Delivered, DeliverError>> {
        Box::pin(deliver(self, delivery))
    }

    fn completed<'a>(&'a self, service: &'a str, app_key: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(self.know_app(service, app_key))
    }
}

async fn deliver(app: &App, delivery: Delivery) -> Result<Delivered, DeliverError> {
    // A service that the configuration no longer has is one without a plugin: its messages wait for it to come back.
    let service = app.services.by_key(&delivery.service).ok_or(DeliverError::NotReady)?;
    let installed = service.current.load_full().ok_or(DeliverError::NotReady)?;
    let Some(addressee) = Addressee::of(&installed.plugin) else { return Ok(Delivered::default()) };
    let permit = installed.permits.acquire(installed.plugin.core_instances, app.wait);
    let permit = permit.await.map_err(|_| DeliverError::Busy)?;
    match lifecycle::call(&app.lanes, addressee, permit, message(&delivery)).await {
        Ok(effects) => Ok(Delivered { effects }),
        Err(failure) => {
            service.requests.failed(failure.kind(), failure.details().limit);
            log(&delivery, &installed.plugin.running.plugin, &failure);
            Err(DeliverError::Failed { reason: failure.reason(), retry_after_ms: retry_after_ms(&failure) })
        }
    }
}

fn message(delivery: &Delivery) -> Message {
    let Delivery { service: _, message_id, kind, app_id, app_key, subscription_id, at_ms, attempt } = delivery.clone();
    let event = match kind {
        Kind::Subscribe => Event::Subscribed,
        Kind::Cancel => Event::Cancelled,
        Kind::Purge => Event::Purge,
    };
    Message { id: message_id, event, app_key, app_id, subscription_id, at_ms, attempt }
}

fn retry_after_ms(failure: &Failure) -> Option<u64> {
    match failure {
        Failure::Error { retry_after, .. } => retry_after.map(millis),
        _ => None,
    }
}

/// As the log has a failed request; what the line makes of it, it says itself.
fn log(delivery: &Delivery, plugin: &str, failure: &Failure) {
    let Delivery { service, message_id, app_key: app, attempt, .. } = delivery;
    let Details { limit, asked, allowed, said, at } = failure.details();
    tracing::error!(
        message_id, service, plugin, app, attempt, limit, asked, allowed, failure = %failure.text(), said, at, "the plugin failed at a message"
    );
}
