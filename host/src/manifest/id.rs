//! A plugin's id.

use std::{fmt, str::FromStr};

use crate::toml_reader::{Item, values::parsed};

/// Who made a plugin and what it is called: `publisher/name`, each `[a-z0-9][a-z0-9-]{0,38}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginId {
    publisher: String,
    name: String,
}

/// What is not a plugin id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a plugin id is `publisher/name`, each of 1 to 39 lower-case letters, digits and hyphens, beginning with a letter or digit"
)]
pub struct InvalidPluginId;

impl PluginId {
    /// Who made it.
    pub fn publisher(&self) -> &str {
        &self.publisher
    }

    /// What the publisher calls it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for PluginId {
    type Err = InvalidPluginId;

    fn from_str(text: &str) -> Result<Self, InvalidPluginId> {
        let part = |part: &str| {
            let plain = part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            plain && (1..=39).contains(&part.len()) && !part.starts_with('-')
        };
        match text.split_once('/') {
            Some((publisher, name)) if part(publisher) && part(name) => {
                Ok(Self { publisher: publisher.to_owned(), name: name.to_owned() })
            }
            _ => Err(InvalidPluginId),
        }
    }
}

impl fmt::Display for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.publisher, self.name)
    }
}

/// Reads an id, for manifest and configuration.
pub(crate) fn read(item: &Item<'_>) -> Option<PluginId> {
    let fix = "write \"publisher/name\", each of 1 to 39 lower-case letters, digits and hyphens";
    parsed("a plugin id", fix, |text| text.parse().ok())(item)
}
