//! `[platform]`: the cloud that the apps and the back services belong to.

use std::{collections::BTreeMap, time::Duration};

use super::{issuer, service::error_status};
use crate::toml_reader::{
    Item, Table, names,
    values::{choice, duration, parsed},
    within,
};

/// The public platform's own.
const API_BASE: &str = "https://api.oceanclouds.com";
/// What no notice announced is found after a minute.
const POLL_INTERVAL: Duration = Duration::from_mins(1);
/// Ten seconds is longer than any answer of the platform takes.
const TIMEOUT: Duration = Duration::from_secs(10);
/// As long as the public platform's: a day, and thirty with `rememberMe`.
const USER_TOKEN_LIFETIME: Duration = Duration::from_hours(24);
const USER_TOKEN_LIFETIME_REMEMBER: Duration = Duration::from_hours(24 * 30);
/// As long as a year; no header is believed for longer by default than a month anyway.
const USER_TOKEN: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24 * 366);

/// Keys that say how the platform in this host answers; another one answers as it likes.
pub(super) const EMBEDDED_ONLY: [&str; 3] = ["error-status", "user-token-lifetime", "user-token-lifetime-remember"];

/// What HTTP says. Clients of 2015 look at nothing but 200.
const ERROR_STATUS: u16 = 401;

/// What the platform's documents call it.
const AUTH_CODE_PARAMETER: &str = "appAuthCode";

/// The calls whose paths can be changed, and what the public platform has for them. `:name` stands for an id.
pub(super) const PATHS: [(&str, &str); 8] = [
    ("messages", "/v1.0/service/messages"),
    ("message", "/v1.0/service/message/:messageId"),
    ("resolve-message", "/v1.0/service/message/:messageId/resolved"),
    ("app", "/v1.0/service/app/:appId"),
    ("app-by-auth-code", "/v1.0/service/app/by_auth_code/:authCode"),
    ("create-app-user", "/v1.0/service/app/:appId/users"),
    ("update-app-user", "/v1.0/service/app/:appId/user/:appUserId"),
    ("app-user-access-token", "/v1.0/service/app/:appId/user/:appUserId/access_token"),
];

/// The platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    pub mode: Mode,
    /// How often the platform is asked for messages that no notice announced.
    pub poll_interval: Duration,
    /// How long one call to the platform may take.
    pub timeout: Duration,
    /// The parameter by which its links to consoles carry the auth code.
    pub auth_code_parameter: String,
    /// The status of the embedded platform's errors: 401 stands for the fitting 4xx or 5xx, 200 is for clients of 2015.
    pub error_status: u16,
    /// How long an app user's access token of the embedded platform is valid.
    pub user_token_lifetime: Duration,
    /// The same for an app user who wants to be remembered.
    pub user_token_lifetime_remember: Duration,
    /// By the names of [`PATHS`]; all of them are there.
    pub paths: BTreeMap<&'static str, String>,
}

/// Where the platform is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// In this host.
    Embedded,
    /// Behind this URL: scheme, host and port, without a final slash. https, unless it is this machine's own.
    Remote { api_base: String },
}

/// Reads the table, if there is one.
pub(super) fn read(item: &Item<'_>) -> Option<Platform> {
    within(platform)(item)
}

fn platform(table: &Table<'_>) -> Option<Platform> {
    let mode = table.must("mode", choice(&[("embedded", false), ("remote", true)]));
    let api_base = table.take("api-base");
    let mode = match (mode, &api_base) {
        (Some(false), Some(item)) => {
            item.wrong("has no effect", "the platform is in this host", "remove it, or write mode = \"remote\"")
        }
        (Some(false), None) => Some(Mode::Embedded),
        (Some(true), Some(item)) => base(item).map(|api_base| Mode::Remote { api_base }),
        (Some(true), None) => Some(Mode::Remote { api_base: API_BASE.to_owned() }),
        (None, _) => None,
    };
    if let (Some(Mode::Embedded), Some(item)) = (&mode, table.take("paths")) {
        item.wrong::<()>("has no effect", "the platform in this host has the usual paths", "remove it");
    }
    if let Some(Mode::Remote { .. }) = &mode {
        for item in EMBEDDED_ONLY.iter().filter_map(|key| table.take(key)) {
            item.wrong::<()>("has no effect", "the platform is not in this host", "remove it, or write mode = \"embedded\"");
        }
    }
    let paths = table.table("paths", |table| {
        PATHS.iter().map(|(name, default)| (*name, table.or(name, (*default).to_owned(), path(default)))).collect()
    });
    Some(Platform {
        poll_interval: table.or("poll-interval", POLL_INTERVAL, duration(Duration::from_secs(1)..=Duration::from_hours(24))),
        timeout: table.or("timeout", TIMEOUT, duration(Duration::from_millis(100)..=Duration::from_mins(5))),
        auth_code_parameter: table.or("auth-code-parameter", AUTH_CODE_PARAMETER.to_owned(), parameter),
        error_status: table.or("error-status", ERROR_STATUS, error_status),
        user_token_lifetime: table.or("user-token-lifetime", USER_TOKEN_LIFETIME, duration(USER_TOKEN)),
        user_token_lifetime_remember: table.or(
            "user-token-lifetime-remember",
            USER_TOKEN_LIFETIME_REMEMBER,
            duration(USER_TOKEN),
        ),
        paths,
        mode: mode?,
    })
}

fn base(item: &Item<'_>) -> Option<String> {
    let base = |text: &str| {
        let url = issuer::url(text)?;
        (url.path() == "/" && url.query().is_none()).then(|| url.origin().ascii_serialization())
    };
    parsed("the address of a platform", "write \"https://api.example.com\"; http only for this machine's own", base)(item)
}

/// A path with the same `:names` as the usual one.
fn path(default: &'static str) -> impl Fn(&Item<'_>) -> Option<String> {
    fn ids(path: &str) -> Vec<&str> {
        path.split('/').filter(|segment| segment.starts_with(':')).collect()
    }
    move |item| {
        let fit = |text: &str| {
            let plain = text.starts_with('/')
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte));
            (plain && text.len() <= 256 && ids(text) == ids(default)).then(|| text.to_owned())
        };
        let like = format!("write one like \"{default}\"");
        parsed("a path with the same ids", &like, fit)(item)
    }
}

/// The name of a parameter, as it stands in a URL.
fn parameter(item: &Item<'_>) -> Option<String> {
    let name = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        (plain && (1..=64).contains(&text.len())).then(|| text.to_owned())
    };
    parsed("the name of a parameter", "write letters, digits, `-`, `_` and `.`, such as \"appAuthCode\"", name)(item)
}

/// A platform's id: 24 hex digits.
pub(super) fn id(item: &Item<'_>) -> Option<String> {
    let id = |text: &str| names::is_object_id(text).then(|| text.to_ascii_lowercase());
    parsed("an id of the platform", "write 24 hex digits", id)(item)
}
