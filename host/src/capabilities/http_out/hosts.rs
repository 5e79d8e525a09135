//! Patterns of hosts: what a manifest asks for, what an operator allows, and where a request goes.

use reqwest::Url;

/// `name` or `*.name`, each with an optional `:port`, or `*`.
///
/// Without a port it means the scheme's own. `*` stands for every host at every port: only a manifest has it, and means
/// "wherever the operator sends it".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    Any,
    Host { below: bool, name: String, port: Option<u16> },
}

impl Pattern {
    /// From what the configuration's and the manifest's grammar has accepted.
    pub(super) fn new(text: &str) -> Self {
        if text == "*" {
            return Self::Any;
        }
        let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, port.parse().ok()));
        let (below, name) = name.strip_prefix("*.").map_or((false, name), |name| (true, name));
        Self::Host { below, name: name.to_owned(), port }
    }

    /// Whether the pattern means the host that a URL names.
    pub(super) fn means(&self, url: &Url) -> bool {
        let Self::Host { below, name, port } = self else { return true };
        let Some(host) = url.host_str() else { return false };
        let named = if *below { is_below(host, name) } else { host == name };
        // `Url::port` is `None` for the scheme's own.
        named && port.map_or(url.port().is_none(), |port| url.port_or_known_default() == Some(port))
    }

    /// Whether there may be a host that both patterns mean.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let (Self::Host { below, name, port }, Self::Host { below: other_below, name: other, port: other_port }) = (self, other)
        else {
            return true;
        };
        let names =
            name == other && below == other_below || *below && is_below(other, name) || *other_below && is_below(name, other);
        let own = |port: &Option<u16>| port.is_none_or(|port| port == 80 || port == 443);
        names && (port == other_port || (port.is_none() || other_port.is_none()) && own(port) && own(other_port))
    }
}

fn is_below(host: &str, parent: &str) -> bool {
    host.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(pattern: &str, url: &str) -> bool {
        Pattern::new(pattern).means(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_pattern_means_its_host_at_its_port() {
        let table = [
            ("api.example.com", "https://api.example.com/", true),
            ("api.example.com", "http://API.example.com:80/", true),
            ("api.example.com", "https://api.example.com:443/", true),
            ("api.example.com", "https://api.example.com:8443/", false),
            ("api.example.com", "http://api.example.com:443/", false),
            ("api.example.com", "https://api.example.com./", false),
            ("api.example.com", "https://evil-api.example.com/", false),
            ("api.example.com", "https://api.example.com.evil.net/", false),
            ("api.example.com:8443", "https://api.example.com:8443/", true),
            ("api.example.com:443", "https://api.example.com/", true),
            ("api.example.com:8443", "https://api.example.com/", false),
            ("*.example.com", "https://a.b.example.com/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://evilexample.com/", false),
            ("*.example.com:81", "http://a.example.com:81/", true),
            ("127.0.0.1:81", "http://127.0.0.1:81/", true),
            // Other ways to write the same address are the same host; so is no other host.
            ("127.0.0.1", "http://0x7f.1/", true),
            ("127.0.0.1", "http://2130706433/", true),
            ("127.0.0.1", "http://[::ffff:127.0.0.1]/", false),
            ("*", "http://anything:1/", true),
        ];
        for (pattern, url, expected) in table {
            assert_eq!(means(pattern, url), expected, "{pattern} {url}");
        }
    }

    #[test]
    fn patterns_overlap_where_one_host_fits_both() {
        let table = [
            ("a.example.com", "a.example.com", true),
            ("a.example.com", "b.example.com", false),
            ("a.example.com", "*.example.com", true),
            ("*.example.com", "*.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "*.example.org", false),
            ("a.example.com", "a.example.com:443", true),
            ("a.example.com", "a.example.com:8443", false),
            ("a.example.com:80", "a.example.com:443", false),
            ("*", "127.0.0.1:81", true),
        ];
        for (one, other, expected) in table {
            let (one, other) = (Pattern::new(one), Pattern::new(other));
            assert_eq!((one.overlaps(&other), other.overlaps(&one)), (expected, expected), "{one:?} {other:?}");
        }
    }
}
