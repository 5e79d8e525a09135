//! Get Messages, Get Message, Resolve Message: what the message line needs of the platform.

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::Value;

use super::{Call, Client, PlatformError, envelope, envelope::Failed};
use crate::{
    message::{self, Resolution, Told, Unresolved},
    platform::object_id,
};

/// What the platform says of records that are not there, and of those that are another's. A path that is not there
/// (`common.404`) is neither: it is a mistake in the configuration, and must be seen as one.
const ABSENT: [&str; 2] = ["common.database.dataNotFound", "common.database.dataCanNotAccessed"];

/// The status of a message that is handled.
const RESOLVED: &str = "resolved";

impl Client {
    /// Everything that is not resolved, in the platform's order; of more than some 25,000 messages the first, and that they are
    /// not all. What is not a message, for it has no id, is passed over.
    ///
    /// The access token is read again before.
    pub async fn messages(&self) -> Result<Unresolved, PlatformError> {
        self.refresh().await;
        let path = self.path(Call::Messages, &[])?;
        let read = |answer: &_| {
            let messages = envelope::entities(answer, |message| told(&message, None))?;
            Ok(Unresolved { messages, cut: answer.cut })
        };
        self.make(Call::Messages, path, Vec::new(), read).await
    }

    /// One message; `None` where it is unknown, or another service's.
    pub async fn message(&self, id: &str) -> Result<Option<Told>, PlatformError> {
        let Some(id) = object_id(id) else { return Ok(None) };
        let path = self.path(Call::Message, &[&id])?;
        let read = move |answer: &_| match told(&envelope::entity(answer)?, Some(&id)) {
            Some(told) if told.id == id => Ok(told),
            _ => Err(Failed::senseless("it is about another message")),
        };
        present(self.make(Call::Message, path, Vec::new(), read).await)
    }

    /// Says that the message is handled. Saying it again is harmless.
    pub async fn resolve(&self, id: &str) -> Result<Resolution, PlatformError> {
        let path = self.path(Call::ResolveMessage, &[id])?;
        let known = present(self.make(Call::ResolveMessage, path, Vec::new(), envelope::nothing).await)?;
        Ok(known.map_or(Resolution::Unknown, |()| Resolution::Resolved))
    }
}

/// Nothing, where the platform says that there is nothing.
pub(super) fn present<T>(result: Result<T, PlatformError>) -> Result<Option<T>, PlatformError> {
    match result {
        Err(PlatformError::Refused { code, .. }) if ABSENT.contains(&code.as_str()) => Ok(None),
        result => result.map(Some),
    }
}

/// Reads a message; `asked` is the id of one that does not say its own.
fn told(message: &Value, asked: Option<&str>) -> Option<Told> {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let id = text("_id").map_or_else(|| asked.map(str::to_owned), object_id)?;
    let content = match message.get("content") {
        Some(Value::String(content)) => content.clone(),
        // JSON that was not put into a string once more.
        Some(content @ Value::Object(_)) => content.to_string(),
        _ => String::new(),
    };
    let kind = text("type").unwrap_or_default().to_owned();
    let back_service_id = text("backServiceId").map(str::to_ascii_lowercase);
    Some(Told { id, kind, content, back_service_id, resolved: text("status") == Some(RESOLVED) })
}

impl message::Platform for Client {
    fn messages(&self) -> BoxFuture<'_, Result<Unresolved, PlatformError>> {
        self.messages().boxed()
    }

    fn message<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Told>, PlatformError>> {
        self.message(id).boxed()
    }

    fn resolve<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Resolution, PlatformError>> {
        self.resolve(id).boxed()
    }
}
