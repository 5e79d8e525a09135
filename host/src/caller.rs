//! Who is behind a call: what every scheme of `request/authenticate/` ends in, and all a plugin ever learns of it.

use std::net::{IpAddr, Ipv4Addr};

/// A proven identity, or the proof that none was claimed. Made by `request/authenticate/`, by `request/platform.rs` for
/// calls of the platform, and for what the host itself has to tell a plugin.
#[derive(Debug, Clone)]
pub struct Caller {
    pub scheme: Scheme,
    /// The app's key.
    pub app: Option<String>,
    /// The app's id at the platform, where the proof or a message told it.
    pub app_id: Option<String>,
    pub user: Option<AppUser>,
    pub scopes: Vec<String>,
    /// The address the request came from, after trusted proxies. It counts the budget of anonymous callers and never
    /// reaches a plugin as identity.
    pub address: IpAddr,
}

impl Caller {
    pub fn anonymous(address: IpAddr) -> Self {
        Self { scheme: Scheme::Anonymous, app: None, app_id: None, user: None, scopes: Vec::new(), address }
    }

    /// The host, on behalf of an app: it hands the plugin a message about it.
    pub fn host(app: String, app_id: String) -> Self {
        let nobody = Self::anonymous(Ipv4Addr::LOCALHOST.into());
        Self { scheme: Scheme::Host, app: Some(app), app_id: Some(app_id), ..nobody }
    }
}

/// An end user of an app. `id` is the identity; the labels beside it are not to be trusted with access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppUser {
    pub id: String,
    pub account: String,
    pub name: String,
    pub authenticated_by: String,
}

/// How the caller proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Anonymous,
    OceanAuth,
    Bearer,
    /// A session of a console.
    Console,
    /// Nobody outside: see [`Caller::host`].
    Host,
}

impl Scheme {
    /// The word of the contract, also used in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::OceanAuth => "ocean-auth",
            Self::Bearer => "bearer",
            Self::Console => "console",
            Self::Host => "host",
        }
    }
}
