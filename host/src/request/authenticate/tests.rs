//! Which headers lead to which caller or refusal, whatever they hold.

use std::{net::Ipv4Addr, sync::Arc};

use http::HeaderName;
use proptest::prelude::*;

use super::*;
use crate::{
    ocean_auth::{Identity, Policy, Settings},
    secret::Secret,
    store::{
        DataDir, Store,
        tokens::{NewToken, User},
    },
};

const NOW: u64 = 1_440_750_000_000;
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Test {
    bearer: Bearer,
    service: Service,
    token: String,
    header: String,
    _folder: tempfile::TempDir,
}

impl Test {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::open(folder.path()).unwrap()).unwrap();
        let user = User { id: "u1".to_owned(), account: "ada@x".to_owned(), name: "Ada".to_owned() };
        let new = NewToken {
            service: "notes".to_owned(),
            app: "a1".to_owned(),
            user: Some(user),
            scopes: vec!["read".to_owned(), "write".to_owned()],
            now_ms: NOW,
            expires_ms: NOW + 1,
        };
        let (_, secret) = store.token_create(new).await.unwrap();
        let policy = Policy::new("notes", &Secret::new("sample_signKey"), &Settings::default()).unwrap();
        let header = policy.mint_legacy(&Identity { app_key: "sample_app".to_owned(), user: None, expires_ms: None });
        Self {
            bearer: Bearer::new(Some(store)),
            service: Service {
                requests: Default::default(),
                key: "notes".to_owned(),
                ocean_auth: Some(Arc::new(policy)),
                error_status: http::StatusCode::UNAUTHORIZED,
                jwt: None,
                apps: None,
                console: None,
                current: arc_swap::ArcSwapOption::empty(),
                without: arc_swap::ArcSwapOption::empty(),
            },
            token: String::from_utf8(secret.expose().to_vec()).unwrap(),
            header,
            _folder: folder,
        }
    }

    async fn authenticate(&self, headers: &[(&str, &str)]) -> Result<Caller, Refusal> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect();
        authenticate(&self.bearer, &self.service, &headers, PEER, NOW).await
    }
}

#[tokio::test]
async fn every_scheme_ends_in_the_same_caller() {
    let test = Test::new().await;
    let caller = test.authenticate(&[("accept", "*/*")]).await.unwrap();
    assert_eq!((caller.scheme, caller.app, caller.user), (Scheme::Anonymous, None, None));

    let caller = test.authenticate(&[("ocean-auth", &test.header)]).await.unwrap();
    assert_eq!((caller.scheme, caller.app.as_deref(), caller.user), (Scheme::OceanAuth, Some("sample_app"), None));

    let caller = test.authenticate(&[("authorization", &format!("bearer {}", test.token))]).await.unwrap();
    assert_eq!((caller.scheme, caller.app.as_deref(), caller.address), (Scheme::Bearer, Some("a1"), PEER));
    assert_eq!(caller.scopes, ["read", "write"]);
    let user = caller.user.unwrap();
    assert_eq!(
        (&*user.id, &*user.account, &*user.name, &*user.authenticated_by),
        ("u1", "ada@x", "Ada", bearer::VOUCHED_BY_ADMIN)
    );
}

#[tokio::test]
async fn one_credential_of_one_kind_or_a_refusal() {
    let test = Test::new().await;
    let (good, made_up) = (format!("Bearer {}", test.token), format!("Bearer wharf_{}", "0".repeat(64)));
    let (good, made_up, ocean) = (good.as_str(), made_up.as_str(), test.header.as_str());
    let (two, malformed) = (Refusal::BadCredentials("two_schemes"), Refusal::BadCredentials("malformed"));
    let (two_headers, unknown) = (Refusal::BadCredentials("two_headers"), Refusal::BadToken(bearer::Reason::Unknown));
    for (headers, refusal) in [
        (&[("authorization", made_up)][..], unknown.clone()),
        (&[("authorization", "Bearer abc")], unknown),
        (&[("authorization", "Bearer")], malformed),
        (&[("authorization", good), ("authorization", good)], two_headers.clone()),
        (&[("authorization", good), ("authorization", "Basic YTpi")], two_headers),
        (&[("authorization", good), ("ocean-auth", ocean)], two.clone()),
        (&[("authorization", made_up), ("ocean-auth", ocean)], two.clone()),
        (&[("authorization", "Basic YTpi"), ("ocean-auth", ocean)], two.clone()),
        (&[("authorization", ""), ("ocean-auth", "")], two),
        (&[("authorization", "Basic YTpi")], Refusal::OtherScheme),
        (&[("authorization", "")], Refusal::OtherScheme),
        (&[("authorization", ocean)], Refusal::OtherScheme),
        (&[("ocean-auth", ocean), ("ocean-auth", ocean)], Refusal::BadOceanAuth("two_headers")),
        (&[("ocean-auth", good)], Refusal::BadOceanAuth("bad_hex")),
        (&[("ocean-auth", "")], Refusal::BadOceanAuth("missing_header")),
    ] {
        assert_eq!(test.authenticate(headers).await.err(), Some(refusal), "{headers:?}");
    }
}

#[tokio::test]
async fn a_token_is_not_taken_from_other_headers() {
    let test = Test::new().await;
    for name in ["proxy-authorization", "x-authorization", "accesstoken", "cookie", "x-wharf-authorization"] {
        let caller = test.authenticate(&[(name, &format!("Bearer {}", test.token))]).await.unwrap();
        assert_eq!(caller.scheme, Scheme::Anonymous, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Changing any character of a token leaves one that opens nothing.
    #[test]
    fn no_neighbour_of_a_token_is_one(at in 0_usize..70, with in "[A-Za-z0-9._~+/-]") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let test = Test::new().await;
            let mut token = test.token.clone();
            token.replace_range(at..=at, &with);
            let result = test.authenticate(&[("authorization", &format!("Bearer {token}"))]).await;
            prop_assert_eq!(result.is_ok(), token == test.token);
            Ok(())
        })?;
    }
}
