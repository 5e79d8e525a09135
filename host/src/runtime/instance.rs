//! An instance: fresh for a call, or one that has served this tenant before.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use wasmtime::{Store, component};

use super::{entry::Exports, permit::Permit, plugin::Plugin, state::CallState};

/// A plugin's code with a memory of its own, and the call's state in it. There is none without a [`Permit`].
pub(super) struct Instance {
    pub(super) store: Store<CallState>,
    pub(super) exports: Exports,
    /// Where the exports are found that a plugin may have: they are looked up by those who call them, because a request
    /// never does.
    pub(super) instance: component::Instance,
    calls: u32,
}

impl Instance {
    /// Instantiates the plugin, or takes an idle instance of the same tenant where the operator allowed reuse.
    ///
    /// Fails when the component's start traps or it needs more than it may have.
    pub(super) async fn take(
        plugin: &Plugin,
        state: Box<CallState>,
        _permit: &Permit,
        tenant: Option<&str>,
    ) -> Result<Self, Failed> {
        if let Some(mut idle) = plugin.idle.take(tenant) {
            idle.store.data_mut().renew(*state);
            idle.store.set_epoch_deadline(1);
            return Ok(idle);
        }
        let mut store = plugin.store(*state);
        let loaded = async {
            let instance = plugin.pre.instantiate_async(&mut store).await?;
            Ok((plugin.entry.load(&mut store, &instance)?, instance))
        };
        match loaded.await {
            Ok((exports, instance)) => Ok(Self { store, exports, instance, calls: 0 }),
            Err(error) => Err(Failed { store: Box::new(store), error }),
        }
    }

    /// Ends a call that went well: the instance is kept for the tenant's next one, or dropped.
    ///
    /// A call that trapped, timed out or was cancelled must never come here.
    pub(super) fn give_back(mut self, plugin: &Plugin, tenant: Option<String>) {
        self.calls += 1;
        // Some languages' bindings free little between calls; an instance that grew is replaced before it fails.
        let state = self.store.data_mut();
        if self.calls < plugin.reuse && state.ledger.memory() <= plugin.limits.memory / 2 && state.has_let_go() {
            state.rest();
            plugin.idle.put(tenant, self);
        }
    }
}

/// An instance that could not be made, with what it left behind.
pub(super) struct Failed {
    pub(super) store: Box<Store<CallState>>,
    pub(super) error: wasmtime::Error,
}

/// The idle instances of one plugin version: used by one call at a time, and never by two tenants.
pub(super) struct Idle {
    instances: Mutex<Vec<(Option<String>, Instance)>>,
    places: IdlePlaces,
    /// The places that one instance takes.
    core_instances: usize,
}

/// How much may be idle in the whole host, in core instances; the pool has slots for them beside those of running calls.
#[derive(Debug, Clone)]
pub struct IdlePlaces(Arc<AtomicUsize>);

impl IdlePlaces {
    pub fn new(places: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(places)))
    }

    fn take(&self, places: usize) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(places)).is_ok()
    }

    fn give_back(&self, places: usize) {
        self.0.fetch_add(places, Ordering::Relaxed);
    }
}

impl Idle {
    pub(super) fn new(places: IdlePlaces, core_instances: u32) -> Self {
        Self { instances: Mutex::default(), places, core_instances: core_instances as usize }
    }

    /// The instance of this tenant that became idle last: its memory is the warmest.
    fn take(&self, tenant: Option<&str>) -> Option<Instance> {
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        let found = instances.iter().rposition(|(owner, _)| owner.as_deref() == tenant)?;
        let (_, instance) = instances.remove(found);
        self.places.give_back(self.core_instances);
        Some(instance)
    }

    /// Keeps an instance; where no place is left, the plugin's oldest idle one makes room.
    fn put(&self, tenant: Option<String>, instance: Instance) {
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = if self.places.take(self.core_instances) {
            None
        } else if instances.is_empty() {
            return;
        } else {
            Some(instances.remove(0))
        };
        instances.push((tenant, instance));
        drop(instances);
        // Dropping an instance takes microseconds: not under the lock.
        drop(replaced);
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        let instances = self.instances.get_mut().unwrap_or_else(PoisonError::into_inner).len();
        self.places.give_back(instances * self.core_instances);
    }
}
