//! Stores in memory, with the contract's versions, conditions, batches and pages.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::current::{Current, failure};
use crate::error::Failure;
use crate::kv::{Change, Condition, Entry, Page};

/// The most bytes of a key.
const MAX_KEY: usize = 512;
/// The most bytes of a value, unless an operator says otherwise.
const MAX_VALUE: usize = 1 << 20;
/// The most changes of a batch.
const MAX_CHANGES: usize = 256;
/// The most keys of a page.
const MAX_PAGE: u32 = 1000;
/// The bytes of a service's keys and values together, unless an operator says otherwise.
const QUOTA: usize = 64 << 20;

/// What one delivery of a message may write: changes, and the bytes of their keys and values.
const DELIVERY_CHANGES: usize = 1024;
const DELIVERY_BYTES: usize = (4 << 20) + MAX_VALUE;

/// Whose store of which name; without an app it is the one all apps share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoreId {
    app: Option<String>,
    name: String,
}

/// All stores of the service.
pub(crate) struct Stores {
    stores: BTreeMap<StoreId, Store>,
    denied: BTreeSet<String>,
    quota: usize,
    /// While a message is delivered: the changes so far, and their bytes.
    delivery: Option<(usize, usize)>,
}

#[derive(Clone, Default)]
struct Store {
    entries: BTreeMap<String, Entry>,
    /// The highest version that a removed key ever had: new keys begin above it, so that none comes back with a version that
    /// somebody may still hold from its first life.
    floor: u64,
}

/// What was in the stores.
pub(crate) struct Before(BTreeMap<StoreId, Store>);

impl Default for Stores {
    fn default() -> Self {
        Self { stores: BTreeMap::new(), denied: BTreeSet::new(), quota: QUOTA, delivery: None }
    }
}

impl StoreId {
    pub(crate) fn of_app(current: &Current, name: &str) -> Result<Self, Failure> {
        current.state.borrow().stores.check_granted(name)?;
        let app = current.app.clone().ok_or_else(|| failure("kv.no-app", "the caller is no app"))?;
        Ok(Self { app: Some(app), name: name.to_owned() })
    }

    pub(crate) fn shared(current: &Current, name: &str) -> Result<Self, Failure> {
        current.state.borrow().stores.check_granted(name)?;
        Ok(Self { app: None, name: name.to_owned() })
    }
}

impl Stores {
    pub(crate) fn deny(&mut self, name: &str) {
        self.denied.insert(name.to_owned());
    }

    pub(crate) fn set_quota(&mut self, bytes: usize) {
        self.quota = bytes;
    }

    /// A message is delivered: what is written is kept together with it, or not at all.
    pub(crate) fn begin(&mut self) -> Before {
        self.delivery = Some((0, 0));
        Before(self.stores.clone())
    }

    /// The delivery is over; `before` is brought back where it failed.
    pub(crate) fn end(&mut self, before: Option<Before>) {
        self.delivery = None;
        if let Some(Before(stores)) = before {
            self.stores = stores;
        }
    }

    /// Removes all that is an app's own; what is written later has versions of its own, as in the host.
    pub(crate) fn erase(&mut self, app: &str) {
        for (_, store) in self.stores.iter_mut().filter(|(id, _)| id.app.as_deref() == Some(app)) {
            let highest = store.entries.values().map(|entry| entry.version).max();
            store.floor = store.floor.max(highest.unwrap_or(0));
            store.entries.clear();
        }
    }

    fn check_granted(&self, name: &str) -> Result<(), Failure> {
        if self.denied.contains(name) { Err(failure("kv.denied", format!("the store `{name}` is not granted"))) } else { Ok(()) }
    }

    pub(crate) fn get(&self, store: &StoreId, key: &str) -> Result<Option<Entry>, Failure> {
        check_key(key)?;
        Ok(self.stores.get(store).and_then(|store| store.entries.get(key)).cloned())
    }

    pub(crate) fn keys(&self, store: &StoreId, prefix: &str, after: Option<&str>, limit: u32) -> Page {
        let Some(Store { entries, .. }) = self.stores.get(store) else { return Page::default() };
        // Rust orders strings by their bytes, which is the contract's order.
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let mut found =
            entries.range::<str, _>((start, Bound::Unbounded)).map(|(key, _)| key).take_while(|key| key.starts_with(prefix));
        let keys: Vec<String> = found.by_ref().take(limit.clamp(1, MAX_PAGE) as usize).cloned().collect();
        let next = if found.next().is_some() { keys.last().cloned() } else { None };
        Page { keys, next }
    }

    /// All or none. The versions it returns are 0 for a removed key; whether there was one is the second word of each.
    pub(crate) fn apply(&mut self, store: &StoreId, changes: Vec<Change>) -> Result<Vec<(u64, bool)>, Failure> {
        if changes.len() > MAX_CHANGES {
            return Err(failure("kv.too-large", format!("{} changes in a batch; {MAX_CHANGES} are allowed", changes.len())));
        }
        let delivery = self.room(&changes)?;
        let mut changed = self.stores.get(store).cloned().unwrap_or_default();
        let done = changes.into_iter().map(|change| apply(&mut changed, change)).collect::<Result<_, _>>()?;
        let others = self.stores.iter().filter(|(id, _)| *id != store).map(|(_, store)| size(store)).sum::<usize>();
        if others + size(&changed) > self.quota {
            return Err(failure("kv.quota", format!("the service's stores may have {} bytes", self.quota)));
        }
        self.stores.insert(store.clone(), changed);
        self.delivery = delivery;
        Ok(done)
    }

    /// What a delivery has written with these changes too, if it may.
    fn room(&self, changes: &[Change]) -> Result<Option<(usize, usize)>, Failure> {
        let Some((count, bytes)) = self.delivery else { return Ok(None) };
        let weight = |change: &Change| change.key.len() + change.value.as_ref().map_or(0, Vec::len);
        let (count, bytes) = (count + changes.len(), bytes + changes.iter().map(weight).sum::<usize>());
        if count > DELIVERY_CHANGES || bytes > DELIVERY_BYTES {
            let why =
                format!("{count} changes of {bytes} bytes for one message; {DELIVERY_CHANGES} of {DELIVERY_BYTES} are allowed");
            return Err(failure("kv.too-large", why));
        }
        Ok(Some((count, bytes)))
    }
}

fn apply(store: &mut Store, change: Change) -> Result<(u64, bool), Failure> {
    let Store { entries, floor } = store;
    let Change { key, value, condition } = change;
    check_key(&key)?;
    let version = entries.get(&key).map(|entry| entry.version);
    let holds = match condition {
        Condition::Always => true,
        Condition::Absent => version.is_none(),
        Condition::Version(wanted) => version == Some(wanted),
    };
    if !holds {
        return Err(failure("kv.conflict", format!("`{key}` is not in the state the condition asks for")));
    }
    let Some(value) = value else {
        entries.remove(&key);
        *floor = (*floor).max(version.unwrap_or(0));
        return Ok((0, version.is_some()));
    };
    if value.len() > MAX_VALUE {
        return Err(failure("kv.too-large", format!("the value of `{key}` has {} bytes; {MAX_VALUE} are allowed", value.len())));
    }
    let new = version.unwrap_or(*floor) + 1;
    entries.insert(key, Entry { value, version: new });
    Ok((new, version.is_some()))
}

fn check_key(key: &str) -> Result<(), Failure> {
    if (1..=MAX_KEY).contains(&key.len()) {
        return Ok(());
    }
    Err(failure("kv.too-large", format!("a key has {} bytes; it must have 1 to {MAX_KEY}", key.len())))
}

fn size(store: &Store) -> usize {
    store.entries.iter().map(|(key, entry)| key.len() + entry.value.len()).sum()
}
