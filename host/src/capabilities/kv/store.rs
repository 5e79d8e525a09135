//! The resource `store`: what a plugin does with the rows of one place.

use wasmtime::component::Resource;

use super::{Opened, convert::to_guest};
use crate::{
    bindings::{
        kv::{self as wit, Condition, Entry, Host, HostStore, Page},
        types::Error,
    },
    capabilities::Granted,
    codes::told,
    runtime::state::{CallState, error},
    store::{
        self, StoreError,
        kv::{Applied, Apply, Change, KEY, KvError, Overlay, Place},
    },
};

/// A store that a call has opened.
#[derive(Debug)]
pub struct OpenStore(Place);

/// What a host function returns to the guest; the outer error is a trap.
type Answer<T> = wasmtime::Result<Result<T, Error>>;

/// What a call reads and writes: the rows of the tables, or what a message has written over them.
struct Rows<'a> {
    opened: &'a Opened,
    overlay: Option<&'a mut Overlay>,
}

impl Rows<'_> {
    async fn get(self, place: &Place, key: &str) -> Result<Option<store::kv::Entry>, StoreError> {
        match self.overlay {
            None => self.opened.store.kv_get(place, key).await,
            Some(overlay) => overlay.get(place, key).await,
        }
    }

    async fn keys(self, place: &Place, prefix: &str, after: Option<&str>, limit: u32) -> Result<store::kv::Page, StoreError> {
        match self.overlay {
            None => self.opened.store.kv_keys(place, prefix, after, limit).await,
            Some(overlay) => overlay.keys(place, prefix, after, limit).await,
        }
    }

    async fn apply(self, place: Place, changes: Vec<Change>) -> Result<Vec<Applied>, StoreError> {
        let apply = Apply { place, changes, quota: self.opened.grant.quota };
        match self.overlay {
            None => self.opened.store.kv_apply(apply).await,
            Some(overlay) => overlay.apply(apply).await,
        }
    }
}

impl CallState {
    /// `None` is a store that was not granted.
    fn open_store(&mut self, name: &str, place: Option<Result<Place, Error>>) -> Result<Resource<OpenStore>, Error> {
        match place {
            Some(place) => self.open(OpenStore(place?)),
            None => {
                self.log.denied(
                    "kv",
                    name,
                    "no store of this name is both asked for in the manifest and granted",
                    Granted::ByTable,
                );
                let why = "no store of this name is granted: the manifest must ask for it and the operator must allow it";
                Err(error(&told::KV_DENIED, why))
            }
        }
    }

    /// The rows behind a handle. A handle that this call was not given is a lie, so a trap.
    fn rows(&mut self, store: &Resource<OpenStore>) -> wasmtime::Result<(Rows<'_>, Place)> {
        let OpenStore(place) = self.table.get(store)?;
        let opened = self
            .capabilities
            .ready
            .kv
            .0
            .as_ref()
            .ok_or_else(|| wasmtime::Error::msg("a store is open that was never granted"))?;
        Ok((Rows { opened, overlay: self.capabilities.kv.overlay.as_mut() }, place.clone()))
    }

    /// Makes changes of one place, all or none: on disk when this returns, unless they are collected.
    ///
    /// Every write of a plugin leaves through here. In a request each call is a commit of its own; while a message is handled
    /// they are collected, to be committed together with its completion.
    async fn change(&mut self, store: &Resource<OpenStore>, changes: Vec<Change>) -> Answer<Vec<Applied>> {
        let (rows, place) = self.rows(store)?;
        let applied = rows.apply(place, changes).await;
        match &applied {
            Err(StoreError::Kv(KvError::Quota { asked, allowed, .. })) => self.log.limited("quota", *asked, *allowed),
            Err(StoreError::Kv(KvError::ValueTooLarge { asked, allowed, .. })) => self.log.limited("max-value", *asked, *allowed),
            _ => {}
        }
        Ok(applied.map_err(|failed| to_guest(failed).told(&mut self.log)))
    }

    async fn change_one(&mut self, store: &Resource<OpenStore>, change: Change) -> Answer<Applied> {
        Ok(match self.change(store, vec![change]).await? {
            // The store answers each change; that it does not is nothing a plugin could handle.
            Ok(applied) => Ok(*applied.first().ok_or_else(|| wasmtime::Error::msg("the store gave no answer"))?),
            Err(error) => Err(error),
        })
    }
}

impl Host for CallState {
    fn open(&mut self, name: String) -> Answer<Resource<OpenStore>> {
        self.ledger.host_call()?;
        let place = self.capabilities.ready.kv.of_app(&name, &self.capabilities.kv);
        Ok(self.open_store(&name, place))
    }

    fn open_shared(&mut self, name: String) -> Answer<Resource<OpenStore>> {
        self.ledger.host_call()?;
        let place = self.capabilities.ready.kv.shared(&name).map(Ok);
        Ok(self.open_store(&name, place))
    }
}

impl HostStore for CallState {
    async fn get(&mut self, store: Resource<OpenStore>, key: String) -> Answer<Option<Entry>> {
        self.ledger.host_call()?;
        let (rows, place) = self.rows(&store)?;
        if key.is_empty() || key.len() > KEY {
            return Ok(Err(to_guest(KvError::KeyLength { length: key.len() }.into()).told(&mut self.log)));
        }
        let entry = rows.get(&place, &key).await.map_err(|failed| to_guest(failed).told(&mut self.log));
        Ok(entry.map(|entry| entry.map(|entry| Entry { value: entry.value, version: entry.version })))
    }

    async fn set(&mut self, store: Resource<OpenStore>, key: String, value: Vec<u8>, condition: Condition) -> Answer<u64> {
        self.ledger.host_call()?;
        let change = wit::Change::Put(wit::Put { key, value, condition });
        Ok(self.change_one(&store, change.into()).await?.map(|applied| applied.version))
    }

    async fn delete(&mut self, store: Resource<OpenStore>, key: String, condition: Condition) -> Answer<bool> {
        self.ledger.host_call()?;
        let change = wit::Change::Remove(wit::Remove { key, condition });
        Ok(self.change_one(&store, change.into()).await?.map(|applied| applied.existed))
    }

    async fn keys(&mut self, store: Resource<OpenStore>, prefix: String, after: Option<String>, limit: u32) -> Answer<Page> {
        self.ledger.host_call()?;
        let (rows, place) = self.rows(&store)?;
        let page = rows.keys(&place, &prefix, after.as_deref(), limit).await;
        let page = page.map_err(|failed| to_guest(failed).told(&mut self.log));
        Ok(page.map(|page| Page { keys: page.keys, next: page.next }))
    }

    async fn apply(&mut self, store: Resource<OpenStore>, changes: Vec<wit::Change>) -> Answer<Vec<u64>> {
        self.ledger.host_call()?;
        let applied = self.change(&store, changes.into_iter().map(Change::from).collect()).await?;
        Ok(applied.map(|applied| applied.iter().map(|applied| applied.version).collect()))
    }

    fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}
