//! The caller as headers: `x-wharf-caller-…` and `x-wharf-request-id`.
//!
//! Whatever a client sends under such names was taken out before (`request/headers.rs`), so what stands there is the host's word.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::caller::{AppUser, Caller};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-wharf-request-id");
const SCHEME: HeaderName = HeaderName::from_static("x-wharf-caller-scheme");
const APP: HeaderName = HeaderName::from_static("x-wharf-caller-app");
const USER_ID: HeaderName = HeaderName::from_static("x-wharf-caller-user-id");
const USER_ACCOUNT: HeaderName = HeaderName::from_static("x-wharf-caller-user-account");
const USER_NAME: HeaderName = HeaderName::from_static("x-wharf-caller-user-name");
const USER_AUTHENTICATED_BY: HeaderName = HeaderName::from_static("x-wharf-caller-user-authenticated-by");
const SCOPES: HeaderName = HeaderName::from_static("x-wharf-caller-scopes");

/// Adds what is known of the caller; what is not known has no header.
pub(super) fn identify(headers: &mut HeaderMap, caller: &Caller, request_id: &str) {
    let Caller { scheme, app, app_id: _, user, scopes, address: _ } = caller;
    let mut set = |name: HeaderName, value: String| {
        let value = HeaderValue::try_from(value).expect("percent-encoded text is visible ASCII");
        headers.insert(name, value);
    };
    set(REQUEST_ID, encode(request_id));
    set(SCHEME, encode(scheme.as_str()));
    if let Some(app) = app {
        set(APP, encode(app));
    }
    if let Some(AppUser { id, account, name, authenticated_by }) = user {
        for (header, value) in
            [(USER_ID, id), (USER_ACCOUNT, account), (USER_NAME, name), (USER_AUTHENTICATED_BY, authenticated_by)]
        {
            if !value.is_empty() {
                set(header, encode(value));
            }
        }
    }
    if !scopes.is_empty() {
        set(SCOPES, scopes.iter().map(|scope| encode(scope)).collect::<Vec<_>>().join(" "));
    }
}

/// The text's UTF-8 percent-encoded, all but the unreserved characters of RFC 3986 §2.3: every language can undo it, and no
/// value can be taken for two by whoever splits at commas, semicolons or blanks.
fn encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push('%');
            encoded.push(HEX[usize::from(byte >> 4)].into());
            encoded.push(HEX[usize::from(byte & 15)].into());
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;
    use crate::caller::Scheme;

    fn told(caller: &Caller) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        identify(&mut headers, caller, "r1");
        let mut told: Vec<_> =
            headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        told.sort_unstable();
        told
    }

    #[test]
    fn what_is_known_is_told_and_nothing_else() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| (format!("x-wharf-{name}"), (*value).to_owned())).collect()
        };
        let anonymous = Caller::anonymous(Ipv4Addr::LOCALHOST.into());
        assert_eq!(told(&anonymous), pairs(&[("caller-scheme", "anonymous"), ("request-id", "r1")]));
        let [id, account, name, authenticated_by] = ["u1", "", "张三, \"a%b\"", "user"].map(str::to_owned);
        let caller = Caller {
            scheme: Scheme::Bearer,
            app: Some("my_app".into()),
            user: Some(AppUser { id, account, name, authenticated_by }),
            scopes: vec!["notes:read".into(), "all".into()],
            ..anonymous
        };
        let expected = [
            ("caller-app", "my_app"),
            ("caller-scheme", "bearer"),
            ("caller-scopes", "notes%3Aread all"),
            ("caller-user-authenticated-by", "user"),
            ("caller-user-id", "u1"),
            ("caller-user-name", "%E5%BC%A0%E4%B8%89%2C%20%22a%25b%22"),
            ("request-id", "r1"),
        ];
        assert_eq!(told(&caller), pairs(&expected));
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text: String) {
            let encoded = encode(&text);
            prop_assert!(HeaderValue::from_str(&encoded).is_ok() && !encoded.contains([' ', ',', ';']));
            let mut bytes = Vec::new();
            let mut rest = encoded.as_bytes();
            while let Some((&first, after)) = rest.split_first() {
                if first == b'%' {
                    bytes.extend(hex::decode(&after[..2]).unwrap());
                    rest = &after[2..];
                } else {
                    bytes.push(first);
                    rest = after;
                }
            }
            prop_assert_eq!(bytes, text.as_bytes());
        }
    }
}
