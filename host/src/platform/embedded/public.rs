//! The zone `public`: what anybody may ask. A token that is sent all the same, the text `null` among them, is not looked at.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::{
    Embedded,
    caller::Named,
    context::{self, Proven},
    envelope::{Answer, Envelope},
    records,
    refusal::Refusal,
};
use crate::store::platform::MAX_APPS;

/// The services that any app may subscribe to, as far as they are there.
pub(super) async fn services(State(embedded): State<Arc<Embedded>>) -> Answer {
    let mut services = Vec::new();
    let mut after = String::new();
    loop {
        let page = embedded.store.platform_services(&after).await?;
        let Some(last) = page.last() else { break };
        last.key.clone_into(&mut after);
        let offered = page.iter().filter(|service| service.public && embedded.is_there(service));
        services.extend(offered.map(records::service_named));
    }
    Ok(Envelope::Entities(services))
}

/// All apps.
pub(super) async fn apps(State(embedded): State<Arc<Embedded>>) -> Answer {
    let apps = embedded.store.platform_apps("", MAX_APPS).await?;
    Ok(Envelope::Entities(apps.iter().map(|app| json!({"_id": app.id, "key": app.key, "name": app.name})).collect()))
}

/// The context of an app without a user.
pub(super) async fn context(State(embedded): State<Arc<Embedded>>, named: Named) -> Answer {
    let found = embedded.store.platform_context(named.get("app")).await?;
    let (app, services) = found.ok_or(Refusal::AppKeyUnknown)?;
    context::context(&embedded, Proven { app, services, user: None }).await
}
