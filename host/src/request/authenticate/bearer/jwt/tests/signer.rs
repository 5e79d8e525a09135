//! An issuer's own side: keys made for the test, and tokens signed with them.

use std::sync::LazyLock;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{KeyInit, Mac};
use serde_json::{Value, json};

pub(super) enum Signer {
    Rsa(RsaKeyPair),
    Ec(Vec<u8>, &'static str),
    Ed(Ed25519KeyPair),
}

/// Making an RSA key takes a while, so tests share one.
pub(super) fn rsa() -> &'static Signer {
    static RSA: LazyLock<Signer> = LazyLock::new(Signer::new_rsa);
    &RSA
}

pub(super) fn p256() -> &'static Signer {
    static P256: LazyLock<Signer> = LazyLock::new(|| Signer::new_ec("P-256"));
    &P256
}

pub(super) fn encode(part: &str) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

impl Signer {
    pub(super) fn new_rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub(super) fn new_ec(curve: &'static str) -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(ec(curve), &SystemRandom::new()).unwrap();
        Self::Ec(pkcs8.as_ref().to_vec(), curve)
    }

    pub(super) fn new_ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    /// The public key as the library writes it.
    pub(super) fn public(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Self::Ec(pkcs8, curve) => EcdsaKeyPair::from_pkcs8(ec(curve), pkcs8).unwrap().public_key().as_ref().to_vec(),
            Self::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub(super) fn jwk(&self, kid: &str) -> Value {
        let public = self.public();
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            // SEQUENCE { INTEGER n, INTEGER 65537 }, with n of 256 bytes and a zero before it.
            Self::Rsa(_) => {
                assert_eq!((public.len(), &public[265..]), (270, &[2, 3, 1, 0, 1][..]));
                json!({"kty": "RSA", "kid": kid, "n": encoded(&public[9..265]), "e": "AQAB"})
            }
            Self::Ec(_, curve) => {
                let (x, y) = public[1..].split_at(public.len() / 2);
                json!({"kty": "EC", "kid": kid, "crv": curve, "x": encoded(x), "y": encoded(y)})
            }
            Self::Ed(_) => json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": encoded(&public)}),
        }
    }

    /// Signs as `algorithm` whatever the header says. `ES256-DER` is ES256 in the wrong encoding.
    pub(super) fn sign(&self, algorithm: &str, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rsa(pair) => {
                let encoding = match algorithm {
                    "RS256" => &RSA_PKCS1_SHA256,
                    "RS384" => &RSA_PKCS1_SHA384,
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    "PS384" => &RSA_PSS_SHA384,
                    "PS512" => &RSA_PSS_SHA512,
                    other => panic!("{other}"),
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, signed.as_bytes(), &mut signature).unwrap();
                signature
            }
            Self::Ec(pkcs8, curve) => {
                let signing = if algorithm == "ES256-DER" { &ECDSA_P256_SHA256_ASN1_SIGNING } else { ec(curve) };
                let pair = EcdsaKeyPair::from_pkcs8(signing, pkcs8).unwrap();
                pair.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec()
            }
            Self::Ed(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn ec(curve: &str) -> &'static EcdsaSigningAlgorithm {
    match curve {
        "P-256" => &ECDSA_P256_SHA256_FIXED_SIGNING,
        "P-384" => &ECDSA_P384_SHA384_FIXED_SIGNING,
        "P-521" => &ECDSA_P521_SHA512_FIXED_SIGNING,
        other => panic!("{other}"),
    }
}

/// A token whose signature is an HMAC-SHA256.
pub(super) fn hmac(secret: &[u8], header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// A token with an ECDSA signature of r = s = 0.
pub(super) fn zeros(header: &str, claims: &str) -> String {
    format!("{}.{}.{}", encode(header), encode(claims), URL_SAFE_NO_PAD.encode([0; 64]))
}
