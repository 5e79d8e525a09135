//! A message's call: tells the plugin through its export `lifecycle` what an app did, and collects what it writes.
//!
//! The sibling of [`super::call`]: the same permit, limits, lanes and log. There is no caller, no reply, and nothing of what
//! the guest writes is stored here: it is the outcome.

use std::sync::Arc;

use super::{
    instance::Instance,
    lanes::Lanes,
    outcome::Failure,
    permit::Permit,
    plugin::Plugin,
    run::{Admitted, Export, on_lanes},
    state::CallState,
};
use crate::{
    bindings::{
        lifecycle::{GuestIndices, Subscription},
        types,
    },
    caller::Caller,
    capabilities::{Writes, log::About},
    store::Batch,
};

/// A message as it goes to a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    pub event: Event,
    pub app_key: String,
    pub app_id: String,
    pub subscription_id: String,
    pub at_ms: u64,
    pub attempt: u32,
}

/// The function of the export that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Subscribed,
    Cancelled,
    Purge,
}

/// A plugin that exports `lifecycle`.
#[derive(Clone)]
pub struct Addressee {
    plugin: Arc<Plugin>,
    indices: GuestIndices,
}

impl Addressee {
    /// `None` where the plugin has no such export: then nobody is to be told, and that is well.
    pub fn of(plugin: &Arc<Plugin>) -> Option<Self> {
        plugin.lifecycle.clone().map(|indices| Self { plugin: plugin.clone(), indices })
    }
}

/// Runs one call in an instance of its own, or in one that has served this app before; it may take the plugin's `wall`.
/// Returns what the guest wrote, for the caller to store; where it fails, nothing of it is left.
///
/// Dropping the future ends the guest at its next tick at the latest; the permit is given back when the instance is gone.
pub async fn call(lanes: &Arc<Lanes>, to: Addressee, permit: Permit, message: Message) -> Result<Batch, Failure> {
    let Addressee { plugin, indices } = to;
    let allowed = plugin.limits.wall;
    let Message { id, event, app_key, app_id, subscription_id, at_ms, attempt } = message;
    let capabilities = plugin.ready.ctx(&Caller::host(app_key.clone(), app_id.clone()), Writes::Collected);
    let about = About::Message { id: id.clone(), app: app_key.clone() };
    let state = CallState::new(&plugin, capabilities, about, allowed);
    let app = types::App { key: app_key.clone(), id: Some(app_id) };
    let subscription = Subscription { message_id: id, subscription_id, app, at_ms, attempt };
    let export = Tell { indices, event, subscription };
    let deadline = state.deadline;
    let guest = Admitted { plugin, permit, state, tenant: Some(app_key), export }.guest();
    on_lanes(lanes, guest, deadline, allowed).await
}

/// What the export `lifecycle` is given.
struct Tell {
    indices: GuestIndices,
    event: Event,
    subscription: Subscription,
}

impl Export for Tell {
    type Answer = Batch;

    async fn invoke(self, instance: &mut Instance) -> wasmtime::Result<Result<Batch, Failure>> {
        let store = &mut instance.store;
        let guest = self.indices.load(&mut *store, &instance.instance)?;
        let returned = match self.event {
            Event::Subscribed => guest.call_subscribed(&mut *store, &self.subscription).await?,
            Event::Cancelled => guest.call_cancelled(&mut *store, &self.subscription).await?,
            Event::Purge => guest.call_purge(&mut *store, &self.subscription).await?,
        };
        Ok(match returned {
            Ok(()) => Ok(store.data_mut().capabilities.collected()),
            Err(error) => Err(error.into()),
        })
    }
}
