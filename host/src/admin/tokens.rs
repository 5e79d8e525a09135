//! Creating, listing and revoking the host's own bearer tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Admin;
use crate::{
    codes,
    problem::{Problem, Problems},
    secret::Secret,
    store::tokens::{NewToken, PAGE, Token, User},
    toml_reader::nearest,
    units::show_duration,
};

/// The longest that a token may live: one for ever is one that nobody remembers.
pub const MAX_LIFETIME: Duration = Duration::from_hours(24 * 3_660);
/// The longest key, id or label of a token, in bytes.
const MAX_NAME: usize = 256;
/// The most scopes, and the longest one: what a route's manifest may ask for.
const MAX_SCOPES: usize = 32;
const MAX_SCOPE: usize = 64;

/// A token as an admin asks for it; the body of `POST /tokens`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    pub service: String,
    pub app: String,
    pub user: Option<WantedUser>,
    pub scopes: Vec<String>,
    pub lifetime_ms: u64,
}

/// The app user that the token is to stand for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedUser {
    pub id: String,
    pub account: String,
    pub name: String,
}

impl Admin {
    /// Makes a token for a service of the configuration; it is valid at once. The secret is the token itself, to be shown this
    /// once.
    ///
    /// Fails with [`codes::USAGE`] or as the store does. Cancelled, a token may be stored that nobody has seen and nobody can use.
    pub async fn token_create(&self, wanted: Wanted) -> Result<(Token, Secret), Problems> {
        self.check(&wanted)?;
        let now_ms = self.clock.now_ms();
        let user = wanted.user.map(|user| User { id: user.id, account: user.account, name: user.name });
        let new = NewToken {
            service: wanted.service,
            app: wanted.app,
            user,
            scopes: wanted.scopes,
            now_ms,
            expires_ms: now_ms.saturating_add(wanted.lifetime_ms),
        };
        let (token, secret) = self.store.token_create(new).await.map_err(|error| error.problem())?;
        tracing::info!(token = token.id, service = token.service, app = token.app, "token created");
        Ok((token, secret))
    }

    /// A page of tokens in the order of their creation, as JSON: `{"tokens": […], "next": …}`, where `next` is what `after` has
    /// to be for the page behind it, or null.
    pub async fn token_list(&self, after: Option<&str>) -> Result<Value, Problems> {
        let tokens = self.store.tokens(after, PAGE).await.map_err(|error| error.problem())?;
        let next = tokens.last().filter(|_| tokens.len() == PAGE as usize).map(|token| token.id.clone());
        let now_ms = self.clock.now_ms();
        let tokens: Vec<Value> = tokens.iter().map(|token| show(token, now_ms)).collect();
        Ok(json!({"tokens": tokens, "next": next}))
    }

    /// Revokes a token for ever. A running host refuses it from the next request on; revoking it again changes nothing.
    ///
    /// Fails with [`codes::TOKEN_UNKNOWN`] or as the store does. Cancelled, it is revoked all the same.
    pub async fn token_revoke(&self, id: &str) -> Result<Value, Problems> {
        let (store, app, id, now_ms) = (self.store.clone(), self.app.clone(), id.to_owned(), self.clock.now_ms());
        // A task of its own: between disk and memory nothing may break it off, or the host would go on believing the token.
        let revoking = tokio::spawn(async move {
            let found = store.token_revoke(&id, now_ms).await;
            if let Some(app) = app {
                // After an error too: it may be revoked nevertheless.
                app.bearer.opaque.forget(&id);
            }
            if found? {
                tracing::info!(token = id, "token revoked");
                return Ok(Some(json!({"id": id, "revoked": true})));
            }
            Ok::<_, crate::store::StoreError>(None)
        });
        let found = revoking.await.map_err(|error| Problem::new(&codes::HOST_FAILED, "the revocation broke off").why(error))?;
        let unknown =
            || Problem::new(&codes::TOKEN_UNKNOWN, "there is no token of this id").fix("see the ids with `wharf token list`");
        Ok(found.map_err(|error| error.problem())?.ok_or_else(unknown)?)
    }

    fn check(&self, wanted: &Wanted) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let mut wrong = |what: String, fix: String| problems.push(Problem::new(&codes::USAGE, what).fix(fix));
        if !self.config.services.contains_key(&wanted.service) {
            let keys = self.config.services.keys().map(String::as_str);
            let fix = match nearest(&wanted.service, keys.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("name one of the configuration: `{}`", keys.collect::<Vec<_>>().join("`, `")),
            };
            wrong(format!("there is no service `{}`", wanted.service.escape_debug()), fix);
        }
        let user = wanted
            .user
            .iter()
            .flat_map(|user| [("user's id", &user.id, 1), ("account", &user.account, 0), ("name", &user.name, 0)]);
        for (what, text, min) in std::iter::once(("app's key", &wanted.app, 1)).chain(user) {
            if !(min..=MAX_NAME).contains(&text.len()) || text.chars().any(char::is_control) {
                wrong(format!("the {what} is not usable"), format!("write one line of {min} to {MAX_NAME} bytes"));
            }
        }
        if wanted.scopes.len() > MAX_SCOPES || wanted.scopes.iter().any(|scope| scope.len() > MAX_SCOPE) {
            wrong(
                "the scopes are too many or too long".to_owned(),
                format!("use at most {MAX_SCOPES}, of {MAX_SCOPE} characters each"),
            );
        }
        if wanted.lifetime_ms == 0 || u128::from(wanted.lifetime_ms) > MAX_LIFETIME.as_millis() {
            wrong(
                "the token's lifetime is out of range".to_owned(),
                format!("choose more than nothing and at most {}", show_duration(MAX_LIFETIME)),
            );
        }
        problems.or(())
    }
}

/// A token as lists show it: everything but itself.
pub fn show(token: &Token, now_ms: u64) -> Value {
    let user = token.user.as_ref().map(|user| json!({"id": user.id, "account": user.account, "name": user.name}));
    json!({
        "id": token.id, "service": token.service, "app": token.app, "user": user, "scopes": token.scopes,
        "state": token.state(now_ms).as_str(), "created_ms": token.created_ms, "expires_ms": token.expires_ms,
        "revoked_ms": token.revoked_ms,
    })
}

/// A token as its maker gets it: with itself, this once.
pub fn show_created(token: &Token, secret: &Secret, now_ms: u64) -> Value {
    let mut shown = show(token, now_ms);
    if let Value::Object(fields) = &mut shown {
        fields.insert("token".to_owned(), String::from_utf8_lossy(secret.expose()).into());
    }
    shown
}
