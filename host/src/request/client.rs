//! The client's address, where proxies stand between.
//!
//! Only `X-Forwarded-For` counts. `Forwarded` means the same, but a proxy that sets one of them passes the other on as the
//! client sent it: whoever believes both can be lied to.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use crate::config::Network;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// More than any chain of proxies has; what stands further left is not looked at.
const MAX_HOPS: usize = 32;

/// The address that a request came from: `peer`, unless that is a trusted proxy. Then the header is read from its end, which
/// is what the nearest proxy wrote, as far as each address is a trusted proxy again; the first that is not, is the client's.
/// What is no address ends the walk at the proxy that let it pass.
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    if trusted.is_empty() || !is_trusted(client) {
        return client;
    }
    let hops = headers.get_all(X_FORWARDED_FOR).into_iter().rev();
    let hops = hops.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')).take(MAX_HOPS);
    for hop in hops {
        let Some(address) = parse(hop) else { break };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// What limits count as one address: of IPv6 a /64, because that much every customer of a provider has to choose from.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// An address as proxies write it: alone, with a port, or in brackets.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim_matches([' ', '\t']);
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address: Option<IpAddr> = bare.parse().ok();
    address.or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip())).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use http::HeaderValue;

    use super::*;
    use crate::config::Config;

    fn trusted() -> Vec<Network> {
        let text = "[listen]\ntrusted-proxies = [\"10.0.0.0/8\", \"127.0.0.1\", \"fd00::/8\"]";
        Config::parse(text, Path::new("wharf.toml")).unwrap().listen.trusted_proxies
    }

    #[test]
    fn the_header_is_believed_as_far_as_trusted_proxies_wrote_it() {
        for (peer, forwarded, client) in [
            // Nobody trusted: what the header says does not matter.
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            // One proxy.
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
            // What a client put there itself stands further left.
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.7, 198.51.100.1"], "198.51.100.1"),
            // Two proxies, in one header and in two.
            ("10.0.0.1", &["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),
            // A client within the trusted networks.
            ("10.0.0.1", &["10.0.0.3,10.0.0.2"], "10.0.0.3"),
            // Nothing there, or nothing that is an address: the last that is known.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["198.51.100.1, 10.0.0.2,"], "10.0.0.1"),
            // Ports and brackets.
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(X_FORWARDED_FOR, HeaderValue::from_static(value));
            }
            let found = address(peer.parse().unwrap(), &headers, &trusted());
            assert_eq!(found, client.parse::<IpAddr>().unwrap(), "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn without_trusted_proxies_the_peer_is_the_client() {
        let mut headers = HeaderMap::new();
        headers.insert(X_FORWARDED_FOR, HeaderValue::from_static("198.51.100.1"));
        assert_eq!(address([127, 0, 0, 1].into(), &headers, &[]), IpAddr::from([127, 0, 0, 1]));
    }

    #[test]
    fn a_chain_without_end_is_not_followed() {
        let mut headers = HeaderMap::new();
        let chain = format!("198.51.100.1{}", ", 10.0.0.2".repeat(5_000));
        headers.insert(X_FORWARDED_FOR, HeaderValue::from_str(&chain).unwrap());
        assert_eq!(address([10, 0, 0, 1].into(), &headers, &trusted()), IpAddr::from([10, 0, 0, 2]));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        assert_eq!(network("2001:db8:0:1::1".parse().unwrap()), network("2001:db8:0:1:ffff::2".parse().unwrap()));
        assert_ne!(network("2001:db8:0:1::1".parse().unwrap()), network("2001:db8:0:2::1".parse().unwrap()));
        assert_eq!(network("::ffff:10.0.0.1".parse().unwrap()), IpAddr::from([10, 0, 0, 1]));
    }
}
