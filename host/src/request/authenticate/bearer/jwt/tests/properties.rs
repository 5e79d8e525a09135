//! Nothing but what was signed opens anything.

use std::sync::LazyLock;

use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::*;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
static TEST: LazyLock<Test> = LazyLock::new(|| RUNTIME.block_on(async { Test::new() }));

fn open(token: &str) -> Result<Arc<Claims>, Reason> {
    // A fresh memory each time, so that no proof of before answers.
    let test = &*TEST;
    RUNTIME.block_on(async { Tokens::default().open(Some(&test.accept), token, NOW).await.map(|(claims, _)| claims) })
}

/// Text, or bytes, in three parts.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9_-]{0,40}",
        proptest::collection::vec(any::<u8>(), 0..40)
            .prop_map(|bytes| { base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes) }),
        Just(encode(&header().to_string())),
        Just(encode(&claims().to_string())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_tokens_open_nothing(head in part(), payload in part(), signature in part()) {
        let token = format!("{head}.{payload}.{signature}");
        prop_assert!(open(&token).is_err());
    }

    #[test]
    fn a_token_with_one_letter_changed_opens_nothing(at in any::<prop::sample::Index>(), with in "[A-Za-z0-9_.~+/-]") {
        let good = token(&json!({}), &json!({}));
        let mut other = good.clone();
        let at = at.index(good.len());
        other.replace_range(at..=at, &with);
        prop_assert_eq!(open(&other).is_ok(), other == good);
    }

    #[test]
    fn a_token_cut_or_lengthened_opens_nothing(at in any::<prop::sample::Index>(), more in "[A-Za-z0-9_.-]{1,5}") {
        let good = token(&json!({}), &json!({}));
        let at = at.index(good.len());
        let mut longer = good.clone();
        longer.insert_str(at, &more);
        prop_assert!(open(&good[..at]).is_err());
        prop_assert!(open(&longer).is_err());
    }

    /// Whatever is claimed, and honestly signed, is judged without a panic and grants no more than it says.
    #[test]
    fn any_claims_are_judged(name in "iss|aud|exp|nbf|iat|sub|client_id|scope|x", value in "\\PC{0,12}|-?[0-9]{1,20}(\\.[0-9]{1,3})?(e[0-9]{1,3})?|\\[\"x\",null\\]|\\{\\}|true|null") {
        let text = |value: &str| serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        let mut changed = claims();
        changed[&name] = text(&value);
        let token = p256().sign("ES256", &json!({"typ": "at+jwt", "alg": "ES256", "kid": "e"}).to_string(), &changed.to_string());
        if let Ok(claims) = open(&token) {
            prop_assert_eq!(changed["client_id"].as_str(), Some(claims.app.as_str()));
            prop_assert_eq!(&changed["iss"], ISS);
            prop_assert_eq!(&changed["aud"], AUD);
        }
    }
}
