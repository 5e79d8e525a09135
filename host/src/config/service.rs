//! `[services.<key>]`: a back service, the plugin that implements it, and what that plugin is granted.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Map, Value};

use super::{
    HttpOutGrant, KvGrant, Listen, Mode, Platform, claims::Claims, console, file, http_out, issuer, kv, ocean_auth, platform,
    secret_ref,
};
use crate::{
    limits::{Asked, Limits},
    manifest::{self, PluginId},
    ocean_auth::Settings,
    secret::SecretRef,
    toml_reader::{
        self, Item, Table, names, nearest,
        values::{boolean, duration, integer, list, text},
        within,
    },
};

/// Every service holds a compiled plugin; a machine with more of them is several machines.
const MAX_SERVICES: usize = 1_000;
/// A service has one name, and a few old ones.
const MAX_HOSTS: usize = 32;
/// Fresh for every call is the default isolation; reuse is the operator's choice.
const REUSE: u32 = 0;
/// As many as there may be altogether.
const MAX_ISSUERS: usize = 100;
/// An instance that served a million calls has paid for itself.
const MAX_REUSE: u32 = 1_000_000;
/// What HTTP says. Clients of 2015 look at nothing but 200.
const ERROR_STATUS: u16 = 401;
/// Two days, in which an app that cancelled by mistake can come back.
const PURGE_AFTER_CANCEL: Duration = Duration::from_hours(48);

/// One back service as the operator wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its key, which is also its path below `/s/`.
    pub key: String,
    /// The plugin that implements it.
    pub plugin: PluginId,
    /// Its own host names, in lower case, without ports.
    pub hosts: Vec<String>,
    /// The key it shares with the platform; without it no Ocean-Auth header is accepted.
    pub security_key: Option<SecretRef>,
    /// How it reads Ocean-Auth headers.
    pub ocean_auth: Settings,
    /// What `aud` of a JWT access token must name; without it none is accepted.
    pub audience: Option<String>,
    /// The names of the issuers whose tokens it accepts.
    pub issuers: Vec<String>,
    /// The status of its Ocean-Auth refusals: 401; or 200, for clients that read nothing else, of all that the host refuses.
    pub error_status: u16,
    /// What its plugin may use at most; each is within the host's own caps.
    pub limits: Asked,
    /// After how many calls an instance is replaced; 0 is a fresh one for every call.
    pub reuse: u32,
    /// The plugin's settings as written. Its manifest judges them: [`manifest::Manifest::settings_for`].
    pub settings: Map<String, Value>,
    /// The stores its plugin may keep.
    pub kv: KvGrant,
    /// The hosts its plugin may call.
    pub http_out: HttpOutGrant,
    /// The secrets of the service by name.
    pub secrets: BTreeMap<String, SecretRef>,
    /// The one directory its plugin may use.
    pub data: Option<PathBuf>,
    /// Whether its plugin may make and change app users, and fetch their access tokens.
    pub app_users: bool,
    /// Whether its plugin may look up apps.
    pub apps: bool,
    /// Whether its plugin may send mail.
    pub mail: bool,
    /// What it shows a platform that is not in this host. With it, or with an embedded one, the service has a platform.
    pub access_token: Option<SecretRef>,
    /// Its id at the platform, in lower case: messages that name another one are not its own.
    pub service_id: Option<String>,
    /// How long after a cancel the app's data is erased.
    pub purge_after_cancel: Duration,
    /// The host name of its console, in lower case, without port.
    pub console_host: Option<String>,
    /// How long a session of its console lasts at most.
    pub console_lifetime: Duration,
    /// How long it lasts while nobody uses it.
    pub console_idle: Duration,
}

/// What the rest of the configuration says about every service.
pub(super) struct Around<'a> {
    pub(super) directory: &'a Path,
    /// The host's limits, if they are known to be right.
    pub(super) caps: Option<&'a Limits>,
    pub(super) listen: &'a Listen,
    pub(super) platform: Option<&'a Platform>,
    /// The names of all issuers, those of wrong ones included.
    pub(super) issuers: &'a [String],
    pub(super) claims: Claims,
}

impl Around<'_> {
    fn public_url(&self) -> Option<&str> {
        self.listen.public_url.as_deref()
    }
}

/// Reads all services.
pub(super) fn read_all(table: &Table<'_>, around: &Around<'_>) -> BTreeMap<String, Service> {
    let mut services = BTreeMap::new();
    let mut seen = 0;
    table.each(|key, item| {
        seen += 1;
        if seen > MAX_SERVICES {
            item.wrong::<()>("is one service too many", "", format!("use at most {MAX_SERVICES}"));
        } else if !names::is_key(key) {
            item.wrong::<()>("is not a service key", "", names::KEY_FIX);
        }
        // A bad key does not hide the mistakes below it.
        if let Some(service) = within(|table| read(key, table, around))(&item) {
            services.insert(key.to_owned(), service);
        }
    });
    services
}

fn read(key: &str, table: &Table<'_>, around: &Around<'_>) -> Option<Service> {
    let Around { directory, caps, claims, .. } = around;
    let host = |item: &Item<'_>| claims.host(key, names::host(item)?, item);
    let security_key = |item: &Item<'_>| claims.key(key, secret_ref::read(directory)(item)?, item);
    let plugin = table.must("plugin", manifest::read_id);
    let (audience, issuers) = tokens(key, table, around);
    let token = table.take("access-token");
    let is_known = match around.platform.map(|platform| &platform.mode) {
        Some(Mode::Remote { .. }) => token.is_some(),
        Some(Mode::Embedded) => table.take("security-key").is_some(),
        None => false,
    };
    let asks_platform = |item: &Item<'_>| asks_platform(item, around, is_known);
    let console_host = |item: &Item<'_>| {
        let host = host(item)?;
        if is_known { console::reachable(host, item, around.listen) } else { unknown_to_platform(item, around) }
    };
    let (names, secrets) = table.table("secrets", |table| secrets(table, directory));
    let service = Service {
        key: key.to_owned(),
        hosts: table.or("hosts", Vec::new(), list(MAX_HOSTS, host)),
        security_key: table.opt("security-key", security_key),
        ocean_auth: ocean_auth::read(table),
        audience,
        issuers,
        error_status: table.or("error-status", ERROR_STATUS, error_status),
        limits: table.table("limits", |table| toml_reader::limits::read(table, *caps)),
        reuse: table.or("reuse", REUSE, integer(0..=MAX_REUSE)),
        settings: table.table("config", settings),
        kv: table.table("kv", kv::read),
        http_out: table.table("http-out", |table| http_out::read(table, &names)),
        secrets,
        data: table.opt("data", file::path(directory)),
        app_users: table.or("app-users", false, asks_platform),
        apps: table.or("apps", false, asks_platform),
        mail: table.or("mail", false, boolean),
        access_token: token.and_then(|item| access_token(&item, around)),
        service_id: table.opt("service-id", platform::id),
        purge_after_cancel: table.or(
            "purge-after-cancel",
            PURGE_AFTER_CANCEL,
            duration(Duration::ZERO..=Duration::from_hours(24 * 366)),
        ),
        console_host: table.opt("console-host", console_host),
        console_lifetime: table.or("console-lifetime", console::LIFETIME, console::lifetime),
        console_idle: table.or("console-idle", console::IDLE, console::lifetime),
        // Last, because it leaves when there is none: everything else must have been looked at by then.
        plugin: plugin?,
    };
    Some(service)
}

/// The audience of a service and its issuers.
///
/// The default audience is where the service is reached, as RFC 9068 has it; a host that does not know that has none, for a
/// word as short as the service's key could be somebody else's audience too.
fn tokens(key: &str, table: &Table<'_>, around: &Around<'_>) -> (Option<String>, Vec<String>) {
    let default = |key: &str| around.public_url().map(|url| format!("{url}/s/{key}"));
    let own = |item: &Item<'_>| {
        let audience = text(issuer::MAX_NAME)(item)?;
        let path = around.public_url().and_then(|url| audience.strip_prefix(url)?.strip_prefix("/s/"));
        match path.filter(|path| *path != key && names::is_key(path)) {
            None => around.claims.audience(key, audience, item),
            Some(other) => {
                let why = format!("it is what a service `{other}` has by default");
                item.wrong("belongs to another service", why, "give each service an audience of its own")
            }
        }
    };
    let written = table.take("audience");
    let audience = match &written {
        Some(item) => own(item),
        None => default(key),
    };
    let known = |item: &Item<'_>| {
        let name = names::key(item)?;
        if around.issuers.contains(&name) {
            return Some(name);
        }
        let fix = match nearest(&name, around.issuers.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add a table `[issuers.{name}]`"),
        };
        item.wrong("is not an issuer", format!("there is no `[issuers.{name}]`"), fix)
    };
    let issuers = table.or("issuers", around.issuers.to_vec(), |item| {
        let issuers = list(MAX_ISSUERS, known)(item)?;
        if written.is_none() && audience.is_none() && !issuers.is_empty() {
            let why = "a token says in `aud` which service it is for, and this service has no audience to compare";
            return item.wrong("cannot be used", why, "set `audience` too, or `public-url` in [listen]");
        }
        Some(issuers)
    });
    (audience, issuers)
}

/// A token for a platform that there is, and that asks for one.
fn access_token(item: &Item<'_>, around: &Around<'_>) -> Option<SecretRef> {
    match around.platform.map(|platform| &platform.mode) {
        Some(Mode::Remote { .. }) => secret_ref::read(around.directory)(item),
        Some(Mode::Embedded) => item.wrong("has no effect", "the platform is in this host and asks for none", "remove it"),
        None => item.wrong("has no effect", "there is no platform to show it to", "add a table [platform]"),
    }
}

/// Whether a plugin may ask the platform, which must be there then, and know the service.
fn asks_platform(item: &Item<'_>, around: &Around<'_>, is_known: bool) -> Option<bool> {
    let asks = boolean(item)?;
    if asks && !is_known { unknown_to_platform(item, around) } else { Some(asks) }
}

/// Something needs the platform, and there is none, or it does not know the service.
fn unknown_to_platform<T>(item: &Item<'_>, around: &Around<'_>) -> Option<T> {
    match around.platform.map(|platform| &platform.mode) {
        None => item.wrong("has no effect", "there is no platform to ask", "add a table [platform]"),
        Some(Mode::Remote { .. }) => item.wrong(
            "has no effect",
            "the service has nothing to show the platform",
            "add `access-token = { file = \"…\" }` to the service",
        ),
        Some(Mode::Embedded) => item.wrong(
            "has no effect",
            "a service without a securityKey is none of the platform's",
            "add `security-key = { file = \"…\" }` to the service",
        ),
    }
}

/// 401, or 200 for clients that read nothing else.
pub(super) fn error_status(item: &Item<'_>) -> Option<u16> {
    match integer(0..=i64::from(u16::MAX))(item)? {
        401 => Some(401),
        200 => Some(200),
        other => item.wrong("is not a status for refusals", format!("it is {other}"), "write 401, or 200 for clients of 2015"),
    }
}

fn settings(table: &Table<'_>) -> Map<String, Value> {
    let mut settings = Map::new();
    table.each(|key, item| {
        if let Some(value) = item.to_json() {
            settings.insert(key.to_owned(), value);
        }
    });
    settings
}

/// The secrets, and before them their names, those of wrong references included.
fn secrets(table: &Table<'_>, directory: &Path) -> (Vec<String>, BTreeMap<String, SecretRef>) {
    let mut all = Vec::new();
    let mut secrets = BTreeMap::new();
    table.each(|name, item| {
        all.push(name.to_owned());
        if !names::is_key(name) {
            item.wrong::<()>("is not a name for a secret", "", names::KEY_FIX);
        }
        if let Some(secret) = secret_ref::read(directory)(&item) {
            secrets.insert(name.to_owned(), secret);
        }
    });
    (all, secrets)
}
