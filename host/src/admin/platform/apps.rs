//! Apps: made, listed, shown their token, removed.

use serde_json::{Value, json};

use super::{app, developers, next, refused};
use crate::{
    codes,
    platform::embedded::Embedded,
    problem::Problem,
    store::platform::{AccessToken, App, PAGE, Write},
    toml_reader::names::{KEY_FIX, is_key, is_shown},
};

/// The longest name, in bytes.
const MAX_NAME: usize = 256;

pub(super) async fn create(embedded: &Embedded, key: &str, name: &str, developer: Option<&str>) -> Result<Value, Problem> {
    if !is_key(key) {
        return Err(Problem::new(&codes::USAGE, "this is not a key for an app").fix(KEY_FIX));
    }
    if name.trim().is_empty() || name.len() > MAX_NAME || !name.chars().all(is_shown) {
        let fix = format!("write one line of at most {MAX_NAME} bytes");
        return Err(Problem::new(&codes::USAGE, "this is not a name for an app").fix(fix));
    }
    let owner = match developer {
        Some(email) => Some(developers::id_of(embedded, email).await?),
        None => None,
    };
    let app = embedded.app_create(key, name, owner.as_deref()).await.map_err(refused(&format!("the app `{key}`")))?;
    tracing::info!(app = app.key, app_id = app.id, "app created");
    Ok(show(&app))
}

pub(super) async fn list(embedded: &Embedded, after: &str) -> Result<Value, Problem> {
    let apps = embedded.store.platform_apps(after, PAGE).await.map_err(|error| error.problem())?;
    let next = next(&apps, |app| app.key.clone().into());
    Ok(json!({"apps": apps.iter().map(show).collect::<Vec<_>>(), "next": next}))
}

pub(super) async fn token(embedded: &Embedded, key: &str, renew: bool) -> Result<Value, Problem> {
    let app = app(embedded, key).await?;
    let token = embedded.app_token(&app, renew).await.map_err(refused(&format!("a token for the app `{key}`")))?;
    show_token(embedded, &token)
}

pub(super) async fn remove(embedded: &Embedded, key: &str) -> Result<Value, Problem> {
    let app = app(embedded, key).await?;
    let subject = format!("to remove the app `{key}`");
    embedded.store.platform_write(vec![Write::AppRemove { id: app.id.clone() }]).await.map_err(refused(&subject))?;
    tracing::info!(app = app.key, app_id = app.id, "app removed");
    Ok(json!({"id": app.id, "key": app.key, "removed": true}))
}

fn show(app: &App) -> Value {
    json!({"id": app.id, "key": app.key, "name": app.name, "developer_id": app.owner, "created_ms": app.created_ms})
}

/// A token with itself.
pub(super) fn show_token(embedded: &Embedded, token: &AccessToken) -> Result<Value, Problem> {
    let code = token.code(embedded.store.seal()).ok_or_else(|| {
        Problem::new(&codes::STORE_FAILED, format!("the token of `{}` cannot be opened", token.resource_key))
            .why("it was sealed under another host key than this data directory has")
            .fix("bring the old `host.key` back, or make another token with --renew")
    })?;
    Ok(json!({
        "id": token.id, "type": token.kind.as_str(), "of": token.resource_key,
        "token": String::from_utf8_lossy(code.expose()), "expires_ms": token.expires_ms,
    }))
}
