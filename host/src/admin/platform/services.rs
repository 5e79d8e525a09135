//! Back services: listed, looked at, shown their token. Those of the configuration are made by it, others by developers.

use serde_json::{Value, json};

use super::{apps::show_token, next, refused, service};
use crate::{platform::embedded::Embedded, problem::Problem, store::platform::Service};

pub(super) async fn list(embedded: &Embedded, after: &str) -> Result<Value, Problem> {
    let services = embedded.store.platform_services(after).await.map_err(|error| error.problem())?;
    let next = next(&services, |service| service.key.clone().into());
    Ok(json!({"services": services.iter().map(describe).collect::<Vec<_>>(), "next": next}))
}

pub(super) async fn show(embedded: &Embedded, key: &str) -> Result<Value, Problem> {
    Ok(describe(&service(embedded, key).await?))
}

pub(super) async fn token(embedded: &Embedded, key: &str, renew: bool) -> Result<Value, Problem> {
    let service = service(embedded, key).await?;
    let token = embedded.service_token(&service, renew).await.map_err(refused(&format!("a token for the service `{key}`")))?;
    show_token(embedded, &token)
}

/// Everything but its securityKey.
fn describe(service: &Service) -> Value {
    json!({
        "id": service.id, "key": service.key, "name": service.name, "type": if service.public { "PUBLIC" } else { "PRIVATE" },
        "configured": service.sign_key.is_none(), "service_api": service.service_api, "message_api": service.message_api,
        "manage_address": service.manage_address, "allow_user_api": service.allow_user_api,
        "description": service.description, "developer_id": service.owner, "created_ms": service.created_ms,
    })
}
