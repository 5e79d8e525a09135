//! The paths of the calls, with the ids in their places.

use std::{collections::BTreeMap, fmt::Write as _};

use super::Call;

/// Longer ids are none.
const MAX_ID: usize = 256;

/// The paths as they are configured; every `:name` in them stands for an id.
#[derive(Debug)]
pub(super) struct Paths([String; Call::ALL.len()]);

impl Paths {
    /// By the calls' names; the configuration has all of them.
    pub(super) fn new(paths: &BTreeMap<&'static str, String>) -> Self {
        Self(Call::ALL.map(|call| paths.get(call.name()).cloned().unwrap_or_default()))
    }

    /// The path of a call about these ids, in the order in which the path names them.
    ///
    /// `None` where an id cannot stand in a path: one that is empty or too long, or that means the folder it is in.
    pub(super) fn of(&self, call: Call, ids: &[&str]) -> Option<String> {
        let mut ids = ids.iter();
        let mut path = String::new();
        for segment in self.0[call as usize].split('/').skip(1) {
            path.push('/');
            if segment.starts_with(':') {
                let id = ids.next().filter(|id| (1..=MAX_ID).contains(&id.len()) && ![".", ".."].contains(id))?;
                encode(id, &mut path);
            } else {
                path.push_str(segment);
            }
        }
        Some(path)
    }
}

/// Everything but what means itself everywhere in a URL.
fn encode(text: &str, path: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::config::Config;

    fn paths(table: &str) -> Paths {
        let text = format!("[platform]\nmode = \"remote\"\n{table}");
        let config = Config::parse(&text, Path::new("wharf.toml")).unwrap_or_else(|problems| panic!("{problems}"));
        Paths::new(&config.platform.unwrap().paths)
    }

    #[test]
    fn every_call_has_a_path() {
        let paths = paths("");
        let (app, user) = ("55b88eef4df03bab3307c0ff", "55b891fb4df03bab3307c101");
        let all = Call::ALL.map(|call| paths.of(call, &[app, user]).unwrap());
        let expected = [
            "/v1.0/service/messages",
            "/v1.0/service/message/55b88eef4df03bab3307c0ff",
            "/v1.0/service/message/55b88eef4df03bab3307c0ff/resolved",
            "/v1.0/service/app/55b88eef4df03bab3307c0ff",
            "/v1.0/service/app/by_auth_code/55b88eef4df03bab3307c0ff",
            "/v1.0/service/app/55b88eef4df03bab3307c0ff/users",
            "/v1.0/service/app/55b88eef4df03bab3307c0ff/user/55b891fb4df03bab3307c101",
            "/v1.0/service/app/55b88eef4df03bab3307c0ff/user/55b891fb4df03bab3307c101/access_token",
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_path_can_be_another_one() {
        let paths = paths("[platform.paths]\napp = \"/api/v2/:appId/about\"");
        assert_eq!(paths.of(Call::App, &["a"]).unwrap(), "/api/v2/a/about");
    }

    #[test]
    fn an_id_stays_in_its_place() {
        let paths = paths("");
        let of = |id: &str| paths.of(Call::AppByAuthCode, &[id]);
        assert_eq!(of("a/../b?c=d#é %2e").unwrap(), "/v1.0/service/app/by_auth_code/a%2F..%2Fb%3Fc%3Dd%23%C3%A9%20%252e");
        for id in ["", ".", "..", &"x".repeat(257)] {
            assert_eq!(of(id), None, "{id}");
        }
        assert_eq!(paths.of(Call::UpdateAppUser, &["a"]), None);
    }

    proptest! {
        /// As whoever takes URLs apart sees it.
        #[test]
        fn whatever_the_id_the_segments_are_the_same(id in "\\PC{1,80}|[./%\\\\?#]{1,10}") {
            if let Some(path) = paths("").of(Call::AppByAuthCode, &[&id]) {
                let url = reqwest::Url::parse(&format!("https://api.example.com{path}")).unwrap();
                prop_assert_eq!(url.path_segments().unwrap().count(), 5);
                prop_assert_eq!(url.path(), path.as_str());
                prop_assert!(url.query().is_none() && url.fragment().is_none());
            }
        }
    }
}
