//! Paths that are the host's own, on every name that is no service's.

use axum::body::Body;
use http::request::Parts;

use super::{
    notice, platform,
    record::Record,
    respond::{Answer, End, Refusal},
};
use crate::app::App;

/// Answers a request that names no service.
pub async fn answer(app: &App, parts: Parts, body: Body, record: &mut Record) -> Answer {
    if let Some(key) = notice::service(parts.uri.path()) {
        let service = app.services.by_key(key).filter(|service| service.apps.is_some()).ok_or(Refusal::NoService)?;
        record.addressed(service);
        let inbox = app.inbox().ok_or(Refusal::NotReady)?;
        return notice::take(inbox, key, &parts, body).await.map(End::Host);
    }
    record.unaddressed(&app.metrics);
    match platform::of(app, &parts) {
        Some(platform) => Ok(End::Host(platform::answer(platform, &app.budgets, record.address, parts, body).await)),
        None => Err(Refusal::NoService),
    }
}
