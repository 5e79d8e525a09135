//! `[services.<key>.kv]`: the stores a service's plugin may keep.

use crate::{
    toml_reader::{
        Item, Table, names,
        values::{list, size},
    },
    units::show_size,
};

/// Enough for notes and settings of thousands of users; a plugin that keeps more has an operator who knows of it.
const QUOTA: u64 = 64 << 20;
/// A value is copied into the plugin and back as a whole; larger things are files.
const MAX_VALUE: u64 = 1 << 20;
/// More stores than any plugin needs to tell its data apart.
const MAX_STORES: usize = 64;

/// The stores a service's plugin may keep, as far as its manifest asks for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvGrant {
    /// The names of stores that each app has for itself.
    pub stores: Vec<String>,
    /// The names of stores that all apps of the service share.
    pub shared: Vec<String>,
    /// Bytes of keys and values of all stores of the service together.
    pub quota: u64,
    /// Bytes of one value.
    pub max_value: u64,
}

pub(super) fn read(table: &Table<'_>) -> KvGrant {
    let quota = table.or("quota", QUOTA, size(1 << 10..=1 << 40));
    let max_value = |item: &Item<'_>| match size(1..=16 << 20)(item)? {
        more if more > quota => {
            let why = format!("`quota` is {}", show_size(quota));
            item.wrong("is more than all values together", why, "lower it, or raise `quota`")
        }
        fits => Some(fits),
    };
    KvGrant {
        stores: table.or("stores", Vec::new(), list(MAX_STORES, names::key)),
        shared: table.or("shared", Vec::new(), list(MAX_STORES, names::key)),
        quota,
        // The default gives way to a small quota; a number somebody wrote does not.
        max_value: table.or("max-value", MAX_VALUE.min(quota), max_value),
    }
}
