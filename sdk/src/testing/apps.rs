//! The apps that the tests speak of: their ids, their subscriptions, and the messages about them.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::App;
use crate::apps::Info;
use crate::lifecycle::{self, Kind};
use crate::subscriptions::{Listing, State, Subscription};

/// The most subscriptions of a page.
const MAX_PAGE: u32 = 1000;

/// All apps that a message told of, by their keys.
#[derive(Default)]
pub(crate) struct Apps {
    known: BTreeMap<String, Known>,
    /// The last id that was given out.
    last: u128,
}

struct Known {
    id: String,
    subscription_id: String,
    /// The state and since when, while there is a subscription.
    subscription: Option<(State, u64)>,
    /// The message that is not handled yet, with its attempts so far.
    open: Option<(Kind, lifecycle::Subscription)>,
}

impl Apps {
    /// The next attempt of the app's message: of the one that failed, if it is of the same kind, else of a new one.
    pub(crate) fn message(&mut self, key: &str, kind: Kind, now_ms: u64) -> lifecycle::Subscription {
        if let Some((open, message)) = self.known.get_mut(key).and_then(|known| known.open.as_mut())
            && *open == kind
        {
            message.attempt += 1;
            return message.clone();
        }
        let message_id = self.next_id();
        let starts = kind == Kind::Subscribe || !self.known.contains_key(key);
        let (id, subscription_id) = (self.next_id(), self.next_id());
        let known = self.known.entry(key.to_owned()).or_insert_with(|| Known {
            id,
            subscription_id: String::new(),
            subscription: None,
            open: None,
        });
        if starts && known.subscription.is_none() {
            known.subscription_id = subscription_id;
        }
        let message = lifecycle::Subscription {
            message_id,
            subscription_id: known.subscription_id.clone(),
            app: App { key: key.to_owned(), id: Some(known.id.clone()) },
            at_ms: now_ms,
            attempt: 1,
        };
        known.open = Some((kind, message.clone()));
        message
    }

    /// The message is handled.
    pub(crate) fn done(&mut self, key: &str, kind: Kind, now_ms: u64) {
        let Some(known) = self.known.get_mut(key) else { return };
        known.open = None;
        known.subscription = match kind {
            Kind::Subscribe => Some((State::Subscribed, now_ms)),
            Kind::Cancel => Some((State::Cancelled, now_ms)),
            Kind::Purge => None,
        };
    }

    pub(crate) fn subscription(&self, key: &str) -> Option<Subscription> {
        let known = self.known.get(key)?;
        let (state, since_ms) = known.subscription?;
        Some(Subscription { app: App { key: key.to_owned(), id: Some(known.id.clone()) }, state, since_ms })
    }

    pub(crate) fn page(&self, after: Option<&str>, limit: u32) -> Listing {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let keys = self.known.range::<str, _>((start, Bound::Unbounded)).map(|(key, _)| key);
        let mut found = keys.filter_map(|key| self.subscription(key));
        let subscriptions: Vec<_> = found.by_ref().take(limit.clamp(1, MAX_PAGE) as usize).collect();
        let next = if found.next().is_some() { subscriptions.last().map(|last| last.app.key.clone()) } else { None };
        Listing { subscriptions, next }
    }

    /// Whether the app with this id has a subscription, which is when the platform speaks of it.
    pub(crate) fn info(&self, id: &str) -> Option<Info> {
        let (key, known) = self.known.iter().find(|(_, known)| known.id == id)?;
        known.subscription.as_ref()?;
        Some(Info { id: id.to_owned(), key: key.clone(), name: key.clone() })
    }

    fn next_id(&mut self) -> String {
        self.last += 1;
        format!("{:024x}", self.last)
    }
}
