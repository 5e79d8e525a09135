//! Tokens that must be refused, and the few that must not.

mod keys;
mod properties;
mod refresh;
mod signer;

use std::time::Duration;

use serde_json::{Value, json};

use self::signer::{Signer, encode, p256, rsa};
use super::*;
use crate::{
    config::{self, Jwks},
    task::AbortOnDrop,
};

const NOW: u64 = 1_800_000_000_000;
const S: i64 = 1_800_000_000;
const ISS: &str = "https://login.example.com/";
const AUD: &str = "https://wharf.example.com/s/notes";

/// An issuer with an RSA key `r` and a P-256 key `e`, as the service `notes` accepts it.
struct Test {
    tokens: Tokens,
    accept: Accept,
    _reading: AbortOnDrop,
    _folder: tempfile::TempDir,
}

impl Test {
    fn new() -> Self {
        Self::with(&set(&[rsa().jwk("r"), p256().jwk("e")]), &[Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa])
    }

    fn with(jwks: &str, algorithms: &[Algorithm]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jwks.json");
        std::fs::write(&file, jwks).unwrap();
        let issuer = Arc::new(Issuer::new("acme", &config(Jwks::File(file), algorithms)).unwrap());
        let reading = AbortOnDrop::new(tokio::spawn(issuer.clone().keep_fresh()).abort_handle());
        let accept = Accept { audience: AUD.to_owned(), issuers: vec![issuer] };
        Self { tokens: Tokens::default(), accept, _reading: reading, _folder: folder }
    }

    async fn open(&self, token: &str) -> Result<Arc<Claims>, Reason> {
        self.open_at(token, NOW).await
    }

    async fn open_at(&self, token: &str, now_ms: u64) -> Result<Arc<Claims>, Reason> {
        self.tokens.open(Some(&self.accept), token, now_ms).await.map(|(claims, _)| claims)
    }
}

fn config(jwks: Jwks, algorithms: &[Algorithm]) -> config::Issuer {
    config::Issuer { issuer: ISS.to_owned(), jwks, algorithms: algorithms.to_vec(), clock_skew: Duration::from_secs(30) }
}

fn set(keys: &[Value]) -> String {
    json!({"keys": keys}).to_string()
}

fn header() -> Value {
    json!({"typ": "at+jwt", "alg": "RS256", "kid": "r"})
}

fn claims() -> Value {
    json!({"iss": ISS, "aud": AUD, "exp": S + 60, "iat": S - 60, "sub": "u1", "client_id": "a1", "jti": "1", "scope": "read write"})
}

/// `base` with `changes`; null takes a member away.
fn changed(mut base: Value, changes: &Value) -> String {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(base.as_object_mut().unwrap().remove(name)),
            value => base[name] = value.clone(),
        }
    }
    base.to_string()
}

/// A token that is good but for the changes, signed by the RSA key.
fn token(in_header: &Value, in_claims: &Value) -> String {
    rsa().sign("RS256", &changed(header(), in_header), &changed(claims(), in_claims))
}

#[tokio::test]
async fn a_good_token_says_who_calls() {
    let test = Test::new();
    let none = json!({});
    let claims = test.open(&token(&none, &none)).await.unwrap();
    assert_eq!((claims.app.as_str(), claims.user.as_deref()), ("a1", Some("u1")));
    assert_eq!(claims.scopes, ["read", "write"]);
    let claims = test.open(&token(&none, &json!({"sub": "a1", "scope": null}))).await.unwrap();
    assert_eq!((claims.user.as_deref(), claims.scopes.len()), (None, 0));
}

#[tokio::test]
async fn what_may_differ_between_issuers_is_taken() {
    let test = Test::new();
    let none = json!({});
    for in_header in [
        json!({"typ": "at+JWT"}),
        json!({"typ": "application/at+jwt"}),
        json!({"x-unknown": {"deep": [1, null]}, "cty": "JWT"}),
        // A key that comes along is not looked at.
        json!({"jwk": {"kty": "oct", "k": "AA"}, "jku": "http://evil.example.com", "x5c": ["AA"], "x5u": 1}),
        // Only one RSA key there is.
        json!({"kid": null}),
    ] {
        assert!(test.open(&token(&in_header, &none)).await.is_ok(), "{in_header}");
    }
    for in_claims in [
        json!({"aud": [AUD]}),
        json!({"aud": ["x", AUD]}),
        json!({"exp": S as f64 + 0.5}),
        json!({"exp": S - 29, "iat": S - 90}),
        json!({"nbf": S + 30, "iat": S + 30}),
        json!({"scope": ""}),
        json!({"jti": null, "unknown": {"a": [1.5]}}),
    ] {
        assert!(test.open(&token(&none, &in_claims)).await.is_ok(), "{in_claims}");
    }
    let by_p256 = p256().sign("ES256", &changed(header(), &json!({"alg": "ES256", "kid": "e"})), &claims().to_string());
    assert!(test.open(&by_p256).await.is_ok());
}

#[tokio::test]
async fn a_header_that_is_not_right_is_refused() {
    let test = Test::new();
    for (change, reason) in [
        (json!({"typ": null}), Reason::WrongType),
        (json!({"typ": "JWT"}), Reason::WrongType),
        (json!({"typ": "id+jwt"}), Reason::WrongType),
        (json!({"typ": "at+jwt "}), Reason::WrongType),
        (json!({"typ": ["at+jwt"]}), Reason::WrongType),
        (json!({"alg": null}), Reason::Algorithm),
        (json!({"alg": "none"}), Reason::Algorithm),
        (json!({"alg": "None"}), Reason::Algorithm),
        (json!({"alg": "HS256"}), Reason::Algorithm),
        (json!({"alg": "rs256"}), Reason::Algorithm),
        (json!({"alg": "RS256 "}), Reason::Algorithm),
        (json!({"alg": 256}), Reason::Algorithm),
        // Known, but not among this issuer's.
        (json!({"alg": "PS256"}), Reason::Algorithm),
        (json!({"alg": "RS512"}), Reason::Algorithm),
        (json!({"crit": []}), Reason::Critical),
        (json!({"crit": ["exp"]}), Reason::Critical),
        (json!({"b64": false}), Reason::Critical),
        // The key is for another algorithm, or the algorithm's key is not the one that is named.
        (json!({"alg": "ES256"}), Reason::OtherKey),
        (json!({"kid": "e"}), Reason::OtherKey),
        (json!({"alg": "EdDSA"}), Reason::OtherKey),
        (json!({"alg": "EdDSA", "kid": null}), Reason::UnknownKey),
        // Signed by the other key.
        (json!({"alg": "ES256", "kid": "e"}), Reason::BadSignature),
        (json!({"kid": "x".repeat(257)}), Reason::Malformed),
        (json!({"kid": 1}), Reason::Malformed),
    ] {
        let result = test.open(&token(&change, &json!({}))).await;
        assert_eq!(result.err(), Some(reason), "{change}");
    }
}

#[tokio::test]
async fn claims_that_are_not_right_are_refused() {
    let test = Test::new();
    for (change, reason) in [
        (json!({"iss": null}), Reason::MissingClaim),
        (json!({"iss": "https://login.example.com"}), Reason::OtherIssuer),
        (json!({"iss": "https://LOGIN.example.com/"}), Reason::OtherIssuer),
        (json!({"iss": [ISS]}), Reason::BadClaim),
        (json!({"aud": null}), Reason::MissingClaim),
        (json!({"aud": []}), Reason::OtherService),
        (json!({"aud": "https://wharf.example.com/s/mail"}), Reason::OtherService),
        (json!({"aud": format!("{AUD}/")}), Reason::OtherService),
        (json!({"aud": ["https://wharf.example.com/s/mail", "notes"]}), Reason::OtherService),
        (json!({"aud": [AUD, 1]}), Reason::BadClaim),
        (json!({"aud": {AUD: true}}), Reason::BadClaim),
        (json!({"exp": null}), Reason::MissingClaim),
        (json!({"exp": S - 30, "iat": S - 90}), Reason::Expired),
        (json!({"exp": 0, "iat": 0}), Reason::Expired),
        (json!({"exp": -1}), Reason::BadClaim),
        (json!({"exp": format!("{}", S + 60)}), Reason::BadClaim),
        (json!({"exp": true}), Reason::BadClaim),
        (json!({"exp": 1e300}), Reason::BadClaim),
        (json!({"nbf": S + 31}), Reason::NotYetValid),
        (json!({"nbf": "0"}), Reason::BadClaim),
        (json!({"iat": null}), Reason::MissingClaim),
        (json!({"iat": S + 31}), Reason::BadTimes),
        (json!({"exp": S - 10, "iat": S - 9}), Reason::BadTimes),
        (json!({"client_id": null}), Reason::MissingClaim),
        (json!({"client_id": ""}), Reason::BadClaim),
        (json!({"client_id": "a\nb"}), Reason::BadClaim),
        (json!({"client_id": "x".repeat(257)}), Reason::BadClaim),
        (json!({"client_id": 1}), Reason::BadClaim),
        (json!({"sub": null}), Reason::MissingClaim),
        (json!({"sub": ""}), Reason::BadClaim),
        (json!({"sub": {"id": 1}}), Reason::BadClaim),
        (json!({"scope": ["read"]}), Reason::BadClaim),
        (json!({"scope": "read \"all\""}), Reason::BadClaim),
        (json!({"scope": "a\tb"}), Reason::BadClaim),
        (json!({"scope": "a ".repeat(257)}), Reason::BadClaim),
        (json!({"pad": "x".repeat(20_000)}), Reason::TooLarge),
    ] {
        let result = test.open(&token(&json!({}), &change)).await;
        assert_eq!(result.err(), Some(reason), "{change:.200}");
    }
    assert_eq!(test.tokens.remembered(), 0);
}

#[tokio::test]
async fn what_two_parsers_could_read_differently_is_refused() {
    let test = Test::new();
    let (header, claims) = (header().to_string(), claims().to_string());
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    for (header, claims) in [
        (header.clone(), twice(&claims, r#""client_id":"a2""#)),
        (header.clone(), twice(&claims, r#""client_\u0069d":"a2""#)),
        (header.clone(), twice(&claims, r#""deep":{"a":1,"a":1}"#)),
        (twice(&header, r#""alg":"none""#), claims.clone()),
        (twice(&header, r#""kid":"e""#), claims.clone()),
        (header.clone(), format!("{claims} {claims}")),
        (header.clone(), format!("\u{feff}{claims}")),
        (header.clone(), "[]".to_owned()),
        (header.clone(), "\"text\"".to_owned()),
        (header.clone(), String::new()),
        (header.clone(), twice(&claims, r#""huge":1e400"#)),
        (format!("[{header}]"), claims.clone()),
        (String::new(), claims.clone()),
    ] {
        let result = test.open(&rsa().sign("RS256", &header, &claims)).await;
        assert_eq!(result.err(), Some(Reason::Malformed), "{header} {claims}");
    }
}

#[tokio::test]
async fn a_token_has_one_spelling() {
    let test = Test::new();
    let good = token(&json!({}), &json!({}));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = signed.split_once('.').unwrap();
    assert!(test.open(&good).await.is_ok());
    for other in [
        format!("{good}="),
        format!("{good} "),
        format!("{head}=.{payload}.{signature}"),
        format!("{signed}."),
        format!("{head}..{signature}"),
        format!(".{payload}.{signature}"),
        "..".to_owned(),
        format!("{signed}.{}", signature.replace(['-', '_'], "/")),
        format!("{signed}.\u{e9}"),
        // 256 bytes leave two bits over in the last letter; setting one would be a second spelling.
        format!("{signed}.{}{}", &signature[..signature.len() - 1], if signature.ends_with('A') { 'B' } else { 'R' }),
    ] {
        let refused = test.open(&other).await.err();
        assert!(matches!(refused, Some(Reason::Malformed | Reason::BadSignature)), "{other} {refused:?}");
    }
}

#[tokio::test]
async fn signatures_of_others_open_nothing() {
    let test = Test::new();
    let (head, claims) = (header().to_string(), claims().to_string());
    let good = rsa().sign("RS256", &head, &claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = signed.split_once('.').unwrap();
    for (token, reason) in [
        // Another key, whatever name it goes by.
        (Signer::new_rsa().sign("RS256", &head, &claims), Reason::BadSignature),
        // Honest signature, other claims.
        (format!("{}.{}.{signature}", encode(&head), encode(&claims.replace("\"u1\"", "\"u2\""))), Reason::BadSignature),
        (format!("{}.{payload}.{signature}", encode(&head.replace('{', "{ "))), Reason::BadSignature),
        // The public key as the secret of an HMAC, and no signature at all.
        (signer::hmac(&rsa().public(), &head.replace("RS256", "HS256"), &claims), Reason::Algorithm),
        (signer::hmac(&rsa().public(), &head, &claims), Reason::BadSignature),
        (format!("{}.{payload}.", encode(&head.replace("RS256", "none"))), Reason::Algorithm),
        (format!("{signed}."), Reason::BadSignature),
        // An ECDSA signature of zeros (CVE-2022-21449), and one in DER.
        (signer::zeros(&head.replace("RS256", "ES256").replace("\"r\"", "\"e\""), &claims), Reason::BadSignature),
        (p256().sign("ES256-DER", &head.replace("RS256", "ES256").replace("\"r\"", "\"e\""), &claims), Reason::BadSignature),
    ] {
        assert_eq!(test.open(&token).await.err(), Some(reason), "{token}");
    }
}

#[tokio::test]
async fn a_service_takes_the_tokens_of_its_issuers_only() {
    let (test, other) = (Test::new(), Test::new());
    let good = token(&json!({}), &json!({}));
    assert!(test.open(&good).await.is_ok());
    // Remembered or not, where the issuer is not trusted, or the service is another one.
    for _ in 0..2 {
        let none = Accept { issuers: Vec::new(), ..test.accept.clone() };
        assert_eq!(test.tokens.open(Some(&none), &good, NOW).await.err(), Some(Reason::OtherIssuer));
        assert_eq!(test.tokens.open(Some(&other.accept), &good, NOW).await.err(), Some(Reason::OtherIssuer));
        let mail = Accept { audience: "mail".to_owned(), ..test.accept.clone() };
        assert_eq!(test.tokens.open(Some(&mail), &good, NOW).await.err(), Some(Reason::OtherService));
        assert_eq!(test.tokens.open(None, &good, NOW).await.err(), Some(Reason::NoJwt));
    }
}

#[tokio::test]
async fn a_remembered_token_ends_when_it_says() {
    let test = Test::new();
    let good = token(&json!({}), &json!({"nbf": S}));
    for _ in 0..2 {
        assert!(test.open_at(&good, NOW + 89_999).await.is_ok());
        assert_eq!(test.open_at(&good, NOW + 90_000).await.err(), Some(Reason::Expired));
        assert_eq!(test.open_at(&good, NOW - 30_001).await.err(), Some(Reason::NotYetValid));
    }
    assert_eq!(test.tokens.remembered(), 1);
}
