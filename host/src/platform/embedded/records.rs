//! The records as the platform shows them. Times of records are whole seconds, in milliseconds; those at which something ends
//! are exact.

use serde_json::{Value, json};

use super::{Embedded, refusal::Refusal};
use crate::store::platform::{AccessToken, App, Developer, Message, Service, State, User};

/// The version of every record: the public platform shows 0 even after changes.
const VERSION: u32 = 0;

/// A time in whole seconds.
fn seconds(ms: u64) -> u64 {
    ms / 1_000 * 1_000
}

/// Who made it and owns it: a developer, or the operator, who has no id.
fn owner(owner: Option<&String>) -> &str {
    owner.map_or("", String::as_str)
}

/// A developer; his password never leaves.
pub(super) fn developer(developer: &Developer) -> Value {
    let mut record = json!({
        "_id": developer.id, "email": developer.email, "password": "********", "cellphone": developer.cellphone,
        "displayName": developer.name, "invitationCode": developer.invitation, "__v": VERSION,
    });
    if let Some(updated_ms) = developer.updated_ms {
        record["updateTime"] = seconds(updated_ms).into();
        record["updateBy"] = developer.id.as_str().into();
    }
    record
}

/// An app as its developer is told of it.
pub(super) fn app(app: &App) -> Value {
    let by = owner(app.owner.as_ref());
    json!({
        "_id": app.id, "key": app.key, "name": app.name, "ownerId": by, "createTime": seconds(app.created_ms),
        "updateTime": seconds(app.updated_ms), "createBy": by, "updateBy": by, "__v": VERSION,
    })
}

/// A registered service as its developer is told of it, with its key. Fails where the key was sealed by another host.
pub(super) fn service(embedded: &Embedded, service: &Service) -> Result<Value, Refusal> {
    let key = service.sign_key.as_ref().and_then(|sealed| embedded.sign_key(&service.id, sealed)).ok_or(Refusal::System)?;
    let by = owner(service.owner.as_ref());
    Ok(json!({
        "_id": service.id, "key": service.key, "name": service.name, "type": if service.public { "PUBLIC" } else { "PRIVATE" },
        "signKey": String::from_utf8_lossy(key.expose()), "messageApiAddress": service.message_api,
        "serviceApiAddress": service.service_api, "description": service.description,
        "manageAddress": service.manage_address, "manageByOpen": service.manage_by_open,
        "allowUserApi": service.allow_user_api, "ownerId": by, "createTime": seconds(service.created_ms),
        "updateTime": seconds(service.updated_ms), "createBy": by, "updateBy": by, "__v": VERSION,
    }))
}

/// An app as a back service is told of it.
pub(super) fn app_named(app: &App) -> Value {
    json!({"_id": app.id, "name": app.name, "key": app.key})
}

/// A back service as anybody is told of it.
pub(super) fn service_named(service: &Service) -> Value {
    json!({"_id": service.id, "key": service.key, "name": service.name, "description": service.description})
}

/// The same as an app is told of it.
pub(super) fn service_subscribed(service: &Service, state: State) -> Value {
    json!({
        "_id": service.id, "key": service.key, "name": service.name, "description": service.description,
        "status": state.as_str(),
    })
}

/// `content` is JSON within a string.
pub(super) fn message(message: &Message) -> Value {
    let content = json!({"appId": message.app, "appKey": message.app_key, "appSubscriptionId": message.subscription}).to_string();
    json!({
        "_id": message.id, "backServiceId": message.service, "type": message.kind.as_str(), "content": content,
        "status": message.state.as_str(), "__v": VERSION,
    })
}

/// An app user; whoever owns its app counts as its maker.
pub(super) fn user(user: &User, app: &App) -> Value {
    let by = owner(app.owner.as_ref());
    let mut record = json!({
        "_id": user.id, "accountName": user.account, "displayName": user.name, "createTime": seconds(user.created_ms),
        "updateTime": seconds(user.updated_ms), "createBy": by, "updateBy": by, "__v": VERSION,
    });
    for (name, value) in [("email", &user.email), ("cellphone", &user.cellphone)] {
        if let Some(value) = value {
            record[name] = value.as_str().into();
        }
    }
    record
}

/// A code that names an app.
pub(super) fn auth_code(id: &str, code: &str, app: &App, expires_ms: u64) -> Value {
    json!({
        "_id": id, "authCode": code, "type": "app", "resourceId": app.id, "resourceKey": app.key, "expireTime": expires_ms,
        "expired": false, "__v": VERSION,
    })
}

/// A token with its code. Fails where the code was sealed by another host.
pub(super) fn token(embedded: &Embedded, token: &AccessToken) -> Result<Value, Refusal> {
    let code = token.code(embedded.store.seal()).ok_or_else(|| {
        tracing::error!(token = token.id, "an access token cannot be shown: it was sealed under another host key");
        Refusal::System
    })?;
    Ok(json!({
        "_id": token.id, "accessTokenCode": String::from_utf8_lossy(code.expose()), "type": token.kind.as_str(),
        "userAccountId": token.account, "resourceKey": token.resource_key, "resourceId": token.resource,
        "expireTime": token.expires_ms, "expired": token.expires_ms <= embedded.now_ms(), "__v": VERSION,
    }))
}
