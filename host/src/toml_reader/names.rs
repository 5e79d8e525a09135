//! The grammars of names that configuration and manifest share. Whatever passes them is safe to print.

use super::{Item, values::parsed};

/// `[a-z0-9][a-z0-9_-]{0,62}`: service keys, stores, secrets, settings. They stand in paths, host names and file names.
pub(crate) fn is_key(text: &str) -> bool {
    (1..=63).contains(&text.len()) && !text.starts_with(['-', '_']) && text.bytes().all(|byte| is_lower(byte) || byte == b'_')
}

/// What [`is_key`] accepts, in words.
pub(crate) const KEY_FIX: &str = "use 1 to 63 lower-case letters, digits, `-` and `_`, beginning with a letter or digit";

/// Reads a name that [`is_key`] accepts.
pub(crate) fn key(item: &Item<'_>) -> Option<String> {
    parsed("a name", KEY_FIX, |text| is_key(text).then(|| text.to_owned()))(item)
}

/// A host name or IPv4 address without port, in lower case. Underscores, trailing dots and IPv6 are not accepted.
pub(crate) fn host_name(text: &str) -> Option<String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(is_lower) && !label.starts_with('-') && !label.ends_with('-')
    };
    let name = text.to_ascii_lowercase();
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}

/// Reads what [`host_name`] accepts.
pub(crate) fn host(item: &Item<'_>) -> Option<String> {
    parsed("a host name", "write a name like \"notes.example.com\", without scheme, port or path", host_name)(item)
}

/// `name`, `*.name`, each with an optional `:port`, in lower case: hosts that a plugin may call.
///
/// `*.name` stands for every name below `name` and not for `name` itself.
pub(crate) fn host_pattern(text: &str) -> Option<String> {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let (star, name) = name.strip_prefix("*.").map_or(("", name), |name| ("*.", name));
    let name = host_name(name)?;
    match port {
        None => Some(format!("{star}{name}")),
        // Digits only, because parsing a number accepts a plus sign.
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            let port = port.parse().ok().filter(|port: &u16| *port > 0)?;
            Some(format!("{star}{name}:{port}"))
        }
        Some(_) => None,
    }
}

/// Reads what [`host_pattern`] accepts.
pub(crate) fn hosts(item: &Item<'_>) -> Option<String> {
    let fix = "write \"api.example.com\" or \"*.example.com\", with \":port\" where it is not the scheme's own";
    parsed("a host name or `*.` and one", fix, host_pattern)(item)
}

/// 24 hex digits: the ids of the platform's records.
pub(crate) fn is_object_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An HTTP token, the grammar of methods and header names.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a character may be shown as it is: no control characters, nothing that reorders or breaks a line.
pub(crate) fn is_shown(c: char) -> bool {
    let reorders = matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !reorders && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}
