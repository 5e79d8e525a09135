//! The cookie of a console: `__Host-wharf-<key>`, or `wharf-<key>` where browsers come in clear text.
//!
//! `__Host-` makes a browser insist that the cookie is `Secure`, for this host alone and for all of its paths, so that no
//! sibling host name can put another one over it. Browsers do not take `Secure` cookies in clear text from everywhere, not
//! even from this machine, so there the name is plain; the configuration allows that on loopback only.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header::COOKIE};

use crate::secret::Secret;

const PREFIX: &str = "__Host-";
const STEM: &str = "wharf-";

/// How the session of one console travels.
#[derive(Debug)]
pub struct Cookie {
    name: String,
    is_secure: bool,
}

impl Cookie {
    /// A service's key is made of what a cookie's name may hold.
    pub fn new(service: &str, is_secure: bool) -> Self {
        Self { name: format!("{}{STEM}{service}", if is_secure { PREFIX } else { "" }), is_secure }
    }

    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The token that came, or the word for why there is none. Of two different ones nobody can tell which is meant.
    pub fn read<'h>(&self, headers: &'h HeaderMap) -> Result<&'h str, &'static str> {
        let mut tokens = pairs(headers).filter_map(|pair| {
            let (name, token) = pair.split_once('=')?;
            (name == self.name).then_some(token)
        });
        let token = tokens.next().ok_or("no_cookie")?;
        if tokens.all(|other| other == token) { Ok(token) } else { Err("two_cookies") }
    }

    /// Gives the token to the browser, which forgets it when the session is over.
    pub fn set(&self, token: &Secret, lifetime: Duration) -> HeaderValue {
        self.header(token.expose(), lifetime.as_secs())
    }

    /// Takes it back.
    pub fn clear(&self) -> HeaderValue {
        self.header(b"", 0)
    }

    fn header(&self, token: &[u8], max_age: u64) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let attributes = format!("; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
        let bytes = [self.name.as_bytes(), b"=", token, attributes.as_bytes()].concat();
        // Names and tokens are ASCII without control characters.
        let mut value = HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

/// The pairs of all `Cookie` headers; HTTP/2 may send each in one of its own.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';')).map(str::trim)
}

/// Takes the host's own cookies out of a request.
pub fn hide(headers: &mut HeaderMap) {
    if !headers.contains_key(COOKIE) {
        return;
    }
    let theirs: Vec<HeaderValue> = headers.get_all(COOKIE).into_iter().filter_map(without_own).collect();
    headers.remove(COOKIE);
    for value in theirs {
        headers.append(COOKIE, value);
    }
}

/// One `Cookie` header without the host's own; `None` if nothing is left.
fn without_own(value: &HeaderValue) -> Option<HeaderValue> {
    if !value.as_bytes().split(|byte| *byte == b';').any(is_own_pair) {
        return Some(value.clone());
    }
    let left: Vec<&[u8]> = value.as_bytes().split(|byte| *byte == b';').filter(|pair| !is_own_pair(pair)).collect();
    let left = left.join(&b';');
    Some(left.trim_ascii()).filter(|left| !left.is_empty()).and_then(|left| HeaderValue::from_bytes(left).ok())
}

/// Whether a `Set-Cookie` sets one of the host's own.
pub fn is_own(set_cookie: &HeaderValue) -> bool {
    set_cookie.as_bytes().split(|byte| *byte == b';').next().is_some_and(is_own_pair)
}

/// Whether a `Set-Cookie` reaches further than the host name it comes from.
pub fn is_for_others(set_cookie: &HeaderValue) -> bool {
    let name = |part: &[u8]| part.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    set_cookie.as_bytes().split(|byte| *byte == b';').skip(1).any(|attribute| name(attribute) == b"domain")
}

/// Whether a pair is one of the host's own cookies, of whatever service. Browsers match the prefix in any case, and send a
/// cookie without a name as its value alone.
fn is_own_pair(pair: &[u8]) -> bool {
    let name = pair.trim_ascii();
    let name = name.strip_prefix(b"=").unwrap_or(name).trim_ascii_start();
    let after = |text: &[u8], prefix: &str| {
        text.split_at_checked(prefix.len()).filter(|(begin, _)| begin.eq_ignore_ascii_case(prefix.as_bytes())).is_some()
    };
    after(name, STEM) || (after(name, PREFIX) && after(&name[PREFIX.len()..], STEM))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|cookie| (COOKIE, HeaderValue::from_str(cookie).unwrap())).collect()
    }

    #[test]
    fn a_token_is_read_by_its_exact_name() {
        let cookie = Cookie::new("notes", true);
        for (cookies, token) in [
            (&[][..], Err("no_cookie")),
            (&["a=b"], Err("no_cookie")),
            (&["wharf-notes=t"], Err("no_cookie")),
            (&["__Host-wharf-mail=t"], Err("no_cookie")),
            (&["__host-wharf-notes=t"], Err("no_cookie")),
            (&["__Host-wharf-notes"], Err("no_cookie")),
            (&["=__Host-wharf-notes=t"], Err("no_cookie")),
            (&["__Host-wharf-notes=t"], Ok("t")),
            (&["a=b; __Host-wharf-notes=t;c=d"], Ok("t")),
            (&["a=b", "__Host-wharf-notes=t"], Ok("t")),
            (&["__Host-wharf-notes=t; __Host-wharf-notes=t"], Ok("t")),
            (&["__Host-wharf-notes=t; __Host-wharf-notes=u"], Err("two_cookies")),
            (&["__Host-wharf-notes=t", "__Host-wharf-notes=u"], Err("two_cookies")),
        ] {
            assert_eq!(cookie.read(&headers(cookies)), token, "{cookies:?}");
        }
        assert_eq!(Cookie::new("notes", false).read(&headers(&["wharf-notes=t"])), Ok("t"));
    }

    #[test]
    fn a_cookie_is_for_this_host_alone() {
        let (secure, plain) = (Cookie::new("notes", true), Cookie::new("notes", false));
        let (token, day) = (Secret::new("t"), Duration::from_hours(24));
        assert_eq!(
            secure.set(&token, day).to_str().unwrap(),
            "__Host-wharf-notes=t; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(plain.set(&token, day).to_str().unwrap(), "wharf-notes=t; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax");
        assert_eq!(secure.clear().to_str().unwrap(), "__Host-wharf-notes=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
        assert!(secure.set(&token, day).is_sensitive());
    }

    #[test]
    fn a_plugin_sees_its_own_cookies_and_not_the_hosts() {
        for (cookies, left) in [
            (&["a=b; c=d"][..], &["a=b; c=d"][..]),
            (&["__Host-wharf-notes=t"], &[]),
            (&["a=b; __Host-wharf-notes=t; c=d"], &["a=b; c=d"]),
            (&["wharf-notes=t; a=b"], &["a=b"]),
            (&["__HOST-WHARF-x=t", "a=b", "=wharf-notes=t", "wharf-"], &["a=b"]),
            (&["wharf=1; xwharf-a=2; __Host-a=3"], &["wharf=1; xwharf-a=2; __Host-a=3"]),
        ] {
            let mut headers = headers(cookies);
            hide(&mut headers);
            let seen: Vec<_> = headers.get_all(COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
            assert_eq!(seen, left, "{cookies:?}");
        }
    }

    #[test]
    fn a_plugin_sets_none_of_the_hosts_and_none_for_others() {
        for (set_cookie, own, for_others) in [
            ("a=b", false, false),
            ("a=b; Path=/; Secure; HttpOnly", false, false),
            ("__Host-a=b; Secure; Path=/", false, false),
            ("domain=x", false, false),
            ("__Host-wharf-notes=t; Secure; Path=/", true, false),
            (" __host-WHARF-notes =t", true, false),
            ("wharf-other=t", true, false),
            ("\twharf-other=t", true, false),
            ("=wharf-notes=t", true, false),
            ("= __Host-wharf-notes=t", true, false),
            ("wharf-notes", true, false),
            ("a=b; Domain=example.com", false, true),
            ("a=b;domain = .example.com", false, true),
            ("a=b; DOMAIN", false, true),
        ] {
            let value = HeaderValue::from_str(set_cookie).unwrap();
            assert_eq!((is_own(&value), is_for_others(&value)), (own, for_others), "{set_cookie}");
        }
    }
}
