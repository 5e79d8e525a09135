//! `[permissions.required.…]` and `[permissions.optional.…]`: what a plugin asks an admin for, and why.

use crate::toml_reader::{
    Item, Table, names,
    values::{list, parsed, text},
    within,
};

/// Names in one permission; an admin reads them all.
const MAX_NAMES: usize = 64;
/// Shown beside the permission: two lines of a terminal.
const MAX_REASON: usize = 300;

/// One thing a plugin asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// What it wants to do.
    pub capability: Capability,
    /// What it says to the admin about it.
    pub reason: String,
    /// Whether it does not work without.
    pub required: bool,
}

/// What a plugin can ask for. Logging and its own settings it has without asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capability {
    /// To keep values in stores of these names.
    Kv {
        /// One store of each name for each app.
        stores: Vec<String>,
        /// One store of each name for all apps.
        shared: Vec<String>,
    },
    /// To send requests to other servers.
    HttpOut {
        /// `name` or `*.name`, each with an optional `:port`, or `*`: wherever the operator sends it.
        hosts: Vec<String>,
        /// The methods it uses, in capitals.
        methods: Vec<String>,
    },
    /// To see secrets of these names.
    Secrets {
        /// Their names in the service's configuration.
        names: Vec<String>,
    },
    /// To use a directory of its own.
    Data,
    /// To make and change users of apps that subscribed, and to fetch their access tokens.
    AppUsers,
    /// To look up apps that subscribed.
    Apps,
    /// To send mail to users of the app that calls.
    Mail,
}

pub(super) fn read_all(table: &Table<'_>) -> Vec<Permission> {
    let mut permissions = table.table("required", |table| group(table, true));
    permissions.extend(table.table("optional", |table| group(table, false)));
    permissions
}

fn group(table: &Table<'_>, required: bool) -> Vec<Permission> {
    let permission = |table: &Table<'_>, capability: Option<Capability>| {
        let reason = table.must("reason", text(MAX_REASON));
        Some(Permission { capability: capability?, reason: reason?, required })
    };
    let all = [
        table.opt("kv", |item| within(|table| permission(table, kv(table, item)))(item)),
        table.opt("http-out", within(|table| permission(table, http_out(table)))),
        table.opt("secrets", within(|table| permission(table, secrets(table)))),
        table.opt("data", within(|table| permission(table, Some(Capability::Data)))),
        table.opt("app-users", within(|table| permission(table, Some(Capability::AppUsers)))),
        table.opt("apps", within(|table| permission(table, Some(Capability::Apps)))),
        table.opt("mail", within(|table| permission(table, Some(Capability::Mail)))),
    ];
    all.into_iter().flatten().collect()
}

fn kv(table: &Table<'_>, item: &Item<'_>) -> Option<Capability> {
    let before = table.problems();
    let stores = table.or("stores", Vec::new(), list(MAX_NAMES, names::key));
    let shared = table.or("shared", Vec::new(), list(MAX_NAMES, names::key));
    if stores.is_empty() && shared.is_empty() && table.problems() == before {
        return item.wrong("asks for nothing", "", "name at least one store in `stores` or `shared`, or remove the permission");
    }
    Some(Capability::Kv { stores, shared })
}

fn http_out(table: &Table<'_>) -> Option<Capability> {
    let hosts = table.must("hosts", some(host));
    // Reading is the least there is to ask for; whoever writes says so.
    let methods = table.or("methods", vec!["GET".to_owned()], some(method));
    Some(Capability::HttpOut { hosts: hosts?, methods })
}

fn secrets(table: &Table<'_>) -> Option<Capability> {
    Some(Capability::Secrets { names: table.must("names", some(names::key))? })
}

/// A host, or `*`: the operator always names hosts, so asking for any of them gives away nothing.
fn host(item: &Item<'_>) -> Option<String> {
    let host = |text: &str| if text == "*" { Some(text.to_owned()) } else { names::host_pattern(text) };
    let fix = "write \"api.example.com\", \"*.example.com\", or \"*\" for hosts of the operator's choice";
    parsed("a host name", fix, host)(item)
}

fn method(item: &Item<'_>) -> Option<String> {
    let method =
        |text: &str| (names::is_token(text) && !text.bytes().any(|byte| byte.is_ascii_lowercase())).then(|| text.to_owned());
    parsed("a method", "write it in capitals, such as \"GET\" or \"POST\"", method)(item)
}

/// A list with something in it.
fn some<'a>(read: impl Fn(&Item<'a>) -> Option<String>) -> impl Fn(&Item<'a>) -> Option<Vec<String>> {
    let read = list(MAX_NAMES, read);
    move |item| match item.elements() {
        Some(elements) if elements.is_empty() => item.wrong("is empty", "", "name at least one, or remove the permission"),
        _ => read(item),
    }
}
