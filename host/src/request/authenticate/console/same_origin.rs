//! What changes things must come from the console's own pages (CSRF).
//!
//! The cookie is `SameSite=Lax`, so requests of other *sites* that change things come without it anyway; but a sibling host
//! name is the same site, and old browsers know no SameSite. So browsers are asked what they say of where the request comes
//! from: `Sec-Fetch-Site`, and `Origin`. A request that says neither is refused: browsers of the last years send at least one
//! with every POST, and what is no browser has no session.

use http::{
    Method,
    header::{HOST, ORIGIN},
    request::Parts,
};

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Why a request is taken for another site's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrossSite {
    /// `Sec-Fetch-Site` is there and not `same-origin`.
    FetchSite,
    /// `Origin` is there and not the console's.
    Origin,
    /// Neither is there.
    Unsaid,
}

impl CrossSite {
    /// The word of the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FetchSite => "sec_fetch_site",
            Self::Origin => "origin",
            Self::Unsaid => "no_origin",
        }
    }
}

/// Lets pass what only reads, and what both headers, as far as they are there, call the console's own. `is_https` is whether
/// browsers come by https; then pages that did not are none of the console's.
pub fn check(parts: &Parts, is_https: bool) -> Result<(), CrossSite> {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return Ok(());
    }
    let mut said = false;
    for site in parts.headers.get_all(SEC_FETCH_SITE) {
        said = true;
        if site.as_bytes() != b"same-origin" {
            return Err(CrossSite::FetchSite);
        }
    }
    for origin in parts.headers.get_all(ORIGIN) {
        said = true;
        let own = origin.to_str().is_ok_and(|origin| authority(parts).is_some_and(|host| is_own(origin, host, is_https)));
        if !own {
            return Err(CrossSite::Origin);
        }
    }
    if said { Ok(()) } else { Err(CrossSite::Unsaid) }
}

/// Host and port as the client wrote them.
fn authority(parts: &Parts) -> Option<&str> {
    match parts.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => parts.headers.get(HOST)?.to_str().ok(),
    }
}

/// Whether `origin` is that of pages of `host`, to the port.
fn is_own(origin: &str, host: &str, is_https: bool) -> bool {
    let (page, port) = match (origin.strip_prefix("https://"), origin.strip_prefix("http://")) {
        (Some(page), _) => (page, ":443"),
        // A proxy that speaks TLS for a host that does not know of it is the operator's to say, by `public-url`.
        (None, Some(page)) if !is_https => (page, ":80"),
        _ => return false,
    };
    let bare = |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    bare(page) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(method: &str, host: &str, headers: &[(&str, &str)], is_https: bool) -> Result<(), CrossSite> {
        let request = http::Request::builder().method(method).uri("/").header("host", host);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        check(&request.body(()).unwrap().into_parts().0, is_https)
    }

    #[test]
    fn what_only_reads_may_come_from_anywhere() {
        for method in ["GET", "HEAD"] {
            let headers = [("origin", "https://evil.example"), (SEC_FETCH_SITE, "cross-site")];
            assert_eq!(judged(method, "c.example.com", &headers, true), Ok(()));
        }
    }

    #[test]
    fn what_changes_things_comes_from_the_console_itself() {
        const HOST: &str = "c.example.com";
        const OWN: (&str, &str) = ("origin", "https://c.example.com");
        const SAME: (&str, &str) = (SEC_FETCH_SITE, "same-origin");
        for (headers, expected) in [
            (&[][..], Err(CrossSite::Unsaid)),
            (&[OWN], Ok(())),
            (&[SAME], Ok(())),
            (&[OWN, SAME], Ok(())),
            (&[OWN, (SEC_FETCH_SITE, "same-site")], Err(CrossSite::FetchSite)),
            (&[OWN, (SEC_FETCH_SITE, "cross-site")], Err(CrossSite::FetchSite)),
            (&[OWN, (SEC_FETCH_SITE, "none")], Err(CrossSite::FetchSite)),
            (&[OWN, (SEC_FETCH_SITE, "")], Err(CrossSite::FetchSite)),
            (&[SAME, (SEC_FETCH_SITE, "cross-site")], Err(CrossSite::FetchSite)),
            (&[SAME, ("origin", "https://evil.example")], Err(CrossSite::Origin)),
            (&[SAME, ("origin", "null")], Err(CrossSite::Origin)),
            (&[SAME, OWN, ("origin", "https://evil.example")], Err(CrossSite::Origin)),
            (&[("origin", "")], Err(CrossSite::Origin)),
            (&[("origin", "https://c.example.com.evil.example")], Err(CrossSite::Origin)),
            (&[("origin", "https://evil.example/c.example.com")], Err(CrossSite::Origin)),
            (&[("origin", "https://d.example.com")], Err(CrossSite::Origin)),
            (&[("origin", "https://c.example.com:8443")], Err(CrossSite::Origin)),
            (&[("origin", "http://c.example.com")], Err(CrossSite::Origin)),
            (&[("origin", "ftp://c.example.com")], Err(CrossSite::Origin)),
            (&[("origin", "https://c.example.com:443")], Ok(())),
            (&[("origin", "https://C.Example.com")], Ok(())),
        ] {
            for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X"] {
                assert_eq!(judged(method, HOST, headers, true), expected, "{method} {headers:?}");
            }
        }
    }

    #[test]
    fn the_port_counts_and_the_scheme_where_it_is_known() {
        for (host, origin, is_https, expected) in [
            ("c.localhost:8080", "http://c.localhost:8080", false, true),
            ("c.localhost:8080", "http://c.localhost:9090", false, false),
            ("c.localhost:8080", "http://c.localhost", false, false),
            ("c.localhost", "http://c.localhost", false, true),
            ("c.localhost:80", "http://c.localhost", false, true),
            ("c.localhost", "https://c.localhost", false, true),
            ("c.example.com:8443", "https://c.example.com:8443", true, true),
            ("c.example.com:443", "https://c.example.com", true, true),
            ("c.example.com:80", "https://c.example.com", true, false),
        ] {
            let judged = judged("POST", host, &[("origin", origin)], is_https);
            assert_eq!(judged.is_ok(), expected, "{host} {origin}");
        }
    }
}
