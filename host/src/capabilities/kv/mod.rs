//! `wharf:service/kv`: small durable values, in stores that each app of the service has for itself or that all share.
//!
//! A store is opened by a granted name and belongs to the app that calls; no name leads to another app's or another
//! service's rows. The rows, versions, conditions and quotas are those of [`crate::store::kv`].
//!
//! While a message is handled nothing is written at once: see [`Overlay`].
//!
//! Cancellation: a call that is dropped while a write is under way may have written it whole, or not at all.

mod convert;
mod store;

use std::collections::BTreeSet;

use wasmtime::component::{HasSelf, Linker};

use super::{Lacking, Writes, missing, quoted};
use crate::{
    bindings::{kv::add_to_linker, types::Error},
    caller::Caller,
    codes::told,
    config::Service,
    manifest::{Capability, Manifest},
    problem::Problems,
    runtime::state::{CallState, error},
    store::{
        Batch, Store,
        kv::{Overlay, Place, Quota, Scope},
    },
};

pub use self::store::OpenStore;

/// The host's part: where the rows are.
#[derive(Debug)]
pub struct Kv {
    store: Option<Store>,
}

impl Kv {
    pub fn open(store: Option<Store>) -> Self {
        Self { store }
    }

    pub fn ready(&self, grant: Grant) -> Ready {
        // A plugin that may open nothing needs nothing.
        let store = self.store.clone().filter(|_| !(grant.stores.is_empty() && grant.shared.is_empty()));
        Ready(store.map(|store| Opened { store, grant }))
    }
}

/// The stores a plugin may open for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    service: String,
    stores: BTreeSet<String>,
    shared: BTreeSet<String>,
    quota: Quota,
}

impl Grant {
    /// Fails with the stores that are required and not in `[services.<key>.kv]`.
    pub fn new(manifest: &Manifest, service: &Service) -> Result<Self, Problems> {
        let allowed = &service.kv;
        let quota = Quota { total: allowed.quota, value: allowed.max_value };
        let mut grant = Self { service: service.key.clone(), stores: BTreeSet::new(), shared: BTreeSet::new(), quota };
        let mut problems = Problems::default();
        for permission in &manifest.permissions {
            let Capability::Kv { stores, shared } = &permission.capability else { continue };
            grant.stores.extend(stores.iter().filter(|name| allowed.stores.contains(name)).cloned());
            grant.shared.extend(shared.iter().filter(|name| allowed.shared.contains(name)).cloned());
            problems.extend(missing(manifest, service, permission));
        }
        problems.or(grant)
    }
}

/// Those of the stores that are not in `[services.<key>.kv]`.
pub fn lacking(stores: &[String], shared: &[String], service: &Service) -> Vec<Lacking> {
    let lists = [(stores, &service.kv.stores, "stores", "the store"), (shared, &service.kv.shared, "shared", "the shared store")];
    let mut all = Vec::new();
    for (asked, allowed, key, what) in lists {
        let lacking: Vec<&String> = asked.iter().filter(|name| !allowed.contains(name)).collect();
        if !lacking.is_empty() {
            let entries: Vec<String> = lacking.iter().map(|name| format!("\"{name}\"")).collect();
            let fix = format!("add {} to `{key}` in [services.{}.kv]", entries.join(", "), service.key);
            all.push(Lacking { what: format!("{what} {}", quoted(lacking)), fix });
        }
    }
    all
}

/// The stores a running version may open, if any.
#[derive(Debug, Default)]
pub struct Ready(Option<Opened>);

#[derive(Debug)]
struct Opened {
    store: Store,
    grant: Grant,
}

impl Ready {
    pub fn ctx(&self, caller: &Caller, writes: Writes) -> Ctx {
        let Some(opened) = &self.0 else { return Ctx { app: None, overlay: None } };
        let overlay = match writes {
            Writes::AtOnce => None,
            Writes::Collected => Some(Overlay::new(opened.store.clone())),
        };
        Ctx { app: caller.app.clone(), overlay }
    }

    /// The rows of the calling app's own store of that name; none that is not granted.
    fn of_app(&self, name: &str, ctx: &Ctx) -> Option<Result<Place, Error>> {
        let grant = self.0.as_ref().map(|opened| &opened.grant).filter(|grant| grant.stores.contains(name))?;
        let app = ctx.app.clone().ok_or_else(|| error(&told::KV_NO_APP, "the caller is no app, so it has no store of its own"));
        Some(app.map(|app| Place { service: grant.service.clone(), scope: Scope::App(app), store: name.to_owned() }))
    }

    /// The rows of the store of that name that all apps share; none that is not granted.
    fn shared(&self, name: &str) -> Option<Place> {
        let grant = self.0.as_ref().map(|opened| &opened.grant).filter(|grant| grant.shared.contains(name))?;
        Some(Place { service: grant.service.clone(), scope: Scope::Shared, store: name.to_owned() })
    }

    /// Bytes of the largest value, 0 without a store.
    pub fn largest_value(&self) -> usize {
        self.0.as_ref().map_or(0, |opened| usize::try_from(opened.grant.quota.value).unwrap_or(usize::MAX))
    }
}

/// Whose stores a call opens, and what it has written that is not stored yet.
#[derive(Debug)]
pub struct Ctx {
    /// The calling app's key; not looked at for plugins without a store.
    app: Option<String>,
    /// Where a message's writes are collected.
    overlay: Option<Overlay>,
}

impl Ctx {
    pub fn rest(&mut self) {
        (self.app, self.overlay) = (None, None);
    }

    pub fn collected(&mut self) -> Batch {
        self.overlay.take().map(Overlay::into_batch).unwrap_or_default()
    }
}

pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::tests::{manifest, service, told};

    const ASKS: &str = "[permissions.required.kv]\nstores = [\"notes\"]\nshared = [\"counts\"]\nreason = \"to keep notes\"\n\
                        [permissions.optional.kv]\nstores = [\"drafts\", \"trash\"]\nreason = \"to keep more\"\n";

    fn names(set: &BTreeSet<String>) -> Vec<&str> {
        set.iter().map(String::as_str).collect()
    }

    #[test]
    fn asked_and_allowed_is_granted_and_nothing_else() {
        let service = service(
            "[services.notes.kv]\nstores = [\"notes\", \"trash\", \"unasked\"]\nshared = [\"counts\", \"notes\"]\nquota = \"1MiB\"\n",
        );
        let grant = Grant::new(&manifest(ASKS), &service).unwrap();
        assert_eq!((names(&grant.stores), names(&grant.shared)), (vec!["notes", "trash"], vec!["counts"]));
        assert_eq!(grant.quota, Quota { total: 1 << 20, value: 1 << 20 });
    }

    #[test]
    fn each_required_store_that_is_missing_is_told_with_what_to_add() {
        let told = told(Grant::new(&manifest(ASKS), &service("[services.notes.kv]\nshared = [\"notes\"]\n")));
        let needs = |what: &str| format!("plugin `acme/notes` needs {what}, which the service `notes` does not grant");
        let expected = [
            ("WH1210", needs("the store `notes`"), "add \"notes\" to `stores` in [services.notes.kv]".to_owned()),
            ("WH1210", needs("the shared store `counts`"), "add \"counts\" to `shared` in [services.notes.kv]".to_owned()),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_plugin_that_asks_for_nothing_gets_nothing() {
        let grant = Grant::new(&manifest(""), &service("[services.notes.kv]\nstores = [\"notes\"]\n")).unwrap();
        assert!(grant.stores.is_empty() && grant.shared.is_empty());
    }
}
