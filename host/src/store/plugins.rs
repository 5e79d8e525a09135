//! Installed plugins: every version that was installed and not removed, and which of them is active.
//!
//! The version that was installed last is the active one, an older one and one that was there already too: that is how an
//! admin goes back.

use std::{collections::HashSet, sync::Arc};

use rusqlite::{Connection, Row, params};
use semver::Version;

use super::{Digest, Store, StoreError, from_sql, to_sql};
use crate::{codes, problem::Problem};

/// One installed version of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// E.g. `acme/notes`.
    pub id: String,
    /// Semver.
    pub version: String,
    /// The component's.
    pub digest: Digest,
    /// The text of plugin.toml.
    pub manifest: String,
    /// The component's bytes.
    pub size: u64,
    /// Milliseconds since 1970.
    pub installed_ms: u64,
    pub active: bool,
}

/// What to install. The component is stored in [`Blobs`](super::Blobs) before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    pub id: String,
    pub version: String,
    pub digest: Digest,
    pub manifest: String,
    pub size: u64,
    pub now_ms: u64,
}

/// What a removal did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The versions that are gone.
    pub versions: Vec<String>,
    /// The active version of those that are left: the newest, if the active one was removed.
    pub active: Option<String>,
}

/// Why a plugin was not installed, removed or read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PluginError {
    #[error("plugin `{id}` {version} is installed with other contents")]
    Different { id: String, version: String, installed: Digest, offered: Digest },
    #[error("version `{version}` of plugin `{id}` is not a semantic version")]
    Version { id: String, version: String },
    #[error("plugin `{id}`{} is not installed", .version.as_ref().map(|version| format!(" {version}")).unwrap_or_default())]
    Unknown { id: String, version: Option<String> },
    /// `id` is `*` where it is about all of them.
    #[error("plugin `{id}` cannot be read from the store")]
    Read { id: String, source: Arc<rusqlite::Error> },
    #[error("plugin `{id}` cannot be written to the store")]
    Write { id: String, source: Arc<rusqlite::Error> },
}

impl PluginError {
    /// The same for a person.
    pub fn problem(&self) -> Problem {
        let problem = |code| Problem::new(code, self.to_string());
        match self {
            Self::Different { installed, offered, .. } => problem(&codes::PLUGIN_DIFFERENT)
                .why(format_args!("installed is {installed}, offered is {offered}"))
                .fix("raise the version in plugin.toml"),
            Self::Version { .. } => problem(&codes::MANIFEST_INVALID).fix("write it as MAJOR.MINOR.PATCH, e.g. \"1.0.0\""),
            Self::Unknown { .. } => problem(&codes::PLUGIN_UNKNOWN).fix("`wharf plugin list` shows what is installed"),
            Self::Read { source, .. } | Self::Write { source, .. } => {
                problem(&codes::STORE_FAILED).why(source).fix("look at the disk of the data directory, then try again")
            }
        }
    }
}

impl Store {
    /// Installs a version and makes it the active one; on disk when this returns. Returns whether it is new: the same version
    /// with the same digest is there already, and becomes active again.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn plugin_install(&self, install: Install) -> Result<bool, StoreError> {
        self.write(install.manifest.len(), move |connection| Ok(self::install(connection, &install)?)).await
    }

    /// Removes a version, or all of them. Its component stays until [`Blobs::sweep`](super::Blobs::sweep).
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn plugin_remove(&self, id: &str, version: Option<&str>) -> Result<Removed, StoreError> {
        let (id, version) = (id.to_owned(), version.map(str::to_owned));
        self.write(0, move |connection| Ok(remove(connection, &id, version.as_deref())?)).await
    }

    /// All installed versions, by id and then the newest first.
    pub async fn plugins(&self) -> Result<Vec<Plugin>, StoreError> {
        self.read(|connection| {
            let mut plugins =
                select(connection, None).map_err(|source| PluginError::Read { id: "*".to_owned(), source: Arc::new(source) })?;
            // Text that is no version cannot be installed; if it were there, it would come last.
            plugins.sort_by_cached_key(|plugin| (plugin.id.clone(), std::cmp::Reverse(Version::parse(&plugin.version).ok())));
            Ok(plugins)
        })
        .await
    }

    /// The active version of a plugin, or `None` if it is not installed.
    pub async fn plugin_active(&self, id: &str) -> Result<Option<Plugin>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| {
            let plugins = select(connection, Some(&id)).map_err(|source| PluginError::Read { id, source: Arc::new(source) })?;
            Ok(plugins.into_iter().find(|plugin| plugin.active))
        })
        .await
    }

    /// The components that any installed version refers to.
    pub async fn plugin_digests(&self) -> Result<HashSet<Digest>, StoreError> {
        Ok(self.plugins().await?.into_iter().map(|plugin| plugin.digest).collect())
    }
}

fn install(connection: &Connection, install: &Install) -> Result<bool, PluginError> {
    let Install { id, version, digest, manifest, size, now_ms } = install;
    Version::parse(version).map_err(|_| PluginError::Version { id: id.clone(), version: version.clone() })?;
    let failed = |source| PluginError::Write { id: id.clone(), source: Arc::new(source) };
    let installed = select(connection, Some(id)).map_err(failed)?;
    let same = installed.iter().find(|plugin| plugin.version == *version);
    match same {
        Some(same) if same.digest != *digest => {
            let (installed, offered) = (same.digest, *digest);
            return Err(PluginError::Different { id: id.clone(), version: version.clone(), installed, offered });
        }
        Some(_) => {}
        None => {
            let insert = "INSERT INTO plugins (id, version, digest, manifest, size, installed_ms, active)
                          VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)";
            connection
                .prepare_cached(insert)
                .and_then(|mut statement| {
                    statement.execute(params![id, version, digest, manifest, to_sql(*size), to_sql(*now_ms)])
                })
                .map_err(failed)?;
        }
    }
    set_active(connection, id, version).map_err(failed)?;
    Ok(same.is_none())
}

fn remove(connection: &Connection, id: &str, version: Option<&str>) -> Result<Removed, PluginError> {
    let failed = |source| PluginError::Write { id: id.to_owned(), source: Arc::new(source) };
    let (gone, left): (Vec<_>, Vec<_>) = select(connection, Some(id))
        .map_err(failed)?
        .into_iter()
        .partition(|plugin| version.is_none_or(|version| plugin.version == version));
    if gone.is_empty() {
        return Err(PluginError::Unknown { id: id.to_owned(), version: version.map(str::to_owned) });
    }
    for plugin in &gone {
        connection
            .prepare_cached("DELETE FROM plugins WHERE id = ?1 AND version = ?2")
            .and_then(|mut statement| statement.execute([id, &plugin.version]))
            .map_err(failed)?;
    }
    let active = match left.iter().find(|plugin| plugin.active) {
        Some(active) => Some(active.version.clone()),
        None => {
            let newest =
                left.iter().max_by_key(|plugin| Version::parse(&plugin.version).ok()).map(|plugin| plugin.version.clone());
            if let Some(newest) = &newest {
                set_active(connection, id, newest).map_err(failed)?;
            }
            newest
        }
    };
    Ok(Removed { versions: gone.into_iter().map(|plugin| plugin.version).collect(), active })
}

fn set_active(connection: &Connection, id: &str, version: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE plugins SET active = 0 WHERE id = ?1 AND active = 1")?.execute([id])?;
    connection.prepare_cached("UPDATE plugins SET active = 1 WHERE id = ?1 AND version = ?2")?.execute([id, version])?;
    Ok(())
}

fn select(connection: &Connection, id: Option<&str>) -> rusqlite::Result<Vec<Plugin>> {
    let plugin = |row: &Row<'_>| {
        Ok(Plugin {
            id: row.get(0)?,
            version: row.get(1)?,
            digest: row.get(2)?,
            manifest: row.get(3)?,
            size: from_sql(row.get(4)?),
            installed_ms: from_sql(row.get(5)?),
            active: row.get(6)?,
        })
    };
    connection
        .prepare_cached(
            "SELECT id, version, digest, manifest, size, installed_ms, active FROM plugins WHERE ?1 IS NULL OR id = ?1",
        )?
        .query_map([id], plugin)?
        .collect()
}
