//! `public-url`: the address under which clients reach the host.

use std::net::Ipv6Addr;

use crate::toml_reader::{Item, names::host_name, values::parsed};

/// Reads scheme, host and port; a final slash is dropped.
pub(super) fn read(item: &Item<'_>) -> Option<String> {
    let fix = "write scheme, host and port, such as \"https://wharf.example.com\", without user, path or query";
    parsed("a public URL", fix, parse)(item)
}

fn parse(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = ["https", "http"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (format!("[{}]", address.parse::<Ipv6Addr>().ok()?), port)
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            (host_name(&authority[..end])?, &authority[end..])
        }
    };
    if port.is_empty() {
        return Some(format!("{scheme}://{host}"));
    }
    let digits = port.strip_prefix(':').filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()))?;
    let port = digits.parse().ok().filter(|port: &u16| *port > 0)?;
    Some(format!("{scheme}://{host}:{port}"))
}
