//! What the operator set; see `plugin.toml`.

use std::collections::BTreeMap;

use serde_json::Value;
use wharf_sdk::prelude::*;

use crate::answer::Refusal;
use crate::entity::Entity;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Settings {
    pub(crate) error_status: u16,
    pub(crate) max_scan: usize,
    entities: Option<BTreeMap<String, BTreeMap<String, Value>>>,
}

impl Settings {
    pub(crate) fn read() -> Result<Self> {
        settings()
    }

    /// An entity of an app. Only the one that is asked for is read: a call is about one.
    pub(crate) fn entity(&self, app_key: &str, name: &str) -> Result<Entity, Refusal> {
        let declared = self.entities.as_ref().and_then(|apps| apps.get(app_key)?.get(name));
        let declared = declared.ok_or(Refusal::EntitySchemaNotFound)?;
        Entity::read(name, declared).map_err(|why| {
            error!(app = app_key, entity = name; "`entities` of the service's config cannot be used: {why}");
            Refusal::EntitySchemaUnusable
        })
    }
}
