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

    /// The names of an app's entities, and how they are declared.
    pub(crate) fn entities_of(&self, app_key: &str) -> impl Iterator<Item = (&str, &Value)> {
        let declared = self.entities.as_ref().and_then(|apps| apps.get(app_key));
        declared.into_iter().flatten().map(|(name, declared)| (name.as_str(), declared))
    }

    /// Whether an app has an entity of this name, be its declaration right or wrong.
    pub(crate) fn declares(&self, app_key: &str, name: &str) -> bool {
        self.entities.as_ref().and_then(|apps| apps.get(app_key)).is_some_and(|entities| entities.contains_key(name))
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
