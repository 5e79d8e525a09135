//! What a delivery writes, before it is stored: an overlay that its reads see over the rows.
//!
//! A delivery's writes are committed together with its completion, so nothing of them is in the tables while the plugin runs.
//! The plugin must not notice: it is told the versions it will have, refused what would be refused, and finds what it wrote.
//!
//! **Why that is true at the commit.** Versions, conditions and quota are judged by the very function that judges them in
//! the writer, over the rows with this overlay on top; and the changes are kept in their order, not as a sum, so the writer
//! comes by the same steps to the same answers, as long as nobody else wrote in between. Who else did cannot be kept from
//! it: no transaction is held while a plugin runs. So each [`Redo`] carries what the plugin was told, and the writer refuses
//! the whole batch with [`KvError::Overtaken`] if anything else comes of the changes now. The delivery is then made again,
//! on the rows as they are. In short: either nothing of a delivery is stored, or all its writes took place at the moment of
//! the commit and every answer it had to them was true. What it only read may be older, as in a request.
//!
//! Nothing here survives: an overlay that is dropped was never written.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

use super::{
    Applied, Apply, Change, Entry, KvError, PAGE, Page, Place, Redo,
    judge::{self, Row, Seen, Sums},
    read,
    rows::Rows,
};
use crate::store::{Batch, Effect, Store, StoreError};

/// The most changes of one delivery. The writer makes them in one piece, at about 25 µs each: all others wait 25 ms at most.
pub const OVERLAY_CHANGES: usize = 1_024;
/// What keys and values of one delivery's changes may have together, beside one value of the largest size: they are the
/// host's memory and not the plugin's.
pub const OVERLAY_BYTES: u64 = 4 << 20;

/// The writes of one delivery over the rows of one service.
#[derive(Debug)]
pub struct Overlay {
    store: Store,
    /// What is to be committed.
    redos: Vec<Redo>,
    layers: HashMap<Place, Layer>,
    /// By how much the writes change what the service's rows weigh: that is `grown` less `shrunk`.
    grown: u64,
    shrunk: u64,
    changes: usize,
    bytes: u64,
}

/// What was written in one place.
#[derive(Debug, Default)]
struct Layer {
    /// `None` for a key that was removed.
    rows: BTreeMap<String, Option<Latest>>,
    /// The highest version that a key removed here had.
    floor: u64,
}

/// A row that was put, and which change of which redo has its value.
#[derive(Debug, Clone, Copy)]
struct Latest {
    row: Row,
    redo: usize,
    change: usize,
}

impl Overlay {
    /// An empty one. Everything it is asked for must be of one service.
    pub fn new(store: Store) -> Self {
        Self { store, redos: Vec::new(), layers: HashMap::new(), grown: 0, shrunk: 0, changes: 0, bytes: 0 }
    }

    /// As [`Store::kv_get`].
    pub async fn get(&self, place: &Place, key: &str) -> Result<Option<Entry>, StoreError> {
        match self.layers.get(place).and_then(|layer| layer.rows.get(key)) {
            None => self.store.kv_get(place, key).await,
            Some(latest) => Ok(latest.and_then(|latest| self.entry(latest))),
        }
    }

    /// As [`Store::kv_keys`].
    pub async fn keys(&self, place: &Place, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        let Some(layer) = self.layers.get(place) else { return self.store.kv_keys(place, prefix, after, limit).await };
        let limit = limit.min(PAGE) as usize;
        let own: BTreeMap<_, _> = layer.range(prefix, after).map(|(key, latest)| (key.clone(), latest.is_some())).collect();
        // Each key of the overlay hides at most one row; one more tells whether there is a next page.
        let wanted = limit + 1 + own.len();
        let (place, prefix, after) = (place.clone(), prefix.to_owned(), after.map(str::to_owned));
        let stored = self.store.read(move |connection| {
            read::scan(connection, &place, &prefix, after.as_deref(), wanted)
                .map_err(|source| read::failed(&place.service, source))
        });
        let stored = stored.await?.into_iter().filter(|key| !own.contains_key(key)).collect::<Vec<_>>();
        let put = own.into_iter().filter_map(|(key, is_there)| is_there.then_some(key));
        let all: BTreeSet<String> = stored.into_iter().chain(put).collect();
        Ok(Page::of(all.into_iter().take(limit + 1).collect(), limit))
    }

    /// As [`Store::kv_apply`], but nothing is stored. Fails in addition with [`KvError::Overfull`].
    ///
    /// Cancellation: nothing has changed.
    pub async fn apply(&mut self, apply: Apply) -> Result<Vec<Applied>, StoreError> {
        judge::check(&apply)?;
        // Nothing to keep: kept all the same, it would be room that nobody counts.
        if apply.changes.is_empty() {
            return Ok(Vec::new());
        }
        let (changes, bytes) = self.room(&apply)?;
        let stored = self.look(&apply).await?;
        let mut seen = self.seen(&apply, &stored);
        let before = seen.sums.bytes;
        let applied = judge::judge(&mut seen, &apply)?;
        let (floor, after) = (seen.floor, seen.sums.bytes);
        self.grown += after.saturating_sub(before);
        self.shrunk += before.saturating_sub(after);
        (self.changes, self.bytes) = (changes, bytes);
        self.keep(Redo { apply, told: applied.clone() }, floor);
        Ok(applied)
    }

    /// What is to be committed, in its order.
    pub fn into_batch(self) -> Batch {
        Batch { effects: self.redos.into_iter().map(Effect::KvRedo).collect() }
    }

    fn entry(&self, Latest { row, redo, change }: Latest) -> Option<Entry> {
        match self.redos.get(redo)?.apply.changes.get(change)? {
            Change::Put { value, .. } => Some(Entry { value: value.clone(), version: row.version }),
            Change::Remove { .. } => None,
        }
    }

    /// What there would be with these changes, if that is not too much.
    fn room(&self, apply: &Apply) -> Result<(usize, u64), KvError> {
        let (changes, bytes) = (self.changes + apply.changes.len(), self.bytes + apply.weight() as u64);
        let allowed = OVERLAY_BYTES.saturating_add(apply.quota.value);
        if changes > OVERLAY_CHANGES || bytes > allowed {
            return Err(KvError::Overfull { changes, bytes, allowed });
        }
        Ok((changes, bytes))
    }

    /// What has to be known of the rows below.
    async fn look(&self, apply: &Apply) -> Result<Stored, StoreError> {
        let layer = self.layers.get(&apply.place);
        let unknown = |key: &&str| layer.is_none_or(|layer| !layer.rows.contains_key(*key));
        let keys: BTreeSet<String> = apply.changes.iter().map(Change::key).filter(unknown).map(str::to_owned).collect();
        let place = apply.place.clone();
        self.store
            .read(move |connection| {
                let look = || -> rusqlite::Result<Stored> {
                    let rows = Rows::new(connection, &place);
                    let sums = Sums::load(connection, &place.service)?;
                    let floor = rows.floor()?;
                    let found = keys.into_iter().map(|key| {
                        let row = rows.find(&key)?;
                        Ok((key, row))
                    });
                    Ok(Stored { rows: found.collect::<rusqlite::Result<_>>()?, floor, sums })
                };
                look().map_err(|source| read::failed(&place.service, source))
            })
            .await
    }

    /// The same with this overlay on top.
    fn seen<'a>(&self, apply: &'a Apply, stored: &Stored) -> Seen<'a> {
        let layer = self.layers.get(&apply.place);
        let row = |key: &str| match layer.and_then(|layer| layer.rows.get(key)) {
            Some(latest) => latest.map(|latest| latest.row),
            None => stored.rows.get(key).copied().flatten(),
        };
        Seen {
            rows: apply.changes.iter().map(|change| (change.key(), row(change.key()))).collect(),
            floor: stored.floor.max(layer.map_or(0, |layer| layer.floor)),
            sums: Sums { bytes: (stored.sums.bytes + self.grown).saturating_sub(self.shrunk), ..stored.sums },
        }
    }

    fn keep(&mut self, redo: Redo, floor: u64) {
        let layer = self.layers.entry(redo.apply.place.clone()).or_default();
        layer.floor = layer.floor.max(floor);
        for (change, (made, told)) in redo.apply.changes.iter().zip(&redo.told).enumerate() {
            let latest = match made {
                Change::Put { value, .. } => {
                    let row = Row { version: told.version, length: value.len() as u64 };
                    Some(Latest { row, redo: self.redos.len(), change })
                }
                Change::Remove { .. } => None,
            };
            layer.rows.insert(made.key().to_owned(), latest);
        }
        self.redos.push(redo);
    }
}

impl Layer {
    /// What was written of the keys that begin with `prefix` and come after `after`.
    fn range<'a>(&'a self, prefix: &'a str, after: Option<&str>) -> impl Iterator<Item = (&'a String, &'a Option<Latest>)> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        self.rows.range::<str, _>((from, Bound::Unbounded)).take_while(move |(key, _)| key.starts_with(prefix))
    }
}

/// What was found in the tables.
struct Stored {
    /// Of those keys that the overlay does not have.
    rows: HashMap<String, Option<Row>>,
    floor: u64,
    sums: Sums,
}
