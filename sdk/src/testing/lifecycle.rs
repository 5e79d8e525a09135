//! Messages, as the host hands them to a plugin.

use super::current::{self, Current};
use super::host::TestHost;
use crate::lifecycle::{Kind, Lifecycle};
use crate::{Error, Result};

impl TestHost {
    /// The plugin has these functions for what happens to its subscriptions, which `service!` put into the function
    /// `lifecycle()`.
    #[must_use]
    pub fn lifecycle(mut self, lifecycle: Lifecycle) -> Self {
        self.lifecycle = lifecycle;
        self
    }

    /// The calling app subscribes: the plugin is told, and when it says ok, `subscriptions` knows it.
    ///
    /// Where the plugin fails, nothing that it wrote to its stores is kept, and the next call of the same function hands it the
    /// same message again, as one more attempt.
    ///
    /// # Errors
    /// What the plugin failed with.
    ///
    /// # Panics
    /// When the caller is no app.
    pub fn subscribe(&self) -> Result<()> {
        self.tell(Kind::Subscribe)
    }

    /// The calling app cancels. The rules are those of [`TestHost::subscribe`].
    ///
    /// # Errors
    /// What the plugin failed with.
    ///
    /// # Panics
    /// When the caller is no app.
    pub fn cancel(&self) -> Result<()> {
        self.tell(Kind::Cancel)
    }

    /// The calling app's data has to go: the plugin is told, and when it says ok, the app's stores are empty and its subscription
    /// is forgotten. The rules are those of [`TestHost::subscribe`].
    ///
    /// # Errors
    /// What the plugin failed with.
    ///
    /// # Panics
    /// When the caller is no app.
    pub fn purge(&self) -> Result<()> {
        self.tell(Kind::Purge)
    }

    fn tell(&self, kind: Kind) -> Result<()> {
        let Some(app) = &self.caller.app else { panic!("say with `TestHost::app` which app it is") };
        let (message, before) = {
            let mut state = self.state.borrow_mut();
            let now_ms = state.now_ms();
            (state.apps.message(&app.key, kind, now_ms), state.stores.begin())
        };
        let current = Current { state: self.state.clone(), app: Some(app.key.clone()) };
        let outcome = current::enter(current, || self.lifecycle.tell(kind, message));
        let mut state = self.state.borrow_mut();
        state.stores.end(outcome.is_err().then_some(before));
        outcome.map_err(Error::from)?;
        let now_ms = state.now_ms();
        state.apps.done(&app.key, kind, now_ms);
        if kind == Kind::Purge {
            state.stores.erase(&app.key);
        }
        Ok(())
    }
}
