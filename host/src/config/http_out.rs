//! `[services.<key>.http-out]`: the hosts a service's plugin may call.

use crate::toml_reader::{
    Item, Table, names,
    values::{list, parsed, tables},
};

/// A plugin that talks to more hosts than this wants a pattern.
const MAX_HOSTS: usize = 256;
/// Credentials are few.
const MAX_INJECTED: usize = 64;
/// Headers that frame a request or name its target: the host alone sets them.
const FRAMING: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The hosts a service's plugin may call, as far as its manifest asks for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpOutGrant {
    /// `name` or `*.name`, each with an optional `:port`, in lower case.
    pub hosts: Vec<String>,
    /// The names of those that may resolve to private, loopback or link-local addresses.
    pub private: Vec<String>,
    /// Secrets that are sent along without the plugin seeing them.
    pub inject: Vec<Inject>,
}

/// A secret that the host adds as a header to a plugin's requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inject {
    /// The host name the secret is meant for; it goes nowhere else.
    pub host: String,
    /// The header's name, in lower case.
    pub header: String,
    /// The name of the secret in `[services.<key>.secrets]`.
    pub secret: String,
}

/// Reads the grant of a service that names these secrets.
pub(super) fn read(table: &Table<'_>, secrets: &[String]) -> HttpOutGrant {
    let before = table.problems();
    let hosts = table.or("hosts", Vec::new(), list(MAX_HOSTS, names::hosts));
    // Wrong entries are missing from `hosts`; what only they might cover is not to be blamed.
    let complete = table.problems() == before;
    // A host that may not be called at all is a slip in one of the two lists.
    let granted = |item: &Item<'_>| {
        let name = names::host(item)?;
        if !complete || hosts.iter().any(|pattern| covers(pattern, &name)) {
            return Some(name);
        }
        item.wrong("is not among the hosts of this grant", format!("`hosts` does not cover `{name}`"), "add it to `hosts` too")
    };
    let inject = |table: &Table<'_>| {
        let host = table.must("host", granted);
        let header = table.must("header", header);
        let secret = table.must("secret", |item| {
            let name = names::key(item)?;
            if secrets.contains(&name) {
                return Some(name);
            }
            item.wrong(
                "is not a secret of this service",
                "",
                format!("add `{name} = {{ file = \"…\" }}` to the service's secrets"),
            )
        });
        Some(Inject { host: host?, header: header?, secret: secret? })
    };
    HttpOutGrant {
        private: table.or("private", Vec::new(), list(MAX_HOSTS, granted)),
        inject: table.or("inject", Vec::new(), tables(MAX_INJECTED, inject)),
        hosts,
    }
}

/// Whether a pattern of `hosts` covers the name, on whatever port.
fn covers(pattern: &str, name: &str) -> bool {
    let pattern = pattern.split(':').next().unwrap_or_default();
    match pattern.strip_prefix("*.") {
        Some(parent) => name.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => pattern == name,
    }
}

fn header(item: &Item<'_>) -> Option<String> {
    let name = |text: &str| {
        let name = text.to_ascii_lowercase();
        (names::is_token(&name) && !FRAMING.contains(&name.as_str())).then_some(name)
    };
    parsed(
        "a header that can be added",
        "write a name like \"authorization\"; the host itself sets those that frame a request",
        name,
    )(item)
}
