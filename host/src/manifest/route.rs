//! `[[routes]]`: the requests a plugin serves, and who may send them.

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use matchit::{InsertError, Router};

use super::path;
use crate::{
    limits::{Asked, Limits},
    toml_reader::{
        Item, Table, names,
        values::{choice, duration, list, parsed, size, string, tables},
    },
    units::{show_duration, show_size},
};

/// A service with more is several services.
const MAX_ROUTES: usize = 256;
const MAX_SCOPES: usize = 32;
/// A scope goes into tokens and headers.
const MAX_SCOPE: usize = 64;

/// One kind of request that a plugin serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method in capitals; GET stands for HEAD too.
    pub method: String,
    /// The pattern, such as `/items/{id}` or `/files/{*rest}`.
    pub path: String,
    /// What the caller must have proven.
    pub auth: Need,
    /// What a bearer must be allowed, all of it.
    pub scopes: Vec<String>,
    /// How long the call may take, if less than the plugin's wall time.
    pub timeout: Option<Duration>,
    /// How large the request's body may be, if less than the plugin's limit.
    pub body_limit: Option<u64>,
    /// Which apps may call it, as far as the platform's messages decide that.
    pub subscribed: Subscribed,
}

/// Which apps a route serves where the service has a platform; elsewhere it serves all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subscribed {
    /// All but those whose cancel was handled: a subscription may be older than the host, which then never heard of it.
    #[default]
    NotCancelled,
    /// Those whose subscribe was handled.
    Known,
    /// All of them.
    Off,
}

/// What the caller of a route must have proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// Nothing.
    None,
    /// Which app it is.
    App,
    /// Which app it is, and for which of its users it speaks.
    AppUser,
    /// That it holds a bearer token.
    Bearer,
    /// Something, by whatever scheme.
    Any,
    /// That it is a developer of an app, in the service's console: the route is there and nowhere else.
    Console,
}

impl Need {
    /// The word of the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::App => "app",
            Self::AppUser => "app-user",
            Self::Bearer => "bearer",
            Self::Any => "any",
            Self::Console => "console",
        }
    }
}

/// What is declared above.
#[derive(Default)]
struct Above {
    /// Methods with their patterns: both together are the name of a route, in consoles and elsewhere.
    routes: BTreeSet<(String, String)>,
    /// Patterns as requests are matched against them: of consoles, and of all others.
    consoles: Router<()>,
    services: Router<()>,
}

/// Reads all routes of a plugin that asks for these limits.
pub(super) fn read_all(root: &Table<'_>, asked: Option<&Asked>) -> Vec<Route> {
    let above = RefCell::default();
    root.or("routes", Vec::new(), tables(MAX_ROUTES, |table| read(table, asked, &mut above.borrow_mut())))
}

fn read(table: &Table<'_>, asked: Option<&Asked>, above: &mut Above) -> Option<Route> {
    let needs = [
        ("none", Need::None),
        ("app", Need::App),
        ("app-user", Need::AppUser),
        ("bearer", Need::Bearer),
        ("any", Need::Any),
        ("console", Need::Console),
    ];
    // Without a default: who may call is never left to chance.
    let auth = table.must("auth", choice(&needs));
    let method = table.must("method", method);
    let path = table.must("path", |item| {
        let path = pattern(item)?;
        let (Some(method), Some(auth)) = (&method, auth) else { return Some(path) };
        if !above.routes.insert((method.clone(), path.clone())) {
            return item.wrong("is a route already", format!("`{method} {path}` is declared above"), "remove one of the two");
        }
        let patterns = if auth == Need::Console { &mut above.consoles } else { &mut above.services };
        match patterns.insert(&path, ()) {
            Err(InsertError::Conflict { with }) if with != path => beside(item, &path, &with),
            _ => Some(path),
        }
    });
    let scopes = table.or("scopes", Vec::new(), |item| {
        let scopes = list(MAX_SCOPES, scope)(item)?;
        if auth == Some(Need::None) && !scopes.is_empty() {
            return item.wrong(
                "has no effect",
                "the route needs no proof of who calls",
                "choose another `auth`, or remove the scopes",
            );
        }
        if auth == Some(Need::Console) && !scopes.is_empty() {
            return item.wrong("can never be had", "a console's sessions have no scopes", "remove the scopes");
        }
        Some(scopes)
    });
    let wall = asked.map(|asked| asked.wall.unwrap_or(Limits::DEFAULT.wall));
    let body_in = asked.map(|asked| asked.body_in.unwrap_or(Limits::DEFAULT.body_in));
    let timeout = duration(Duration::from_millis(1)..=Duration::from_hours(24));
    let timeout = table.opt("timeout", |item| smaller(timeout(item)?, "wall", wall, show_duration, item));
    let body_limit = size(0..=1 << 40);
    let body_limit = table.opt("body-limit", |item| smaller(body_limit(item)?, "body-in", body_in, show_size, item));
    let apps = [("not-cancelled", Subscribed::NotCancelled), ("known", Subscribed::Known), ("off", Subscribed::Off)];
    let subscribed = table.or("subscribed", Subscribed::default(), choice(&apps));
    Some(Route { method: method?, path: path?, auth: auth?, scopes, timeout, body_limit, subscribed })
}

/// Two patterns that do not stand beside each other, `with` being declared above.
fn beside<T>(item: &Item<'_>, path: &str, with: &str) -> Option<T> {
    let places = path.split('/').zip(with.split('/'));
    match places.into_iter().find(|(here, there)| here.starts_with('{') && there.starts_with('{') && here != there) {
        Some((here, there)) if here.starts_with("{*") != there.starts_with("{*") => item.wrong(
            "has another kind of parameter at a place of another pattern",
            format!("`{with}` is declared above, and `{here}` and `{there}` at one place do not tell who takes what"),
            "take one of the two kinds in both, or other text before it",
        ),
        Some((here, there)) => item.wrong(
            "has another name at a place of another pattern",
            format!("`{with}` is declared above; a pattern is found before the method, and a place has one name"),
            format!("write `{there}` for `{here}`, or change the name above"),
        ),
        None => {
            let why = format!("`{with}` is declared above and fits the same paths, and those count before the method");
            item.wrong("fits no other paths", why, "write the pattern as it is above, or change one of the two")
        }
    }
}

/// What makes a limit smaller for one route; a larger one would promise what the plugin never gets.
fn smaller<T: PartialOrd + Copy>(own: T, limit: &str, of_all: Option<T>, show: fn(T) -> String, item: &Item<'_>) -> Option<T> {
    let Some(of_all) = of_all.filter(|of_all| own > *of_all) else { return Some(own) };
    let why = format!("it is {}, and the plugin's limit `{limit}` is {}", show(own), show(of_all));
    item.wrong("has no effect", why, format!("lower it, or set `{limit}` in [limits]"))
}

/// The methods of a route. CONNECT and TRACE never reach a plugin.
fn method(item: &Item<'_>) -> Option<String> {
    let method = |text: &str| {
        let plain = names::is_token(text) && !text.bytes().any(|byte| byte.is_ascii_lowercase());
        (plain && !["CONNECT", "TRACE"].contains(&text)).then(|| text.to_owned())
    };
    parsed("a method that can be routed", "write it in capitals, such as \"GET\" or \"POST\"", method)(item)
}

fn pattern(item: &Item<'_>) -> Option<String> {
    let text = string(item)?;
    match path::fault(text) {
        Some(why) => item.wrong("is not a path", why, "write a path such as \"/items\", \"/items/{id}\" or \"/files/{*rest}\""),
        None => Some(text.to_owned()),
    }
}

/// A scope as RFC 6749 has it, but within what fits everywhere: no quotes and backslashes anyway, no blanks.
fn scope(item: &Item<'_>) -> Option<String> {
    let scope = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
        (plain && (1..=MAX_SCOPE).contains(&text.len())).then(|| text.to_owned())
    };
    parsed("a scope", "write a word such as \"notes:read\"", scope)(item)
}
