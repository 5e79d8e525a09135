//! The operator's configuration, `wharf.toml`: raw → valid, one file a section.
//!
//! A [`Config`] that exists is valid: ranges hold, names are well formed, no two services share a host name, an audience or
//! a reference to a secret, and no service may use more than the host allows. Unknown keys are errors, and all mistakes come in one
//! report. Reading a configuration reads no secrets, looks at no data directory and opens no socket.

mod claims;
mod console;
mod file;
mod http_out;
mod issuer;
mod kv;
mod limits;
mod listen;
mod log;
mod network;
mod ocean_auth;
mod operation;
mod platform;
mod public_url;
mod runtime;
mod secret_ref;
mod service;
mod tls;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

pub use http_out::{HttpOutGrant, Inject};
pub use issuer::{Issuer, Jwks};
pub use kv::KvGrant;
pub use listen::Listen;
pub use log::{Level, Log, LogFormat};
pub use network::Network;
pub use operation::Operation;
pub use platform::{Mode, Platform};
pub use runtime::Runtime;
pub use service::Service;
pub use tls::Tls;

use crate::{
    codes,
    limits::Limits,
    problem::Problems,
    toml_reader::{self, Codes, Places},
};

/// Beside the configuration file, so that a first try needs no rights elsewhere.
const DATA_DIR: &str = "wharf-data";

static CODES: Codes = Codes {
    syntax: &codes::CONFIG_SYNTAX,
    unknown_key: &codes::CONFIG_UNKNOWN_KEY,
    invalid: &codes::CONFIG_INVALID,
    missing_key: &codes::CONFIG_MISSING_KEY,
};

/// What the operator configured, with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from, as it was named.
    pub file: PathBuf,
    /// Where Wharf keeps everything it has to remember.
    pub data_dir: PathBuf,
    /// Where and how Wharf takes connections.
    pub listen: Listen,
    /// Where those who run the host look at it.
    pub operation: Operation,
    /// What runs at once, and what compiling may use.
    pub runtime: Runtime,
    /// What any plugin may ask for at most.
    pub limits: Limits,
    /// The host's own log.
    pub log: Log,
    /// The cloud that the apps and the services belong to, if there is one.
    pub platform: Option<Platform>,
    /// Who may sign access tokens, by the names that services call them by.
    pub issuers: BTreeMap<String, Issuer>,
    /// The back services by their keys.
    pub services: BTreeMap<String, Service>,
    /// Where all of it stands in the file.
    pub places: Arc<Places>,
}

impl Config {
    /// Reads and checks the configuration file. Blocking.
    pub fn load(file: &Path) -> Result<Self, Problems> {
        Self::parse(&file::read(file)?, file)
    }

    /// The same beside all mistakes: what could be read although there are some is good for nothing but to look for more.
    pub fn load_what_can_be(file: &Path) -> (Option<Self>, Problems) {
        match file::read(file) {
            Ok(text) => Self::read(&text, file),
            Err(problem) => (None, problem.into()),
        }
    }

    /// Checks a configuration. `file` is the name that problems carry, and relative paths count from its directory. Blocking.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Problems> {
        let (config, mistakes) = Self::read(text, file);
        mistakes.or_read(config)
    }

    fn read(text: &str, file: &Path) -> (Option<Self>, Problems) {
        let directory = file.parent().unwrap_or(Path::new(""));
        toml_reader::read_what_can_be(text, &file.display().to_string(), &CODES, |root| {
            let listen = root.table("listen", |table| listen::read(table, directory));
            let limits = root.table("limits", limits::read);
            let (names, issuers) = root.table("issuers", |table| issuer::read_all(table, directory));
            let platform = root.opt("platform", platform::read);
            let around = service::Around {
                directory,
                caps: limits.as_ref(),
                listen: &listen,
                platform: platform.as_ref(),
                issuers: &names,
                claims: claims::Claims::default(),
            };
            Some(Self {
                file: file.to_owned(),
                data_dir: root.or("data-dir", directory.join(DATA_DIR), file::path(directory)),
                operation: root.table("operation", |table| operation::read(table, listen.address)),
                runtime: root.table("runtime", runtime::read),
                limits: limits.unwrap_or(Limits::CAPS),
                log: root.table("log", log::read),
                services: root.table("services", |table| service::read_all(table, &around)),
                platform,
                issuers,
                listen,
                places: root.places().into(),
            })
        })
    }

    /// Whether the service gets messages from a platform.
    pub fn has_platform(&self, service: &Service) -> bool {
        match self.platform.as_ref().map(|platform| &platform.mode) {
            Some(Mode::Embedded) => service.security_key.is_some(),
            Some(Mode::Remote { .. }) => service.access_token.is_some(),
            None => false,
        }
    }

    /// The plugins that services are bound to, each once.
    pub fn plugins(&self) -> BTreeSet<String> {
        self.services.values().map(|service| service.plugin.to_string()).collect()
    }

    /// A commented configuration to start from: every key there is with its default. It is itself valid.
    pub fn default_text() -> &'static str {
        include_str!("default.toml")
    }
}
