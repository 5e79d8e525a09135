//! Which keys of a set are used, and what the RFCs' own examples say.

use super::*;
use crate::request::authenticate::bearer::jwt::jwks::{Keys, NoKeys};

const ALL: [Algorithm; 11] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::EdDsa,
    Algorithm::Ed25519,
];

#[tokio::test]
async fn every_algorithm_verifies_its_own_signatures_and_no_others() {
    let signers = [Signer::new_ec("P-384"), Signer::new_ec("P-521"), Signer::new_ed()];
    let all: Vec<(&Signer, &str)> =
        [rsa(), p256()].into_iter().chain(&signers).zip(["rsa", "p256", "p384", "p521", "ed"]).collect();
    let jwks: Vec<Value> = all.iter().map(|(signer, kid)| signer.jwk(kid)).collect();
    let test = Test::with(&set(&jwks), &ALL);
    for (algorithm, kid) in [
        ("RS256", 0),
        ("RS384", 0),
        ("RS512", 0),
        ("PS256", 0),
        ("PS384", 0),
        ("PS512", 0),
        ("ES256", 1),
        ("ES384", 2),
        ("ES512", 3),
        ("EdDSA", 4),
        ("Ed25519", 4),
    ] {
        let (signer, kid) = all[kid];
        for (said, _) in Algorithm::ALL {
            let header = json!({"typ": "at+jwt", "alg": said, "kid": kid}).to_string();
            let result = test.open(&signer.sign(algorithm, &header, &claims().to_string())).await;
            let same = said == algorithm || kid == "ed" && ["EdDSA", "Ed25519"].contains(&said);
            assert_eq!(result.is_ok(), same, "{algorithm} as {said}: {result:?}");
        }
    }
}

/// RFC 7515 A.2 and A.3, RFC 8037 A.4.
#[test]
fn the_examples_of_the_rfcs_verify() {
    let rs256 = (
        r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#,
        Algorithm::Rs256,
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    );
    let es256 = (
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        Algorithm::Es256,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    );
    let eddsa = (
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        Algorithm::EdDsa,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
    for (jwk, algorithm, token) in [rs256, es256, eddsa] {
        let keys = Keys::read("rfc", format!("{{\"keys\":[{jwk}]}}").as_bytes(), &[algorithm]).unwrap();
        let key = keys.find(algorithm, None).unwrap();
        let compact = Compact::read(token).unwrap();
        key.verify_sig(compact.signed, &compact.signature).unwrap();
        assert!(key.verify_sig(&compact.signed[1..], &compact.signature).is_err());
    }
}

#[test]
fn keys_for_other_uses_are_left_out() {
    let with = |signer: &Signer, changes: Value| -> Value { serde_json::from_str(&changed(signer.jwk("k"), &changes)).unwrap() };
    let short = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 128]), "e": "AQAB"});
    for (jwk, used) in [
        (with(rsa(), json!({})), true),
        (with(rsa(), json!({"use": "sig", "alg": "RS256", "key_ops": ["verify"], "x5c": ["AA"]})), true),
        (with(rsa(), json!({"use": "enc"})), false),
        (with(rsa(), json!({"use": 1})), false),
        (with(rsa(), json!({"key_ops": ["encrypt", "sign"]})), false),
        (with(rsa(), json!({"key_ops": "verify"})), false),
        (with(rsa(), json!({"alg": "RSA-OAEP"})), false),
        (with(rsa(), json!({"alg": "RS512"})), false),
        (with(rsa(), json!({"kty": "EC"})), false),
        (with(rsa(), json!({"n": null})), false),
        (with(rsa(), json!({"n": "A+/="})), false),
        (with(rsa(), json!({"e": "AA"})), false),
        (with(rsa(), json!({"e": "Ag"})), false),
        (with(rsa(), json!({"e": "AQ"})), false),
        (with(rsa(), json!({"e": "AAEAAQAB"})), false),
        (short, false),
        (with(p256(), json!({})), true),
        (with(p256(), json!({"crv": "P-384"})), false),
        (with(p256(), json!({"crv": null})), false),
        (with(p256(), json!({"kty": "OKP", "crv": "Ed25519"})), true),
        (with(p256(), json!({"x": URL_SAFE_NO_PAD.encode([0; 32])})), false),
        (with(p256(), json!({"x": "AA"})), false),
        (json!({"kty": "OKP", "crv": "X25519", "x": URL_SAFE_NO_PAD.encode([1; 32])}), false),
        (json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode([1; 31])}), false),
        (json!({"kty": "unheard-of"}), false),
        (json!({}), false),
    ] {
        let allowed = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
        let read = Keys::read("acme", set(std::slice::from_ref(&jwk)).as_bytes(), &allowed);
        assert_eq!(read.map(drop), if used { Ok(()) } else { Err(NoKeys::Empty) }, "{jwk}");
        // Beside a good one they do no harm.
        let both = Keys::read("acme", set(&[jwk.clone(), Signer::new_ed().jwk("good")]).as_bytes(), &allowed).unwrap();
        assert_eq!(both.len(), 1 + usize::from(used), "{jwk}");
    }
}

#[test]
fn sets_that_are_none_are_refused() {
    let read = |text: &str| Keys::read("acme", text.as_bytes(), &ALL).map(drop).unwrap_err();
    for text in [
        "",
        "{}",
        "[]",
        "{\"keys\":{}}",
        "{\"keys\":[1]}",
        "{\"keys\":[],\"keys\":[]}",
        "not json",
        "{\"keys\":[{\"a\":1,\"a\":2}]}",
    ] {
        assert_eq!(read(text), NoKeys::Malformed, "{text}");
    }
    assert_eq!(read("{\"keys\":[]}"), NoKeys::Empty);
    assert_eq!(read(&set(&vec![json!({}); 101])), NoKeys::TooMany);
    assert_eq!(read(&" ".repeat((256 << 10) + 1)), NoKeys::TooLarge);
    assert_eq!(Keys::read("acme", b"\xff", &ALL).map(drop), Err(NoKeys::Malformed));
    // Whoever publishes the private half has to hear of it: the key is anybody's now. A shared secret is as bad.
    let mut private = p256().jwk("e");
    private["d"] = json!("AA");
    assert_eq!(read(&set(&[rsa().jwk("r"), private])), NoKeys::Private);
    assert_eq!(read(&set(&[json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"})])), NoKeys::Private);
}

#[tokio::test]
async fn without_a_name_there_must_be_one_key_that_fits() {
    let unnamed = token(&json!({"kid": null}), &json!({}));
    let mut nameless = rsa().jwk("r");
    nameless.as_object_mut().unwrap().remove("kid");
    let other = Signer::new_rsa();
    let allowed = [Algorithm::Rs256, Algorithm::Es256];
    for (keys, unnamed_opens, named_opens) in [
        (vec![rsa().jwk("r")], Ok(()), Ok(())),
        (vec![rsa().jwk("r"), p256().jwk("e")], Ok(()), Ok(())),
        (vec![nameless.clone()], Ok(()), Err(Reason::UnknownKey)),
        (vec![rsa().jwk("r"), other.jwk("s")], Err(Reason::AmbiguousKey), Ok(())),
        (vec![rsa().jwk("r"), other.jwk("r")], Err(Reason::AmbiguousKey), Err(Reason::AmbiguousKey)),
        // One name for keys of two kinds.
        (vec![rsa().jwk("r"), p256().jwk("r")], Ok(()), Ok(())),
    ] {
        let test = Test::with(&set(&keys), &allowed);
        assert_eq!(test.open(&unnamed).await.map(drop), unnamed_opens, "{keys:?}");
        assert_eq!(test.open(&token(&json!({}), &json!({}))).await.map(drop), named_opens, "{keys:?}");
    }
}

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
