//! Which app it is.

use std::sync::Arc;

use axum::extract::State;

use super::{
    super::{
        Embedded,
        caller::{AsService, Named},
        envelope::{Answer, Envelope},
        records,
        refusal::Refusal,
    },
    subscribed_app,
};
use crate::store::platform::hash;

/// An app that subscribes to the service.
pub(in super::super) async fn by_id(
    State(embedded): State<Arc<Embedded>>,
    AsService(service): AsService,
    named: Named,
) -> Answer {
    Ok(Envelope::Entity(records::app_named(&subscribed_app(&embedded, &service, named.get("app")).await?)))
}

/// The app that a code names. It may be asked again while the code is valid.
pub(in super::super) async fn by_auth_code(
    State(embedded): State<Arc<Embedded>>,
    AsService(service): AsService,
    named: Named,
) -> Answer {
    let hash = hash(named.get("code").as_bytes()).ok_or(Refusal::CodeUnknown)?;
    let (app, expires_ms) = embedded.store.platform_code(hash).await?.ok_or(Refusal::CodeUnknown)?;
    if expires_ms <= embedded.now_ms() {
        return Err(Refusal::CodeExpired);
    }
    Ok(Envelope::Entity(records::app_named(&subscribed_app(&embedded, &service, &app).await?)))
}
