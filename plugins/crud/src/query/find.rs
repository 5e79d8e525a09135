//! The way through the documents: which are looked at, and when it is enough.

use std::io;

use serde_json::{Map, Value};
use wharf_sdk::prelude::*;

use super::Search;
use super::order::{Direction, Order};
use crate::answer::Refusal;
use crate::documents::Documents;
use crate::rights::Access;
use crate::weight;
use crate::who::Who;

/// The most that is held on the way to an answer, as it weighs in memory: an eighth of what a plugin has.
const MAX_HELD: usize = 8 << 20;

/// The most bytes of an answer's documents: what a plugin hands to its host at once may have 2 MiB.
const MAX_ANSWER: usize = 2_000_000;

/// The most ids that are listed to begin with the last one.
const MAX_IDS: usize = 100_000;

const TOO_MANY: Refusal =
    Refusal::QueryTooLarge("Too many documents would have to be looked at. Sort by createTime with a limit, or ask for less.");
const TOO_LONG: Refusal = Refusal::QueryTooLarge("The answer would be too long. Use limit, skip and returnColumn.");

/// What is kept of a document that fits: what is answered, and what it is sorted by.
struct Kept {
    shown: Map<String, Value>,
    keys: Vec<Value>,
    size: usize,
}

/// The documents that fit, that the caller may see, in their order.
pub(crate) fn find(
    documents: &Documents,
    access: &Access,
    who: &Who,
    search: &Search,
    max_scan: usize,
) -> Result<Vec<Map<String, Value>>, Refusal> {
    // Who may see none but its own need not look at any other.
    let owner = if access.any.is_none() { who.id.as_deref() } else { None };
    let (mut kept, mut looked, mut passed, mut size) = (Vec::new(), 0, 0, 0);
    let enough = search.skip.saturating_add(search.limit);
    for id in ids(documents, owner, &search.order)? {
        let id = id?;
        if looked == max_scan {
            return Err(TOO_MANY);
        }
        looked += 1;
        // Removed since it was listed.
        let Some(row) = documents.get(&id)? else { continue };
        let document = row.document.shown(&id);
        if !access.allows(&document, row.document.owner.as_deref(), who) || !search.criteria.fits(&document) {
            continue;
        }
        let in_order = matches!(search.order, Order::Creation(_));
        if in_order && passed < search.skip {
            passed += 1;
            continue;
        }
        let one = keep(document, search);
        size += one.size;
        kept.push(one);
        if !in_order && (kept.len() >= enough.saturating_mul(2) || size > MAX_HELD) {
            sort(&mut kept, search);
            kept.truncate(enough);
            size = kept.iter().map(|one| one.size).sum();
        }
        if size > MAX_HELD {
            return Err(TOO_LONG);
        }
        if in_order && kept.len() == search.limit {
            break;
        }
    }
    if matches!(search.order, Order::Fields(_)) {
        sort(&mut kept, search);
        kept.drain(..search.skip.min(kept.len()));
        kept.truncate(search.limit);
    }
    let found: Vec<_> = kept.into_iter().map(|one| one.shown).collect();
    if length(&found)? > MAX_ANSWER { Err(TOO_LONG) } else { Ok(found) }
}

/// The bytes that the documents are when they are written.
fn length(found: &[Map<String, Value>]) -> Result<usize> {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, found)?;
    Ok(count.0)
}

fn keep(document: Map<String, Value>, search: &Search) -> Kept {
    let keys = search.order.keys(&document);
    let shown = search.shown(document);
    let size = weight::of(&shown) + keys.iter().map(weight::of_value).sum::<usize>();
    Kept { shown, keys, size }
}

/// Stable: what is equal stays in the order of creation.
fn sort(kept: &mut [Kept], search: &Search) {
    kept.sort_by(|a, b| search.order.compare(&a.keys, &b.keys));
}

type Ids<'d> = Box<dyn Iterator<Item = Result<String>> + 'd>;

/// The ids of all documents, or of an owner's, in the order of creation or, where the newest are asked for first, from the last one.
fn ids<'d>(documents: &'d Documents, owner: Option<&'d str>, order: &Order) -> Result<Ids<'d>, Refusal> {
    let mut pages = pages(documents, owner);
    if !matches!(order, Order::Creation(Direction::Down)) {
        return Ok(Box::new(pages.flat_map(|page| match page {
            Ok(ids) => ids.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })));
    }
    let mut all = Vec::new();
    while let Some(page) = pages.next().transpose()? {
        all.extend(page);
        if all.len() > MAX_IDS {
            return Err(TOO_MANY);
        }
    }
    Ok(Box::new(all.into_iter().rev().map(Ok)))
}

/// Page by page, each asked for when it is needed.
fn pages<'d>(documents: &'d Documents, owner: Option<&'d str>) -> impl Iterator<Item = Result<Vec<String>>> + 'd {
    let (mut after, mut more) = (None, true);
    std::iter::from_fn(move || {
        if !more {
            return None;
        }
        let page = documents.ids(owner, after.as_deref());
        more = page.as_ref().is_ok_and(|(_, more)| *more);
        Some(page.map(|(ids, _)| {
            after = ids.last().cloned();
            ids
        }))
    })
}
