//! Looking at the messages of the services, and giving dead ones another chance or up.

use serde_json::{Value, json};

use super::Admin;
use crate::{
    codes,
    message::{Deliver as _, Handled, Kind},
    problem::{Problem, Problems},
    store::{
        Batch,
        messages::{Dropped, Filter, Message, PAGE, Retried, State},
    },
    toml_reader::nearest,
};

impl Admin {
    /// A page of messages in the order of their arrival, as JSON: `{"messages": […], "next": …}`, where `next` is what `after`
    /// has to be for the page behind it, or null. `state` is a word of [`State`].
    ///
    /// Fails with [`codes::USAGE`] or as the store does.
    pub async fn message_list(
        &self,
        service: Option<String>,
        state: Option<&str>,
        app: Option<String>,
        after: u64,
    ) -> Result<Value, Problems> {
        if let Some(service) = &service {
            self.known_service(service)?;
        }
        let unknown = |word: &str| {
            let words: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
            Problem::new(&codes::USAGE, format!("`{}` is no state of a message", word.escape_debug()))
                .fix(format!("write one of {}", words.join(", ")))
        };
        let state = state.map(|word| State::parse(word).ok_or_else(|| unknown(word))).transpose()?;
        let messages =
            self.store.messages(Filter { service, state, app_key: app }, after, PAGE).await.map_err(|error| error.problem())?;
        let next = messages.last().filter(|_| messages.len() == PAGE as usize).map(|message| message.number);
        Ok(json!({"messages": messages.iter().map(show).collect::<Vec<_>>(), "next": next}))
    }

    /// One message with what the platform sent, as JSON. Fails with [`codes::MESSAGE_UNKNOWN`] or as the store does.
    pub async fn message_show(&self, service: &str, id: &str) -> Result<Value, Problems> {
        self.known_service(service)?;
        let message = self.store.message(service, id).await.map_err(|error| error.problem())?;
        let message = message.ok_or_else(|| {
            Problem::new(&codes::MESSAGE_UNKNOWN, format!("service `{service}` has no message `{}`", id.escape_debug()))
                .fix("`wharf messages list` shows what there is")
        })?;
        let mut shown = show(&message);
        if let Value::Object(fields) = &mut shown {
            fields.insert("content".to_owned(), message.content.into());
            fields.insert("back_service_id".to_owned(), message.back_service_id.into());
        }
        Ok(shown)
    }

    /// Lets a dead message try again as if for the first time; its app's later messages follow it.
    ///
    /// Fails with [`codes::MESSAGE_UNKNOWN`], [`codes::MESSAGE_NOT_DEAD`] or as the store does. Cancelled, it may be done all
    /// the same.
    pub async fn message_retry(&self, service: &str, id: &str) -> Result<Value, Problems> {
        self.known_service(service)?;
        let how = self.store.message_retry(service, id, self.clock.now_ms()).await.map_err(|error| error.problem())?;
        let state = match how {
            Retried::Known => State::Known,
            Retried::Hinted => State::Hinted,
        };
        tracing::info!(service, message_id = id, "a dead message is retried");
        self.wake_messages(service);
        Ok(json!({"service": service, "id": id, "state": state.as_str()}))
    }

    /// Gives a dead message up for ever, so that its app's later messages go on. It is as if it had never come; with `resolve`
    /// it counts as handled though no plugin was told of it: the subscription changes, a purge erases the app's data, and the
    /// platform is told.
    ///
    /// Fails as [`Admin::message_retry`] does.
    pub async fn message_drop(&self, service: &str, id: &str, resolve: bool) -> Result<Value, Problems> {
        self.known_service(service)?;
        let now_ms = self.clock.now_ms();
        let handled = if resolve { self.handled(service, id, now_ms).await? } else { None };
        let change = handled.as_ref().map(|handled| match handled.kind {
            Kind::Subscribe => "subscribed",
            Kind::Cancel => "cancelled",
            Kind::Purge => "purged",
        });
        let effects = handled.map(Handled::effects).unwrap_or_default();
        let how = if resolve { Dropped::Done(Batch { effects }) } else { Dropped::Gone };
        let dropped = self.store.message_drop(service, id, how, now_ms).await.map_err(|error| error.problem())?;
        let (kind, reason) = (dropped.kind.as_deref(), dropped.reason.as_deref());
        let app = dropped.about.as_ref().map(|about| about.app_key.as_str());
        tracing::warn!(service, message_id = id, kind, app, reason, resolve, "a dead message is dropped");
        if let (Some(host), Some(app)) = (&self.app, app) {
            host.completed(service, app).await;
        }
        self.wake_messages(service);
        Ok(json!({
            "service": service, "id": id, "dropped": true, "resolve": resolve, "kind": kind, "app": app, "change": change,
        }))
    }

    /// A message as if it were handled now; nothing where it could not be understood, or is not there. A message says the same as
    /// long as it is there.
    async fn handled(&self, service: &str, id: &str, now_ms: u64) -> Result<Option<Handled>, Problems> {
        let message = self.store.message(service, id).await.map_err(|error| error.problem())?;
        let understood = message.and_then(|message| Some((Kind::of_stored(id, message.kind.as_deref()?)?, message.about?)));
        let (Some((kind, about)), Some(config)) = (understood, self.config.services.get(service)) else {
            return Ok(None);
        };
        let purge_after_cancel = config.purge_after_cancel;
        Ok(Some(Handled { service: service.to_owned(), message_id: id.to_owned(), kind, about, now_ms, purge_after_cancel }))
    }

    /// A running host looks at once; where none runs, the next one will.
    pub(super) fn wake_messages(&self, service: &str) {
        if let Some(messages) = self.app.as_ref().and_then(|app| app.messages.get()) {
            messages.wake(service);
        }
    }

    fn known_service(&self, service: &str) -> Result<(), Problem> {
        if self.config.services.contains_key(service) {
            return Ok(());
        }
        let keys = self.config.services.keys().map(String::as_str);
        let fix = match nearest(service, keys.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("name one of the configuration: `{}`", keys.collect::<Vec<_>>().join("`, `")),
        };
        Err(Problem::new(&codes::USAGE, format!("there is no service `{}`", service.escape_debug())).fix(fix))
    }
}

/// A message as lists show it: everything but its content.
fn show(message: &Message) -> Value {
    let about = message.about.as_ref();
    json!({
        "service": message.service, "id": message.id, "state": message.state.as_str(), "kind": message.kind,
        "app": about.map(|about| &about.app_key), "app_id": about.map(|about| &about.app_id),
        "subscription_id": about.map(|about| &about.subscription_id), "attempts": message.attempts,
        "reason": message.reason, "at_ms": message.at_ms, "changed_ms": message.changed_ms, "due_ms": message.due_ms,
    })
}
