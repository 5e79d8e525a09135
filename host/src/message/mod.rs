//! The message line: receive → store → dispatch → resolve.
//!
//! A message is a durable fact addressed to a back service. Its states, by these names everywhere: *hinted* (a notice named
//! it) → *known* (the platform told what it says) → *claimed* (a lease is held, the plugin is at it) → *done* (the plugin said
//! ok, committed together with all it wrote) → *resolved* (the platform knows), or *dead* (given up, with the reason).
//!
//! This line knows neither plugins nor HTTP: [`Deliver`] and [`Platform`] are what it needs of them, and `app/` joins them.
//!
//! Each back service has loops of its own ([`fetch`], [`poll`], [`dispatch`], [`resolve`], [`purge`]): what one of them waits
//! for, another service does not feel. Between two loops stands the store and nothing else, so a process that dies loses
//! nothing but time; they wake each other, and look by themselves when something is due.

pub mod line;
pub mod receive;
pub(crate) mod fetch;
mod read;
pub(crate) mod poll;
pub(crate) mod dispatch;
pub(crate) mod resolve;
pub(crate) mod purge;

pub mod backoff;
mod calls;
mod effects;
mod keep;
mod negative;
mod pace;
mod service;
#[cfg(test)]
mod tests;
mod timer;

use futures_util::future::BoxFuture;

pub use self::{
    effects::Handled,
    line::{Handle, Line, Parts, Served, Settings},
    receive::{Received, Refusal},
    service::{Paused, Status, TROUBLES},
};
use crate::store::{Batch, messages::is_own};

/// What happened, as far as a plugin can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An app subscribed (`app_subscribe_service`).
    Subscribe,
    /// An app cancelled (`app_cancel_service`).
    Cancel,
    /// The time after a cancel is over: the app's data has to go. The host's own message; the platform never sees it.
    Purge,
}

impl Kind {
    /// What a stored message is about. The host's own are told by their ids: their word would mean nothing as the platform's.
    pub fn of_stored(id: &str, word: &str) -> Option<Self> {
        if is_own(id) { Some(Self::Purge) } else { Self::of_platform(word) }
    }

    /// What a message of the platform is about, by the platform's word; `None` for a word that Wharf does not know.
    pub fn of_platform(word: &str) -> Option<Self> {
        match word {
            "app_subscribe_service" => Some(Self::Subscribe),
            "app_cancel_service" => Some(Self::Cancel),
            _ => None,
        }
    }
}

/// A message as the platform lists it. Only what is needed of it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// 24 hex digits, lower case.
    pub id: String,
    /// The word of the platform: `app_subscribe_service`, `app_cancel_service`, or one that Wharf does not know.
    pub kind: String,
    /// JSON inside a string, as the platform sent it.
    pub content: String,
    pub back_service_id: Option<String>,
    /// The platform says that it is handled already: by this host before it forgot the id, or by whoever served the platform
    /// before. It is never delivered again.
    pub resolved: bool,
}

/// What the platform lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unresolved {
    /// In the platform's order.
    pub messages: Vec<Told>,
    /// Whether it is longer than is read: then these are its beginning.
    pub cut: bool,
}

/// The platform as one back service sees it, with that service's own access token. Implemented by `platform::client`.
pub trait Platform: Send + Sync {
    /// Everything that is not resolved, in the platform's order.
    fn messages(&self) -> BoxFuture<'_, Result<Unresolved, PlatformError>>;

    /// One message; `None` where it is unknown, or another service's.
    fn message<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Told>, PlatformError>>;

    /// Says that the message is handled. Saying it again is harmless.
    fn resolve<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Resolution, PlatformError>>;
}

/// What the platform says to a message being handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    Resolved,
    /// It knows no such message, so there is nothing more to say.
    Unknown,
}

/// Why the platform did not do what it was asked. The text holds no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// The service's access token is no good (`accessToken.*`): nothing will work until the operator gives another one.
    #[error("the platform does not accept the service's access token: {code}")]
    Token { code: String },
    /// The platform answered with an error of its own.
    #[error("the platform answered {code}: {message}")]
    Refused { code: String, message: String },
    /// No answer, or none that could be read. Trying again may help.
    #[error("the platform cannot be reached: {0}")]
    Unavailable(String),
}

/// One attempt to hand a message to the plugin of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The service's key.
    pub service: String,
    /// The same in every attempt.
    pub message_id: String,
    pub kind: Kind,
    pub app_id: String,
    pub app_key: String,
    pub subscription_id: String,
    /// When the host first heard of it, ms.
    pub at_ms: u64,
    /// 1 is the first.
    pub attempt: u32,
}

/// The plugin said ok.
#[derive(Debug, Default)]
pub struct Delivered {
    /// All that it wrote meanwhile and that is not stored yet: to be committed together with the message's completion. The
    /// commit is refused with a [`crate::store::kv::KvError`] when somebody else wrote in between, so that what the plugin was
    /// told no longer holds (`Overtaken`, `Quota`): no fault of the message, which is then to be delivered again.
    pub effects: Batch,
}

/// Why a delivery came to nothing. Nothing that the plugin wrote meanwhile is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliverError {
    /// No version of the plugin runs now: no fault of the message, and no attempt of it.
    #[error("no plugin is ready for the service")]
    NotReady,
    /// Everything is busy: no attempt either.
    #[error("no permit was free in time")]
    Busy,
    /// The plugin failed, or said no.
    #[error("{reason}")]
    Failed {
        /// Fit for the operator: the plugin's error, the limit or the trap.
        reason: String,
        /// When the plugin wants to be asked again, ms.
        retry_after_ms: Option<u64>,
    },
}

/// Hands messages to plugins. Implemented where the lines meet, in `app/`.
pub trait Deliver: Send + Sync {
    /// Runs the plugin's `lifecycle` for one message. A plugin without that export is told nothing, and the delivery counts.
    ///
    /// May be awaited where no plugin must run: it runs where requests do.
    ///
    /// Dropping the future ends the plugin's call; nothing of it is kept.
    fn deliver(&self, delivery: Delivery) -> BoxFuture<'_, Result<Delivered, DeliverError>>;

    /// A message is done, and what it made of its app's subscription is stored: who keeps a copy reads it now. Awaited before
    /// the platform is told.
    fn completed<'a>(&'a self, service: &'a str, app_key: &'a str) -> BoxFuture<'a, ()>;
}
