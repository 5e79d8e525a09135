//! The zone `end`: what an app user's browser asks, once it has logged in at an auth service.

use std::sync::Arc;

use axum::extract::State;

use super::{
    Embedded,
    caller::{AsUser, Named},
    context::{self, Proven},
    envelope::Answer,
    refusal::Refusal,
};
use crate::caller::AppUser;

/// The context of an app for the user that calls.
pub(super) async fn context(State(embedded): State<Arc<Embedded>>, caller: AsUser, named: Named) -> Answer {
    let AsUser { user, expires_ms } = caller;
    let found = embedded.store.platform_context(named.get("app")).await?;
    let (app, services) = found.ok_or(Refusal::AppKeyUnknown)?;
    if user.app != app.id {
        return Err(Refusal::AppNotYours);
    }
    let service = embedded.store.platform_service(&user.service).await?.ok_or(Refusal::UserMissing)?;
    let user = AppUser { id: user.id, account: user.account, name: user.name, authenticated_by: service.key };
    context::context(&embedded, Proven { app, services, user: Some((user, expires_ms)) }).await
}
