//! Which back service a request is for: by host name, or by the prefix `/s/<service-key>`.

use std::{borrow::Cow, sync::Arc};

use http::{Method, Version, header::HOST, request::Parts, uri::Authority};

use super::{
    authenticate::console::Console,
    respond::Refusal,
    service::{Hosted, Origin, Service, Services},
};

/// A request that has found its service.
#[derive(Debug)]
pub struct Addressed<'s> {
    pub service: &'s Arc<Service>,
    pub origin: Origin,
    /// Percent-decoded, below the service's root, with a leading slash: what routes are matched against.
    pub path: String,
    /// As it was sent, below the service's root: what the plugin is given.
    pub path_with_query: String,
}

impl Addressed<'_> {
    /// The console that it came to, if it came to one.
    pub fn console(&self) -> Option<&Console> {
        self.service.console.as_ref().filter(|_| self.origin == Origin::Console)
    }
}

/// What the request's host name stands for, if it is one of a service's.
pub fn hosted<'s>(services: &'s Services, parts: &Parts) -> Option<&'s Hosted> {
    let host = parts.uri.host().or_else(|| parts.headers.get(HOST).and_then(|host| host.to_str().ok()));
    services.by_host(host?)
}

/// Whether the request names one host, or none where it need not (RFC 9112 §3.2, RFC 9113 §8.3.1): services are found by it, and
/// what stands in front of the host may have read another line than the host does. In HTTP/1 the host of a request target counts,
/// whatever the header says; in HTTP/2 both must say the same. Fails with [`Refusal::BadRequest`].
pub fn is_named(parts: &Parts) -> Result<(), Refusal> {
    let mut lines = parts.headers.get_all(HOST).iter();
    let authority = parts.uri.authority().map(Authority::as_str);
    match (lines.next(), lines.next()) {
        (None, _) if parts.version == Version::HTTP_11 => Err(Refusal::BadRequest("a request of HTTP/1.1 names its host")),
        (Some(_), Some(_)) => Err(Refusal::BadRequest("the request names its host twice")),
        (Some(host), None) if !is_host(host.as_bytes()) => Err(Refusal::BadRequest("the header `Host` is no host name")),
        _ if authority.is_some_and(|authority| !is_host(authority.as_bytes())) => {
            Err(Refusal::BadRequest("the request target names no host"))
        }
        (Some(host), None)
            if parts.version == Version::HTTP_2
                && authority.is_some_and(|authority| !authority.as_bytes().eq_ignore_ascii_case(host.as_bytes())) =>
        {
            Err(Refusal::BadRequest("`:authority` and the header `Host` name two hosts"))
        }
        _ => Ok(()),
    }
}

/// Whether it is a host with or without a port, or empty (RFC 3986 §3.2.2 and §3.2.3).
fn is_host(text: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(byte);
    let (is_well, port) = match text.strip_prefix(b"[") {
        // An address between brackets; whether it is one is nothing to whoever compares names.
        Some(literal) => {
            let end = literal.iter().position(|byte| *byte == b']').unwrap_or(literal.len());
            let (address, after) = literal.split_at(end);
            (
                address.iter().all(|byte| is_of_name(byte) || *byte == b':') && !after.is_empty(),
                after.get(1..).unwrap_or_default(),
            )
        }
        None => {
            let (name, port) = text.split_at(text.iter().position(|byte| *byte == b':').unwrap_or(text.len()));
            (name.iter().all(is_of_name), port)
        }
    };
    let is_port = port.split_first().is_none_or(|(first, digits)| *first == b':' && digits.iter().all(u8::is_ascii_digit));
    is_well && is_port
}

/// Finds the service. Fails with [`Refusal::NoService`] or [`Refusal::BadRequest`].
pub fn address<'s>(services: &'s Services, hosted: Option<&'s Hosted>, parts: &Parts) -> Result<Addressed<'s>, Refusal> {
    let path = parts.uri.path();
    if parts.method == Method::CONNECT || !path.starts_with('/') {
        return Err(Refusal::BadRequest("the request target is not a path"));
    }
    let (service, origin, rest) = match hosted {
        Some(hosted) => (&hosted.service, hosted.origin, path),
        None => {
            let (key, rest) = split_prefix(path).ok_or(Refusal::NoService)?;
            (services.by_key(key).ok_or(Refusal::NoService)?, Origin::Shared, rest)
        }
    };
    let rest = if rest.is_empty() { "/" } else { rest };
    let path = decode(rest).map_err(Refusal::BadRequest)?.into_owned();
    let path_with_query = match parts.uri.query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    Ok(Addressed { service, origin, path, path_with_query })
}

/// `/s/<key>` and what follows it.
fn split_prefix(path: &str) -> Option<(&str, &str)> {
    let after = path.strip_prefix("/s/")?;
    Some(after.split_at(after.find('/').unwrap_or(after.len())))
}

/// Percent-decodes a path once, and refuses whatever could mean two things to two readers: encoded slashes, backslashes,
/// control characters, `.` and `..` segments, bytes that are not UTF-8.
fn decode(path: &str) -> Result<Cow<'_, str>, &'static str> {
    let decoded = if path.contains('%') { percent_decode(path)? } else { Cow::Borrowed(path) };
    if decoded.bytes().any(|byte| byte.is_ascii_control() || byte == b'\\') {
        return Err("the path holds a control character or a backslash");
    }
    if decoded.contains("/.") && decoded.split('/').any(|segment| segment == "." || segment == "..") {
        return Err("the path holds a `.` or `..` segment");
    }
    Ok(decoded)
}

fn percent_decode(path: &str) -> Result<Cow<'_, str>, &'static str> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let (digits, after) = after.split_at_checked(2).ok_or("the path's percent-encoding is broken")?;
        let mut byte = [0];
        hex::decode_to_slice(digits, &mut byte).map_err(|_| "the path's percent-encoding is broken")?;
        if byte[0] == b'/' {
            return Err("the path holds an encoded slash");
        }
        bytes.push(byte[0]);
        rest = after;
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| "the path is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_in_brackets_and_a_port() {
        for good in ["", "a", "A.example", "a:", "a:80", "127.0.0.1:8080", "[::1]", "[::1]:80", "%61"] {
            assert!(is_host(good.as_bytes()), "{good}");
        }
        for bad in [
            "a b", "a/b", "b@a", "a:evil", "a:1:2", "::1", "[::1", "[::1]a", "[::1]:a", "a[b]", "]", "a]:80", "[[::1]]",
            "a\u{e9}",
        ] {
            assert!(!is_host(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn a_prefix_names_the_service() {
        assert_eq!(split_prefix("/s/notes"), Some(("notes", "")));
        assert_eq!(split_prefix("/s/notes/items/1"), Some(("notes", "/items/1")));
        assert_eq!(split_prefix("/s/"), Some(("", "")));
        assert_eq!(split_prefix("/other"), None);
    }

    #[test]
    fn a_path_is_decoded_once_and_ambiguous_ones_are_refused() {
        assert_eq!(decode("/a b/%E5%BC%A0").as_deref(), Ok("/a b/张"));
        assert_eq!(decode("/%2541").as_deref(), Ok("/%41"));
        assert_eq!(decode("/a..b/.c/...").as_deref(), Ok("/a..b/.c/..."));
        for bad in [
            "/%2f",
            "/%2Fetc",
            "/a%5Cb",
            "/a\\b",
            "/%00",
            "/%0a",
            "/..",
            "/a/../b",
            "/%2e%2e/b",
            "/.",
            "/%",
            "/%4",
            "/%zz",
            "/%ff",
        ] {
            assert!(decode(bad).is_err(), "{bad}");
        }
    }
}
