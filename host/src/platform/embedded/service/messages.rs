//! What happened to a service's subscriptions.

use std::sync::Arc;

use axum::extract::State;

use super::super::{
    Embedded,
    caller::{AsService, Named},
    envelope::{Answer, Envelope},
    records,
    refusal::Refusal,
};
use crate::store::platform::{Message, Service, Write};

/// Everything that is not resolved, in the order in which it happened; of very many the first thousand.
pub(in super::super) async fn list(State(embedded): State<Arc<Embedded>>, AsService(service): AsService) -> Answer {
    let messages = embedded.store.platform_messages_open(&service.id).await?;
    Ok(Envelope::Entities(messages.iter().map(records::message).collect()))
}

/// One message, resolved or not.
pub(in super::super) async fn one(State(embedded): State<Arc<Embedded>>, AsService(service): AsService, named: Named) -> Answer {
    Ok(Envelope::Entity(records::message(&own(&embedded, &service, &named).await?)))
}

/// The service has handled it: the subscription holds from now on, or is gone.
pub(in super::super) async fn resolved(
    State(embedded): State<Arc<Embedded>>,
    AsService(service): AsService,
    named: Named,
) -> Answer {
    let message = own(&embedded, &service, &named).await?;
    embedded.write(Write::Resolve { message: message.id, now_ms: embedded.now_ms() }).await?;
    Ok(Envelope::Done)
}

async fn own(embedded: &Embedded, service: &Service, named: &Named) -> Result<Message, Refusal> {
    let message = embedded.store.platform_message(named.get("message")).await?.ok_or(Refusal::DataNotFound)?;
    if message.service == service.id { Ok(message) } else { Err(Refusal::DataNotYours) }
}
