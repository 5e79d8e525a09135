//! Subscriptions and the messages about them.

use serde_json::{Value, json};

use super::{Admin, app, next, refused, service};
use crate::{
    message::{Deliver as _, Handled, Kind},
    platform::embedded::Embedded,
    problem::Problem,
    store::{
        Effect,
        messages::{About, End},
        platform::{Force, new_id},
    },
};

pub(super) async fn add(embedded: &Embedded, app_key: &str, service_key: &str) -> Result<Value, Problem> {
    let (app, service) = (app(embedded, app_key).await?, service(embedded, service_key).await?);
    let subject = format!("to subscribe the app `{app_key}` to the service `{service_key}`");
    embedded.subscribe(&app.id, &service.id, true).await.map_err(refused(&subject))?;
    shown(embedded, &app.id, &service.id, app_key, service_key).await
}

pub(super) async fn cancel(embedded: &Embedded, app_key: &str, service_key: &str) -> Result<Value, Problem> {
    let (app, service) = (app(embedded, app_key).await?, service(embedded, service_key).await?);
    let subject = format!("to cancel the subscription of the app `{app_key}` to the service `{service_key}`");
    embedded.cancel(&app.id, &service.id).await.map_err(refused(&subject))?;
    shown(embedded, &app.id, &service.id, app_key, service_key).await
}

/// The platform asks the service nothing; one of this host goes by it as if it had handled the message about it.
pub(super) async fn force(
    admin: &Admin,
    embedded: &Embedded,
    app_key: &str,
    service_key: &str,
    subscribed: bool,
) -> Result<Value, Problem> {
    let (app, service) = (app(embedded, app_key).await?, service(embedded, service_key).await?);
    let subject = format!("to force the subscription of the app `{app_key}` to the service `{service_key}`");
    let failed = refused(&subject);
    let now_ms = admin.clock.now_ms();
    let force =
        Force { id: new_id(now_ms).map_err(&failed)?, app: app.id.clone(), service: service.id.clone(), subscribed, now_ms };
    let mut with = Vec::new();
    if let Some(config) = admin.config.services.get(service_key).filter(|_| service.sign_key.is_none()) {
        let known = embedded.store.platform_subscription(&app.id, &service.id).await.map_err(&failed)?;
        let subscription_id = known.map_or_else(|| force.id.clone(), |(id, _)| id);
        let handled = Handled {
            service: service_key.to_owned(),
            message_id: force.id.clone(),
            kind: if subscribed { Kind::Subscribe } else { Kind::Cancel },
            about: About { app_key: app_key.to_owned(), app_id: app.id.clone(), subscription_id },
            now_ms,
            purge_after_cancel: config.purge_after_cancel,
        };
        // What waits would undo it: a cancel that is tried again, or a purge.
        with.push(Effect::MessagesEnd(End { service: service_key.to_owned(), app_key: app_key.to_owned(), now_ms }));
        with.extend(handled.effects());
    }
    embedded.force(force, with).await.map_err(&failed)?;
    tracing::warn!(app = app_key, service = service_key, subscribed, "a subscription was set by hand");
    if let Some(host) = &admin.app {
        host.completed(service_key, app_key).await;
    }
    admin.wake_messages(service_key);
    shown(embedded, &app.id, &service.id, app_key, service_key).await
}

/// The state of a subscription now; it is null where there is none.
async fn shown(embedded: &Embedded, app: &str, service: &str, app_key: &str, service_key: &str) -> Result<Value, Problem> {
    let state = embedded.store.platform_subscription(app, service).await.map_err(|error| error.problem())?;
    Ok(json!({"app": app_key, "service": service_key, "state": state.map(|(_, state)| state.as_str())}))
}

pub(super) async fn list(embedded: &Embedded, after: u64) -> Result<Value, Problem> {
    let subscriptions = embedded.store.platform_subscriptions(after).await.map_err(|error| error.problem())?;
    let next = next(&subscriptions, |listed| listed.row.into());
    let subscriptions: Vec<Value> = subscriptions
        .iter()
        .map(|listed| {
            json!({
                "id": listed.id, "app": listed.app, "service": listed.service, "state": listed.state.as_str(),
                "created_ms": listed.created_ms,
            })
        })
        .collect();
    Ok(json!({"subscriptions": subscriptions, "next": next}))
}

pub(super) async fn messages(embedded: &Embedded, after: u64) -> Result<Value, Problem> {
    let messages = embedded.store.platform_messages(after).await.map_err(|error| error.problem())?;
    let next = next(&messages, |(message, _)| message.seq.into());
    let messages: Vec<Value> = messages
        .iter()
        .map(|(message, service)| {
            json!({
                "id": message.id, "service": service, "type": message.kind.as_str(), "app": message.app_key,
                "state": message.state.as_str(), "failed_notices": message.attempts, "next_notice_ms": message.next_ms,
                "created_ms": message.created_ms,
            })
        })
        .collect();
    Ok(json!({"messages": messages, "next": next}))
}
