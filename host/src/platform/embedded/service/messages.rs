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
use crate::store::platform::{Message, PAGE, Service, Write};

/// Everything that is not resolved, in the order in which it happened. That is one message for each app at most, and so no more
/// than a client reads of a list. Page by page, so that nobody waits for the whole of it to be read and written at once; what
/// happens meanwhile comes last or is left out.
pub(in super::super) async fn list(State(embedded): State<Arc<Embedded>>, AsService(service): AsService) -> Answer {
    let (mut rows, mut entities, mut after) = (0, String::new(), 0);
    loop {
        let page = embedded.store.platform_messages_open(&service.id, after).await?;
        for message in &page {
            if !entities.is_empty() {
                entities.push(',');
            }
            entities.push_str(&records::message(message).to_string());
        }
        rows += page.len();
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = last.seq,
            _ => return Ok(Envelope::Written { rows, entities }),
        }
    }
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
