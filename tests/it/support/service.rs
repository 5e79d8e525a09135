//! A service of a test's host: its table in the configuration, and what is installed for it.

use std::{fmt::Write as _, fs, path::Path};

use wharf_guests::Guest;

/// One `[services.<key>]`.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(super) key: String,
    pub(super) guest: Guest,
    security_key: Option<Vec<u8>>,
    access_token: Option<String>,
    settings: String,
    limits: String,
    pub(super) installed: bool,
}

impl Service {
    /// The service that a guest implements, under the guest's name.
    pub(crate) fn of(guest: &Guest) -> Self {
        Self {
            key: guest.name.to_owned(),
            guest: *guest,
            security_key: None,
            access_token: None,
            settings: String::new(),
            limits: String::new(),
            installed: true,
        }
    }

    /// Under another key.
    pub(crate) fn named(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    /// Bound to its plugin, which is not installed.
    pub(crate) fn not_installed(mut self) -> Self {
        self.installed = false;
        self
    }

    /// With this content of its key file.
    pub(crate) fn security_key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.security_key = Some(key.as_ref().to_vec());
        self
    }

    /// With this content of its token file, `<key>.token`, for a platform elsewhere.
    pub(crate) fn access_token(mut self, token: &str) -> Self {
        self.access_token = Some(token.to_owned());
        self
    }

    /// A key of the service's table and its value in TOML.
    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        writeln!(self.settings, "{key} = {value}").expect("a string takes everything");
        self
    }

    /// A cap of the service's.
    pub(crate) fn limit(mut self, limit: &str, value: &str) -> Self {
        let value = if value.bytes().all(|byte| byte.is_ascii_digit()) { value.to_owned() } else { format!("{value:?}") };
        writeln!(self.limits, "{limit} = {value}").expect("a string takes everything");
        self
    }

    /// Writes its key and token files and returns its tables.
    pub(super) fn write(&self, here: &Path) -> String {
        let Self { key, guest, settings, limits, .. } = self;
        let mut text = format!("\n[services.{key}]\nplugin = \"test/{}\"\n{settings}", guest.name);
        if let Some(security_key) = &self.security_key {
            fs::write(here.join(format!("{key}.key")), security_key).expect("a key file can be written");
            writeln!(text, "security-key = {{ file = \"{key}.key\" }}").expect("a string takes everything");
        }
        if let Some(token) = &self.access_token {
            fs::write(here.join(format!("{key}.token")), token).expect("a token file can be written");
            writeln!(text, "access-token = {{ file = \"{key}.token\" }}").expect("a string takes everything");
        }
        if !limits.is_empty() {
            writeln!(text, "[services.{key}.limits]\n{limits}").expect("a string takes everything");
        }
        text
    }
}

/// What is in a directory, sorted.
pub(crate) fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .expect("a directory can be read")
        .map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}
