//! What a plugin does when an app subscribes to its service, cancels, and has to be forgotten.

use crate::error::Failure;
use crate::{App, Result};

/// An app subscribed to the service, or cancelled, or its data has to go: what a function below
/// [`#[on_subscribe]`](macro@crate::on_subscribe), [`#[on_cancel]`](macro@crate::on_cancel) or
/// [`#[on_purge]`](macro@crate::on_purge) is told.
///
/// Messages come at least once, and in order for each app. While one is handled, the app is the calling one: `kv::store` opens
/// its stores. What is written there is kept together with the fact that the message is handled, or not at all: so stores see
/// each message exactly once. What a plugin does elsewhere it may do again, and [`Subscription::message_id`] tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscription {
    /// The message's id, the same in every attempt.
    pub message_id: String,
    /// The platform's id of the subscription.
    pub subscription_id: String,
    /// The app; its id is there.
    pub app: App,
    /// When the host first heard of it, in milliseconds since 1970.
    pub at_ms: u64,
    /// The number of this attempt: 1 is the first.
    pub attempt: u32,
}

/// The functions of a plugin for what happens to its subscriptions: made by `service!` out of its `lifecycle(…)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lifecycle {
    subscribed: Option<Run>,
    cancelled: Option<Run>,
    purge: Option<Run>,
}

type Run = fn(Subscription) -> Result<()>;

/// What a plugin can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[doc(hidden)]
pub enum Kind {
    Subscribe,
    Cancel,
    Purge,
}

/// A function below one of the three attributes.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in `lifecycle(…)`",
    label = "no function below `#[on_subscribe]`, `#[on_cancel]` or `#[on_purge]`",
    note = "routes stand outside of it: `service!(list, add, lifecycle(welcome, forget))`"
)]
pub trait Listener {
    const LISTENS: (Kind, Run);
}

/// What such a function may return.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a function that is told of a subscription cannot return `{Self}`",
    label = "not what the host can be told",
    note = "return `Result<()>`, or `()` where nothing can fail"
)]
pub trait Outcome {
    /// Of an error that the function returned as it was, the log has the place of the function.
    #[track_caller]
    fn outcome(self) -> Result<()>;
}

impl Outcome for () {
    fn outcome(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Into<crate::Error>> Outcome for Result<(), E> {
    fn outcome(self) -> Result<()> {
        match self {
            Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The plugin, if it has a lifecycle: `service!` implements it.
#[doc(hidden)]
pub trait Lives {
    const LIFECYCLE: Lifecycle;
}

impl Lifecycle {
    /// Of the functions that `service!` lists. Two for the same thing do not compile.
    #[doc(hidden)]
    #[must_use]
    pub const fn of(listeners: &[(Kind, Run)]) -> Self {
        let mut lifecycle = Self { subscribed: None, cancelled: None, purge: None };
        let mut index = 0;
        while index < listeners.len() {
            let (kind, run) = listeners[index];
            let slot = match kind {
                Kind::Subscribe => &mut lifecycle.subscribed,
                Kind::Cancel => &mut lifecycle.cancelled,
                Kind::Purge => &mut lifecycle.purge,
            };
            assert!(slot.is_none(), "`lifecycle(…)` names two functions below the same attribute; keep one");
            *slot = Some(run);
            index += 1;
        }
        lifecycle
    }

    /// Tells the plugin. What it has no function for is fine with it.
    pub(crate) fn tell(self, kind: Kind, subscription: Subscription) -> Result<(), Failure> {
        let run = match kind {
            Kind::Subscribe => self.subscribed,
            Kind::Cancel => self.cancelled,
            Kind::Purge => self.purge,
        };
        run.map_or(Ok(()), |run| run(subscription).map_err(crate::Error::fail))
    }
}
