//! Which headers cross the border between host and plugin, in both directions.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, COOKIE, FORWARDED, HOST, REFERER, REFERRER_POLICY,
        SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    },
    uri::Authority,
};

use super::{
    authenticate::{OCEAN_AUTH, console::cookie},
    listen::MAX_HEADERS,
    respond::Refusal,
    service::Origin,
};
use crate::runtime::state::is_hop_by_hop;

/// The most headers of a request; HTTP/1 is held to it before it gets here.
const MAX_COUNT: usize = 100;

/// Whether the headers are few and short enough, however they came. Fails with [`Refusal::HeadersTooLarge`].
pub fn within(headers: &HeaderMap) -> Result<(), Refusal> {
    // `: ` and the end of the line: as HTTP/1 has them.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    for (limit, asked, allowed) in [("headers", bytes, MAX_HEADERS), ("header-count", headers.len(), MAX_COUNT)] {
        if asked > allowed {
            return Err(Refusal::HeadersTooLarge { limit, asked: asked as u64, allowed: allowed as u64 });
        }
    }
    Ok(())
}

/// What a plugin sees of a request's headers: no credential of any scheme, nothing of one hop, which is also what `Connection`
/// names (RFC 9110 §7.6.1), nothing that imitates the host's own, and no cookie unless the service has the origin to itself; none
/// of the host's in any case. `Host` is the `authority` of the request target where that has one (RFC 9112 §3.2.2), as always on
/// HTTP/2.
pub fn for_guest(mut headers: HeaderMap, origin: Origin, authority: Option<&Authority>) -> HeaderMap {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .into_iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect();
    let is_hidden = |name: &HeaderName| match *name {
        COOKIE => origin == Origin::Shared,
        // An address with an auth code in it; browsers are told not to send one, and this is for those that do.
        REFERER => origin == Origin::Console,
        _ => is_credential(name) || is_hop_by_hop(name) || is_hosts_own(name),
    };
    let hidden: Vec<HeaderName> = headers.keys().filter(|name| is_hidden(name)).cloned().collect();
    for name in hidden.into_iter().chain(named) {
        headers.remove(name);
    }
    cookie::hide(&mut headers);
    if let Some(host) = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok()) {
        headers.insert(HOST, host);
    }
    headers
}

/// Takes out of a plugin's response what only the host may say, and what would reach other services: on a shared origin all
/// cookies, elsewhere those for more than the service's own host name, and nowhere may it set the host's own.
pub fn from_guest(headers: &mut HeaderMap, origin: Origin) {
    // They speak for all of an origin: its data, its connections, and where browsers report what they ask of it.
    const ORIGIN_WIDE: [&str; 9] = [
        "clear-site-data",
        "service-worker-allowed",
        "origin-agent-cluster",
        "nel",
        "report-to",
        "reporting-endpoints",
        "alt-svc",
        "accept-ch",
        "critical-ch",
    ];
    let hidden: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            name.as_str().starts_with("access-control-")
                || is_hosts_own(name)
                || **name == STRICT_TRANSPORT_SECURITY
                || (origin == Origin::Shared && **name == SET_COOKIE)
                || (origin != Origin::Own && ORIGIN_WIDE.contains(&name.as_str()))
        })
        .cloned()
        .collect();
    for name in hidden {
        headers.remove(name);
    }
    keep_cookies(headers, |set_cookie| !cookie::is_own(set_cookie) && !cookie::is_for_others(set_cookie));
}

/// Keeps those `Set-Cookie` headers of which `keep` holds.
fn keep_cookies(headers: &mut HeaderMap, keep: impl Fn(&HeaderValue) -> bool) {
    if headers.get_all(SET_COOKIE).iter().all(&keep) {
        return;
    }
    let kept: Vec<HeaderValue> = headers.get_all(SET_COOKIE).into_iter().filter(|value| keep(value)).cloned().collect();
    headers.remove(SET_COOKIE);
    for value in kept {
        headers.append(SET_COOKIE, value);
    }
}

/// What every answer of a console says, whatever its plugin says: it is nobody else's page, and it stays within itself.
///
/// A policy of the plugin's own takes the place of the usual one and never of its floor: several policies hold together.
pub fn of_console(headers: &mut HeaderMap) {
    const FLOOR: &str = "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; worker-src 'none'";
    const USUAL: &str = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; worker-src 'none'";
    let policy = if headers.contains_key(CONTENT_SECURITY_POLICY) { FLOOR } else { USUAL };
    headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    // With `no-referrer` browsers would send `Origin: null` with the console's own forms.
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

fn is_credential(name: &HeaderName) -> bool {
    *name == AUTHORIZATION || name == OCEAN_AUTH || name == "accesstoken"
}

/// Names under which hosts and proxies speak; a client that sends them imitates one. With underscores too: what stands in a
/// plugin between HTTP and a program of the CGI kind (RFC 3875 §4.1.18) makes the same name of both.
fn is_hosts_own(name: &HeaderName) -> bool {
    let is = |name: &str| {
        name.starts_with("x-wharf-") || name.starts_with("x-forwarded-") || name == "x-real-ip" || name == FORWARDED.as_str()
    };
    let name = name.as_str();
    if name.contains('_') { is(&name.replace('_', "-")) } else { is(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in front of the host may have sent both, and has decided by the target alone.
    #[test]
    fn a_plugin_is_told_the_host_of_the_request_target() {
        let headers = || HeaderMap::from_iter([(HOST, HeaderValue::from_static("of.the.line"))]);
        let authority = Authority::from_static("of.the.target:8080");
        assert_eq!(for_guest(headers(), Origin::Own, Some(&authority)).get(HOST).unwrap(), "of.the.target:8080");
        assert_eq!(for_guest(headers(), Origin::Own, None).get(HOST).unwrap(), "of.the.line");
        assert_eq!(for_guest(HeaderMap::new(), Origin::Own, Some(&authority)).get(HOST).unwrap(), "of.the.target:8080");
    }
}
