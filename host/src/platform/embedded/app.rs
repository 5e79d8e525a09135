//! The zone `app`: what an app's developer does on behalf of the app. Which app it is, the token says.

use std::{sync::Arc, time::Duration};

use axum::extract::State;

use super::{
    Embedded,
    caller::{AsApp, Named},
    envelope::{Answer, Envelope},
    records,
    refusal::Refusal,
};
use crate::{
    store::{
        StoreError,
        platform::{AuthCode, PlatformError, Write, mint_code, new_id},
    },
    units::millis,
};

/// How long a code names its app: long enough to follow a link.
const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// A code that shows a service's console which app is managed.
pub(super) async fn auth_code(State(embedded): State<Arc<Embedded>>, AsApp(app): AsApp) -> Answer {
    let now_ms = embedded.now_ms();
    let expires_ms = now_ms.saturating_add(millis(CODE_LIFETIME));
    let (hash, code) = mint_code()?;
    embedded.write(Write::CodeInsert(AuthCode { hash, app: app.id.clone(), now_ms, expires_ms })).await?;
    let code = String::from_utf8_lossy(code.expose());
    Ok(Envelope::Entity(records::auth_code(&new_id(now_ms)?, &code, &app, expires_ms)))
}

/// Subscribes the app; it waits for the service's yes from now on.
pub(super) async fn subscribe(State(embedded): State<Arc<Embedded>>, AsApp(app): AsApp, named: Named) -> Answer {
    match embedded.subscribe(&app.id, named.get("service"), false).await {
        Err(StoreError::Platform(PlatformError::Unknown)) => Err(Refusal::ServiceMissing),
        subscribed => subscribed.map(|()| Envelope::Done).map_err(Refusal::from),
    }
}

/// Cancels the app's subscription; it is gone once the service has handled that.
pub(super) async fn cancel(State(embedded): State<Arc<Embedded>>, AsApp(app): AsApp, named: Named) -> Answer {
    embedded.cancel(&app.id, named.get("service")).await?;
    Ok(Envelope::Done)
}

/// The services of the app, those that have not said yes and those that are leaving too.
pub(super) async fn subscribed_services(State(embedded): State<Arc<Embedded>>, AsApp(app): AsApp) -> Answer {
    let subscribed = embedded.store.platform_subscribed(&app.id).await?;
    Ok(Envelope::Entities(subscribed.iter().map(|(service, state)| records::service_subscribed(service, *state)).collect()))
}
