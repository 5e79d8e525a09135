//! The documents of one entity, as rows of the calling app's store `documents`.
//!
//! | key | value |
//! |---|---|
//! | `doc/<entity>/<id>` | the document |
//! | `own/<entity>/<SHA-256 of the owner's account id>/<id>` | nothing |
//!
//! Ids begin with the time of creation, so the order of keys is that of creation. The second kind of row lets a caller's own
//! documents be listed without looking at everybody's; the two are written and removed in one batch.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use wharf_sdk::kv::{Batch, Condition};
use wharf_sdk::prelude::*;

use crate::answer::Refusal;
use crate::weight;
use crate::who::Who;

/// Tries before a writer gives up against others of the same document.
const TRIES: u32 = 5;

/// Keys that are listed at once: as many as the host gives.
const PAGE: u32 = 1_000;

/// Documents that are erased in one batch.
const BATCH: usize = 100;

/// The documents of an entity.
pub(crate) struct Documents {
    rows: kv::Store,
    entity: String,
}

/// A document as it is stored; its id stands in the key. Short names, because there are many.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Document {
    #[serde(rename = "c")]
    pub(crate) created_ms: u64,
    #[serde(rename = "u")]
    pub(crate) updated_ms: u64,
    #[serde(rename = "cb")]
    pub(crate) created_by: String,
    #[serde(rename = "ub")]
    pub(crate) updated_by: String,
    /// The account id of who created it; nobody is anonymous.
    #[serde(rename = "o")]
    pub(crate) owner: Option<String>,
    #[serde(rename = "f")]
    pub(crate) fields: Map<String, Value>,
}

/// A row as it was read.
pub(crate) struct Row {
    pub(crate) document: Document,
    /// Bytes that it takes in the store.
    pub(crate) size: usize,
    version: u64,
}

impl Document {
    /// As callers see it, and as criteria look at it.
    pub(crate) fn shown(&self, id: &str) -> Map<String, Value> {
        let mut shown = self.fields.clone();
        let system: [(&str, Value); 6] = [
            ("_id", id.into()),
            ("__v", 0.into()),
            ("createTime", self.created_ms.into()),
            ("updateTime", self.updated_ms.into()),
            ("createBy", self.created_by.as_str().into()),
            ("updateBy", self.updated_by.as_str().into()),
        ];
        shown.extend(system.map(|(name, value)| (name.to_owned(), value)));
        shown
    }
}

impl Documents {
    pub(crate) fn of(entity: &str) -> Result<Self> {
        Ok(Self { rows: kv::store("documents")?, entity: entity.to_owned() })
    }

    /// Stores a new document of the caller; returns its id.
    pub(crate) fn create(&self, who: &Who, fields: Map<String, Value>) -> Result<(String, Document), Refusal> {
        bearable(&fields)?;
        let now_ms = clock::now_ms();
        let by = || who.label.clone();
        let owner = who.id.clone();
        let document = Document { created_ms: now_ms, updated_ms: now_ms, created_by: by(), updated_by: by(), owner, fields };
        let id = new_id()?;
        let mut batch = Batch::new().set_json_if(self.key(&id), &document, Condition::Absent)?;
        if let Some(owner) = &who.id {
            batch = batch.set(self.own_key(owner, &id), "");
        }
        self.rows.apply(batch)?;
        Ok((id, document))
    }

    /// A document. What is no id leads to none.
    pub(crate) fn get(&self, id: &str) -> Result<Option<Row>> {
        if id.len() != 24 || !id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
            return Ok(None);
        }
        let Some(entry) = self.rows.get(&self.key(id))? else { return Ok(None) };
        Ok(Some(Row { document: entry.json()?, size: entry.value.len(), version: entry.version }))
    }

    /// Sets fields of a document that `may` agrees to, again with what it has become when somebody else was quicker.
    pub(crate) fn update(
        &self,
        id: &str,
        who: &Who,
        changes: &Map<String, Value>,
        may: impl Fn(&Document) -> Result<(), Refusal>,
    ) -> Result<Document, Refusal> {
        self.contend(id, may, |row| {
            let mut document = row.document;
            document.fields.extend(changes.clone());
            bearable(&document.fields)?;
            document.updated_ms = clock::now_ms();
            document.updated_by.clone_from(&who.label);
            self.rows.set_json_if(&self.key(id), &document, Condition::Version(row.version))?;
            Ok(document)
        })
    }

    /// Removes a document that `may` agrees to.
    pub(crate) fn remove(&self, id: &str, may: impl Fn(&Document) -> Result<(), Refusal>) -> Result<(), Refusal> {
        self.contend(id, may, |row| {
            let mut batch = Batch::new().delete_if(self.key(id), Condition::Version(row.version));
            if let Some(owner) = &row.document.owner {
                batch = batch.delete(self.own_key(owner, id));
            }
            self.rows.apply(batch)?;
            Ok(())
        })
    }

    /// Removes the oldest documents, whoever owns them: as many as a store lists at once, again and again until there are `enough`
    /// or none. Returns how many, and whether there may be more. Those that are written meanwhile may be gone or stay.
    pub(crate) fn erase(&self, enough: usize) -> Result<(usize, bool)> {
        let mut erased = 0;
        while erased < enough {
            let (ids, _) = self.ids(None, None)?;
            if ids.is_empty() {
                return Ok((erased, false));
            }
            for some in ids.chunks(BATCH) {
                let mut batch = Batch::new();
                for id in some {
                    if let Some(owner) = self.get(id)?.and_then(|row| row.document.owner) {
                        batch = batch.delete(self.own_key(&owner, id));
                    }
                    batch = batch.delete(self.key(id));
                }
                self.rows.apply(batch)?;
            }
            erased += ids.len();
        }
        Ok((erased, true))
    }

    fn contend<T>(
        &self,
        id: &str,
        may: impl Fn(&Document) -> Result<(), Refusal>,
        change: impl Fn(Row) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        for _ in 0..TRIES {
            let row = self.get(id)?.ok_or(Refusal::EntityNotFound)?;
            may(&row.document)?;
            match change(row) {
                Err(Refusal::Failed(error)) if error.code() == "kv.conflict" => {}
                done => return done,
            }
        }
        Err(Refusal::Failed(Error::failure("crud.contended", "a document changed too often at the same time")))
    }

    /// Ids in the order of creation, after `after`: of all documents, or of an owner's. And whether there may be more.
    pub(crate) fn ids(&self, owner: Option<&str>, after: Option<&str>) -> Result<(Vec<String>, bool)> {
        let prefix = match owner {
            Some(owner) => self.own_key(owner, ""),
            None => self.key(""),
        };
        let after = after.map(|id| format!("{prefix}{id}"));
        let page = self.rows.keys(&prefix, after.as_deref(), PAGE)?;
        let ids = page.keys.iter().filter_map(|key| key.strip_prefix(&prefix)).map(str::to_owned).collect();
        Ok((ids, page.next.is_some()))
    }

    fn key(&self, id: &str) -> String {
        format!("doc/{}/{id}", self.entity)
    }

    fn own_key(&self, owner: &str, id: &str) -> String {
        format!("own/{}/{}/{id}", self.entity, hex::encode(Sha256::digest(owner.as_bytes())))
    }
}

/// Whether a document may be kept: nothing that could not be read again.
fn bearable(fields: &Map<String, Value>) -> Result<(), Refusal> {
    if weight::of(fields) > weight::MAX { Err(Refusal::TOO_LARGE) } else { Ok(()) }
}

/// 24 hex digits: microseconds since 1970, which a client that waits for its answers never sees twice, and 5 random bytes.
fn new_id() -> Result<String> {
    let mut random = [0; 5];
    getrandom::fill(&mut random)?;
    Ok(format!("{:014x}{}", clock::now().as_micros(), hex::encode(random)))
}
