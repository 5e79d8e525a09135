//! Which apps have subscribed to the service, as far as the host has heard: a subscription may be older than the host.
//!
//! ```
//! use wharf_sdk::prelude::*;
//! use wharf_sdk::subscriptions::State;
//!
//! /// The platform's id of the calling app. Few proofs carry it; the message that told of the subscription did.
//! fn app_id(caller: &Caller) -> Result<Option<String>> {
//!     let app = caller.app()?;
//!     if app.id.is_some() {
//!         return Ok(app.id.clone());
//!     }
//!     let subscription = subscriptions::get(&app.key)?;
//!     Ok(subscription.filter(|subscription| subscription.state == State::Subscribed).and_then(|known| known.app.id))
//! }
//! ```
//!
//! It needs no permission. Both functions fail with `subscriptions.unavailable` when the host's store cannot be reached.

use crate::{App, Result, sys};

/// An app's subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The app.
    pub app: App,
    /// Where it stands.
    pub state: State,
    /// Since when, in milliseconds since 1970.
    pub since_ms: u64,
}

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The app has subscribed.
    Subscribed,
    /// The app has cancelled, and its data is not purged yet.
    Cancelled,
}

/// Subscriptions, in the order of the app keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// The `after` of the next page, if there may be one.
    pub next: Option<String>,
}

/// The subscription of the app with this key, if the host has heard of one.
///
/// # Errors
/// See the [module](self).
pub fn get(app_key: &str) -> Result<Option<Subscription>> {
    Ok(sys::subscriptions::get(app_key)?)
}

/// The subscriptions of apps whose keys come after `after`, at most `limit` (clamped to 1,000).
///
/// # Errors
/// See the [module](self).
pub fn page(after: Option<&str>, limit: u32) -> Result<Listing> {
    Ok(sys::subscriptions::page(after, limit)?)
}
