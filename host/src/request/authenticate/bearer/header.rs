//! The header `Authorization` (RFC 9110 §11.6.2, RFC 6750 §2.1).

use http::HeaderValue;

/// What a header value says, or why it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// A bearer token; whether it is good for anything is not known yet.
    Bearer(&'a str),
    /// A scheme that this host does not speak, such as `Basic`.
    OtherScheme,
    /// Not what the grammar allows: no token, more than one, or characters that no token has.
    Malformed,
}

/// Reads a value: the scheme in any case, one or more spaces, a token of the grammar `b64token`, and nothing else.
pub fn read(value: &HeaderValue) -> Credentials<'_> {
    let Ok(value) = value.to_str() else { return Credentials::Malformed };
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Credentials::OtherScheme;
    }
    let token = token.trim_start_matches(' ');
    if is_b64token(token) { Credentials::Bearer(token) } else { Credentials::Malformed }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
fn is_b64token(text: &str) -> bool {
    let text = text.trim_end_matches('=');
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_one_token_of_the_grammar_is_taken() {
        for (value, credentials) in [
            ("Bearer abc", Credentials::Bearer("abc")),
            ("bearer abc", Credentials::Bearer("abc")),
            ("BEARER   a-._~+/9==", Credentials::Bearer("a-._~+/9==")),
            ("Bearer", Credentials::Malformed),
            ("Bearer ", Credentials::Malformed),
            ("Bearer =", Credentials::Malformed),
            ("Bearer a=b", Credentials::Malformed),
            ("Bearer a b", Credentials::Malformed),
            ("Bearer a ", Credentials::Malformed),
            ("Bearer \tabc", Credentials::Malformed),
            ("Bearer abc, Bearer def", Credentials::Malformed),
            ("Bearer token=\"abc\"", Credentials::Malformed),
            ("Bearer\tabc", Credentials::OtherScheme),
            ("Bearerabc", Credentials::OtherScheme),
            ("Basic YTpi", Credentials::OtherScheme),
            ("abc", Credentials::OtherScheme),
            ("", Credentials::OtherScheme),
        ] {
            assert_eq!(read(&HeaderValue::from_static(value)), credentials, "{value:?}");
        }
        assert_eq!(read(&HeaderValue::from_bytes(b"Bearer \xff").unwrap()), Credentials::Malformed);
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_panic_and_a_token_is_part_of_it(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok(()) };
            if let Credentials::Bearer(token) = read(&value) {
                prop_assert!(value.to_str().unwrap().ends_with(token) && is_b64token(token));
            }
        }

        #[test]
        fn a_token_goes_through_unchanged(token in "[A-Za-z0-9._~+/-]{1,80}={0,2}", scheme in "[Bb][Ee][Aa][Rr][Ee][Rr] {1,3}") {
            let value = HeaderValue::from_str(&format!("{scheme}{token}")).unwrap();
            prop_assert_eq!(read(&value), Credentials::Bearer(&token));
        }
    }
}
