//! Get App By Id, Get App By Auth Code.

use serde_json::Value;

use super::{
    Call, Client, PlatformError,
    envelope::{self, Failed},
    messages::present,
    transport::Answer,
};
use crate::platform::object_id;

/// What the platform says of an app that has not subscribed to the service.
const NOT_SUBSCRIBED: &str = "backService.noSubscribeRecordFound";
/// What it says of a code that it does not know.
const NO_CODE: &str = "authCode.NotExist";
/// A key of an app stands in names of stores and in headers; the longest that anybody would give one is far shorter.
const MAX_KEY: usize = 256;

/// An app that has subscribed to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// 24 hex digits, lower case.
    pub id: String,
    pub key: String,
    /// Empty where the platform says none.
    pub name: String,
}

impl Client {
    /// The app of this id; `None` where it is unknown, or has not subscribed.
    pub async fn app(&self, id: &str) -> Result<Option<App>, PlatformError> {
        let Some(id) = object_id(id) else { return Ok(None) };
        let path = self.path(Call::App, &[&id])?;
        match self.make(Call::App, path, Vec::new(), app).await {
            Err(PlatformError::Refused { code, .. }) if code == NOT_SUBSCRIBED => Ok(None),
            result => present(result),
        }
    }

    /// The app whose developer was given this code, to show it at a console. Errors: `authCode.NotExist`, `authCode.Expired` and
    /// `authCode.TypeNotRight` of the platform.
    ///
    /// A code may be good once only, and a call that failed may have used it up; so it is not repeated here.
    pub async fn app_by_auth_code(&self, code: &str) -> Result<App, PlatformError> {
        let Ok(path) = self.path(Call::AppByAuthCode, &[code]) else {
            return Err(PlatformError::Refused { code: NO_CODE.into(), message: "this is not an auth code".into() });
        };
        self.make(Call::AppByAuthCode, path, Vec::new(), app).await
    }
}

fn app(answer: &Answer) -> Result<App, Failed> {
    let entity = envelope::entity(answer)?;
    let text = |name: &str| entity.get(name).and_then(Value::as_str);
    let id = text("_id").and_then(object_id).ok_or_else(|| Failed::senseless("the app has no id"))?;
    let key =
        text("key").filter(|key| (1..=MAX_KEY).contains(&key.len())).ok_or_else(|| Failed::senseless("the app has no key"))?;
    Ok(App { id, key: key.to_owned(), name: text("name").unwrap_or_default().to_owned() })
}
