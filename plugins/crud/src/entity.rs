//! An entity as the operator declares it: the fields of its documents, and who may do what with them.

use serde_json::{Map, Value};

use crate::rights::Rights;
use crate::schema::Schema;

pub(crate) struct Entity {
    pub(crate) name: String,
    pub(crate) schema: Schema,
    pub(crate) rights: Rights,
}

/// The most bytes of a name: it is a part of keys.
const MAX_NAME: usize = 128;

impl Entity {
    /// Reads a declaration, or says what is wrong with it.
    pub(crate) fn read(name: &str, declared: &Value) -> Result<Self, String> {
        if name.len() > MAX_NAME {
            return Err(format!("its name is longer than {MAX_NAME} bytes"));
        }
        let declared = table(declared, "it")?;
        if let Some(key) = declared.keys().find(|key| !["fields", "rights"].contains(&key.as_str())) {
            return Err(format!("`{key}` is not known there; an entity has `fields` and `rights`"));
        }
        let fields = declared.get("fields").ok_or("`fields` is missing")?;
        let schema = Schema::read(table(fields, "`fields`")?)?;
        let rights = Rights::read(declared.get("rights"), &schema)?;
        Ok(Self { name: name.to_owned(), schema, rights })
    }
}

pub(crate) fn table<'v>(value: &'v Value, what: &str) -> Result<&'v Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{what} is no table"))
}
