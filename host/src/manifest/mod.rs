//! A plugin's manifest, `plugin.toml`: what it is, which routes it serves, what it asks for.
//!
//! The manifest travels inside the component and is written by a stranger. A [`Manifest`] that exists is valid: its lists
//! are bounded, its names are well formed, and its texts are plain enough to be shown on a terminal. What the manifest asks
//! for is not granted yet, and that it fits the component is not checked here. Keys without effect are unknown keys.

mod id;
mod path;
mod permission;
mod route;
mod setting;
mod settings;
#[cfg(test)]
mod tests;

use semver::Version;

pub(crate) use id::read as read_id;
pub use id::{InvalidPluginId, PluginId};
pub use permission::{Capability, Permission};
pub use route::{Need, Route, Subscribed};
pub use setting::{Setting, SettingKind};

use crate::{
    codes,
    limits::Asked,
    problem::Problems,
    toml_reader::{
        self, Codes, Item, Table, limits, names,
        values::{integer, parsed, text},
    },
};

/// The only form of manifest there is so far.
const VERSION: i64 = 1;
/// The name problems carry: the file the plugin's author has before them.
const FILE: &str = "plugin.toml";

// Lengths in characters: a name fits a column, a description a paragraph, an address a line.
const MAX_NAME: usize = 64;
const MAX_DESCRIPTION: usize = 500;
const MAX_LICENSE: usize = 100;
const MAX_REPOSITORY: usize = 300;
/// Versions become parts of file names.
const MAX_VERSION: usize = 64;

static CODES: Codes = Codes {
    syntax: &codes::MANIFEST_SYNTAX,
    unknown_key: &codes::MANIFEST_UNKNOWN_KEY,
    invalid: &codes::MANIFEST_INVALID,
    missing_key: &codes::MANIFEST_MISSING_KEY,
};

/// What a plugin says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Who it is; with the version it names one component for ever.
    pub id: PluginId,
    /// Which one it is.
    pub version: Version,
    /// Its name for people.
    pub name: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// Under which licence it may be used.
    pub license: Option<String>,
    /// Where its source is.
    pub repository: Option<String>,
    /// The service key it was made for; an operator may bind it under another.
    pub service_key: String,
    /// The oldest Wharf it works with.
    pub min_host: Option<Version>,
    /// The requests it serves.
    pub routes: Vec<Route>,
    /// What it may not work without, then what it can do without.
    pub permissions: Vec<Permission>,
    /// What it wants to use; the operator's caps win.
    pub limits: Asked,
    /// What an operator can set.
    pub settings: Vec<Setting>,
}

impl Manifest {
    /// Checks a manifest. Blocking.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        toml_reader::read(text, FILE, &CODES, read)
    }
}

fn read(root: &Table<'_>) -> Option<Manifest> {
    if root.must("manifest-version", form) == Some(Form::Foreign) {
        // A later form has keys of which nothing sensible can be said here.
        root.skip_rest();
        return None;
    }
    let plugin = root.table("plugin", |plugin| {
        let id = plugin.must("id", read_id);
        let version = plugin.must("version", version);
        let name = plugin.must("name", text(MAX_NAME));
        let description = plugin.must("description", text(MAX_DESCRIPTION));
        let license = plugin.opt("license", text(MAX_LICENSE));
        let repository = plugin.opt("repository", repository);
        Some((id?, version?, name?, description?, license, repository))
    });
    let service = root.table("service", |service| (service.must("key", names::key), service.opt("min-host", version)));
    let before = root.problems();
    let limits = root.table("limits", |table| limits::read(table, None));
    // A limit that is not one is not the default either: what routes have would be held against what nobody wrote.
    let routes = route::read_all(root, (root.problems() == before).then_some(&limits));
    let permissions = root.table("permissions", permission::read_all);
    let settings = root.table("config", setting::read_all);
    // Nothing leaves before this point, so that every mistake of the file has been seen.
    let (id, version, name, description, license, repository) = plugin?;
    let (service_key, min_host) = (service.0?, service.1);
    Some(Manifest {
        id,
        version,
        name,
        description,
        license,
        repository,
        service_key,
        min_host,
        routes,
        permissions,
        limits,
        settings,
    })
}

#[derive(PartialEq)]
enum Form {
    Ours,
    Foreign,
}

fn form(item: &Item<'_>) -> Option<Form> {
    if integer(1..=i64::MAX)(item)? == VERSION {
        return Some(Form::Ours);
    }
    let why = format!("this version of Wharf reads manifests of version {VERSION}");
    item.wrong::<()>("is not known", why, "write `manifest-version = 1`, or use a newer Wharf");
    Some(Form::Foreign)
}

fn version(item: &Item<'_>) -> Option<Version> {
    let version = |text: &str| Version::parse(text).ok().filter(|_| text.len() <= MAX_VERSION);
    parsed("a version", "write three numbers, such as \"1.0.0\" or \"1.0.0-beta.1\"", version)(item)
}

fn repository(item: &Item<'_>) -> Option<String> {
    let url = |text: &str| {
        let (_, rest) = text.split_once("https://").filter(|(before, _)| before.is_empty())?;
        let plain = text.len() <= MAX_REPOSITORY && !rest.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        plain.then(|| text.to_owned())
    };
    parsed("a URL", "write one that begins with \"https://\"", url)(item)
}
