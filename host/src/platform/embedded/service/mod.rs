//! The zone `service`: what a back service asks, in the order in which it comes to need it: what happened ([`messages`]),
//! which app it is about ([`apps`]), who its users are ([`users`]).

pub(super) mod apps;
pub(super) mod messages;
pub(super) mod users;

use super::{Embedded, refusal::Refusal};
use crate::store::platform::{App, Service};

/// The app of this id, if it has anything to do with the service: a subscription in whatever state. An app that never was is
/// told of like one that has none.
async fn subscribed_app(embedded: &Embedded, service: &Service, app_id: &str) -> Result<App, Refusal> {
    let state = embedded.store.platform_subscription(app_id, &service.id).await?;
    state.ok_or(Refusal::NotSubscribed)?;
    embedded.store.platform_app(app_id).await?.ok_or(Refusal::NotSubscribed)
}
