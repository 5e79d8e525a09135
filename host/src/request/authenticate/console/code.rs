//! The auth code in a query: found, judged by its shape, and taken out.

use http::Uri;

/// How the platform's own documents also call the parameter.
const OTHER_NAME: &str = "authCode";

/// Hexadecimal digits of a code.
const LENGTH: usize = 40;

/// A query with a code in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// In lower case; or what is wrong with it.
    pub code: Result<String, &'static str>,
    /// Path and query without it, each of the other parameters as it was.
    pub rest: String,
}

/// Looks for the parameter `parameter`, or `authCode`.
pub fn find(uri: &Uri, parameter: &str) -> Option<Found> {
    let is_code = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        name == OTHER_NAME || name == parameter
    };
    let (codes, others): (Vec<&str>, Vec<&str>) = uri.query()?.split('&').partition(is_code);
    let code = match codes[..] {
        [] => return None,
        [code] => judge(code.split_once('=').map_or("", |(_, code)| code)),
        _ => Err("two_codes"),
    };
    let others = others.join("&");
    let rest = if others.is_empty() { uri.path().to_owned() } else { format!("{}?{others}", uri.path()) };
    Some(Found { code, rest })
}

/// Nothing but what can be a code is ever shown to the platform.
fn judge(code: &str) -> Result<String, &'static str> {
    let shaped = code.len() == LENGTH && code.bytes().all(|byte| byte.is_ascii_hexdigit());
    if shaped { Ok(code.to_ascii_lowercase()) } else { Err("malformed") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CODE: &str = "0efc46c1584e5d51c58a0f3317491f09f9047c55";

    fn found(target: &str) -> Option<(Result<String, &'static str>, String)> {
        find(&target.parse().unwrap(), "appAuthCode").map(|found| (found.code, found.rest))
    }

    #[test]
    fn a_code_is_found_and_taken_out() {
        for (target, rest) in [
            ("/?appAuthCode=CODE", "/"),
            ("/?authCode=CODE", "/"),
            ("/a/b?x=1&appAuthCode=CODE&y=%20", "/a/b?x=1&y=%20"),
            ("/?appAuthCode=CODE&", "/"),
            ("/?&a&&appAuthCode=CODE", "/?&a&"),
            ("http://c.example.com/a?appAuthCode=CODE", "/a"),
        ] {
            assert_eq!(found(&target.replace("CODE", CODE)), Some((Ok(CODE.to_owned()), rest.to_owned())), "{target}");
        }
        assert_eq!(found(&format!("/?authCode={}", CODE.to_uppercase())).unwrap().0, Ok(CODE.to_owned()));
    }

    #[test]
    fn what_cannot_be_a_code_is_told_and_taken_out_too() {
        for code in ["", "=", &CODE[1..], &format!("{CODE}0"), &CODE.replace('c', "g"), "..%2f..%2f", &CODE.replace("0e", "%3")] {
            let expected = Some((Err("malformed"), "/a?b".to_owned()));
            assert_eq!(found(&format!("/a?b&appAuthCode={code}")), expected, "{code}");
        }
        assert_eq!(found("/?appAuthCode"), Some((Err("malformed"), "/".to_owned())));
        let twice = found(&format!("/?appAuthCode={CODE}&authCode={CODE}"));
        assert_eq!(twice, Some((Err("two_codes"), "/".to_owned())));
    }

    #[test]
    fn other_parameters_are_none() {
        for target in ["/", "/?", "/?appauthcode=x", "/?xappAuthCode=x", "/?a=appAuthCode=x", "/appAuthCode=x"] {
            assert_eq!(found(target), None, "{target}");
        }
        assert_eq!(find(&"/?appAuthCode=x".parse().unwrap(), "ticket"), None);
        assert!(find(&"/?ticket=x".parse().unwrap(), "ticket").is_some());
    }

    proptest! {
        #[test]
        fn whatever_is_found_is_gone_from_the_rest(query in "[a-z=&]{0,9}(&?appAuthCode=[0-9a-f]{39,41}|&authCode=x)[a-z=&]{0,9}") {
            if let Some((_, rest)) = found(&format!("/?{query}")) {
                prop_assert!(found(&rest).is_none(), "{query} left {rest}");
            }
        }
    }
}
