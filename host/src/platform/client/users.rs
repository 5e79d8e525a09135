//! Create App User, Update App User, Get App User Access Token.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{
    Call, Client, PlatformError,
    envelope::{self, Failed},
    transport::Answer,
};
use crate::platform::object_id;

/// Longer codes are none; the platform's have 40 hex digits.
const MAX_CODE: usize = 256;

/// An app user to be made. What is `None` is not sent; the empty string is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewUser {
    /// Unique for the service.
    #[serde(rename = "accountName")]
    pub account: String,
    #[serde(rename = "displayName")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cellphone: Option<String>,
}

/// What can be changed of an app user. What is `None` is not sent; the empty string is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changes {
    #[serde(rename = "displayName")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cellphone: Option<String>,
}

/// An app user as the platform keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppUser {
    /// The account id: 24 hex digits, lower case.
    pub id: String,
    pub account: String,
    pub name: String,
    pub email: Option<String>,
    pub cellphone: Option<String>,
}

/// What an app user's client shows the platform. `Debug` does not show the code.
#[derive(Clone, PartialEq, Eq)]
pub struct UserToken {
    pub code: String,
    /// When it expires, ms; `None` where the platform does not say.
    pub expires_ms: Option<u64>,
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserToken").field("expires_ms", &self.expires_ms).finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a user of the app. Not repeated by itself: a platform elsewhere may refuse, or make another one.
    pub async fn create_app_user(&self, app: &str, user: &NewUser) -> Result<AppUser, PlatformError> {
        let path = self.path(Call::CreateAppUser, &[app])?;
        let account = user.account.clone();
        self.make(Call::CreateAppUser, path, body(user)?, move |answer| app_user(answer, Some(&account))).await
    }

    /// Changes a user of the app.
    pub async fn update_app_user(&self, app: &str, user: &str, changes: &Changes) -> Result<AppUser, PlatformError> {
        let path = self.path(Call::UpdateAppUser, &[app, user])?;
        self.make(Call::UpdateAppUser, path, body(changes)?, |answer| app_user(answer, None)).await
    }

    /// A token for a user of the app. `remember` asks for one that lives for weeks; only the platform in this host knows the
    /// difference, and no other is told.
    pub async fn app_user_access_token(&self, app: &str, user: &str, remember: bool) -> Result<UserToken, PlatformError> {
        let mut target = self.path(Call::AppUserAccessToken, &[app, user])?;
        if remember && self.is_embedded() {
            target.push_str("?rememberMe=true");
        }
        self.make(Call::AppUserAccessToken, target, Vec::new(), user_token).await
    }
}

fn body(value: &impl Serialize) -> Result<Vec<u8>, PlatformError> {
    serde_json::to_vec(value).map_err(|error| PlatformError::Unavailable(format!("the request cannot be written: {error}")))
}

/// `account` is the one that was asked for, where the answer does not repeat it.
fn app_user(answer: &Answer, account: Option<&str>) -> Result<AppUser, Failed> {
    let entity = envelope::entity(answer)?;
    let text = |name: &str| entity.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(AppUser {
        id: text("_id").and_then(|id| object_id(&id)).ok_or_else(|| Failed::senseless("the app user has no id"))?,
        account: text("accountName").or_else(|| account.map(str::to_owned)).unwrap_or_default(),
        name: text("displayName").unwrap_or_default(),
        email: text("email"),
        cellphone: text("cellphone"),
    })
}

fn user_token(answer: &Answer) -> Result<UserToken, Failed> {
    let entity = envelope::entity(answer)?;
    let code = entity.get("accessTokenCode").and_then(Value::as_str);
    let code = code.filter(|code| (1..=MAX_CODE).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic()));
    let expires_ms = match entity.get("expireTime") {
        Some(Value::String(ms)) => ms.parse().ok(),
        Some(ms) => ms.as_u64(),
        None => None,
    };
    Ok(UserToken { code: code.ok_or_else(|| Failed::senseless("there is no token in it"))?.to_owned(), expires_ms })
}
