//! Which headers cross the border between host and plugin, in both directions.

use http::{
    HeaderMap, HeaderName,
    header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, FORWARDED, SET_COOKIE, STRICT_TRANSPORT_SECURITY},
};

use super::{authenticate::OCEAN_AUTH, listen::MAX_HEADERS, respond::Refusal};
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

/// What a plugin sees of a request's headers: no credential of any scheme, nothing of one hop, nothing that imitates the
/// host's own, and no cookie unless the service has the origin to itself.
pub fn for_guest(mut headers: HeaderMap, own_host: bool) -> HeaderMap {
    let hidden: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_credential(name) || is_hop_by_hop(name) || is_hosts_own(name) || (**name == COOKIE && !own_host))
        .cloned()
        .collect();
    for name in hidden {
        headers.remove(name);
    }
    headers
}

/// Takes out of a plugin's response what only the host may say, and on a shared origin what would reach other services.
pub fn from_guest(headers: &mut HeaderMap, own_host: bool) {
    const ORIGIN_WIDE: [&str; 3] = ["clear-site-data", "service-worker-allowed", "origin-agent-cluster"];
    let hidden: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            name.as_str().starts_with("access-control-")
                || is_hosts_own(name)
                || **name == STRICT_TRANSPORT_SECURITY
                || (!own_host && (**name == SET_COOKIE || ORIGIN_WIDE.contains(&name.as_str())))
        })
        .cloned()
        .collect();
    for name in hidden {
        headers.remove(name);
    }
}

fn is_credential(name: &HeaderName) -> bool {
    *name == AUTHORIZATION || name == OCEAN_AUTH || name == "accesstoken"
}

/// Names under which hosts and proxies speak; a client that sends them imitates one.
fn is_hosts_own(name: &HeaderName) -> bool {
    let name_text = name.as_str();
    name_text.starts_with("x-wharf-") || name_text.starts_with("x-forwarded-") || name_text == "x-real-ip" || *name == FORWARDED
}

/// Headers of a response without a body keep no length either.
pub fn drop_length(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
}
