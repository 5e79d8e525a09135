//! One public key of an issuer (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).

use aws_lc_rs::{rsa::PublicKeyComponents, signature::ParsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::algorithm::{Algorithm, Kind, Verification};
use crate::json::{Object, Value};

/// Why a key of a set is not used. RFC 7517 §5: a set may hold keys that its reader has no use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unused {
    /// A member is missing or of the wrong type or value.
    Malformed,
    /// `use` or `key_ops` say that it is not for checking signatures.
    OtherPurpose,
    /// No algorithm that the issuer may use fits its `kty`, `crv` and `alg`.
    NoAlgorithm,
    /// A private key, which has no business here.
    Private,
    /// The cryptographic library does not take it: too short, or not on its curve.
    Rejected,
}

impl Unused {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::OtherPurpose => "other_purpose",
            Self::NoAlgorithm => "no_allowed_algorithm",
            Self::Private => "private_key",
            Self::Rejected => "rejected",
        }
    }
}

/// A public key, made ready for every algorithm it may be used with.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) kid: Option<String>,
    verifiers: Vec<(Algorithm, ParsedPublicKey)>,
}

impl Key {
    /// Reads a JWK for an issuer that may use the algorithms `allowed`.
    pub(super) fn read(jwk: &Object<'_>, allowed: &[Algorithm]) -> Result<Self, Unused> {
        if ["d", "k", "p", "q", "priv"].into_iter().any(|member| jwk.contains_key(member)) {
            return Err(Unused::Private);
        }
        if text(jwk, "use")?.is_some_and(|purpose| purpose != "sig") || !may_verify(jwk)? {
            return Err(Unused::OtherPurpose);
        }
        let kty = text(jwk, "kty")?.ok_or(Unused::Malformed)?;
        let (crv, alg) = (text(jwk, "crv")?, text(jwk, "alg")?);
        let fits = |algorithm: &Algorithm| match algorithm.kind() {
            Kind::Rsa => kty == "RSA",
            Kind::Ec(curve, _) => kty == "EC" && crv == Some(curve),
            Kind::Ed25519 => kty == "OKP" && crv == Some("Ed25519"),
        };
        let named = |algorithm: &Algorithm| alg.is_none_or(|name| Algorithm::named(name) == Some(*algorithm));
        let verifiers: Vec<_> = allowed
            .iter()
            .filter(|algorithm| fits(algorithm) && named(algorithm))
            .map(|algorithm| Ok((*algorithm, public_key(jwk, *algorithm)?)))
            .collect::<Result<_, Unused>>()?;
        if verifiers.is_empty() {
            return Err(Unused::NoAlgorithm);
        }
        Ok(Self { kid: text(jwk, "kid")?.map(str::to_owned), verifiers })
    }

    /// The key ready for `algorithm`, if it may be used with that.
    pub(super) fn verifier(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        self.verifiers.iter().find(|(fitting, _)| *fitting == algorithm).map(|(_, verifier)| verifier)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("kid", &self.kid).finish_non_exhaustive()
    }
}

fn public_key(jwk: &Object<'_>, algorithm: Algorithm) -> Result<ParsedPublicKey, Unused> {
    let parsed = match (algorithm.verification(), algorithm.kind()) {
        (Verification::Rsa(parameters), _) => {
            let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
            if !is_rsa(&n, &e) {
                return Err(Unused::Rejected);
            }
            PublicKeyComponents { n, e }.to_parsed_public_key(parameters)
        }
        (Verification::Point(parameters), Kind::Ec(_, length)) => {
            let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
            if (x.len(), y.len()) != (length, length) {
                return Err(Unused::Malformed);
            }
            ParsedPublicKey::new(parameters, [&[4], &x[..], &y[..]].concat())
        }
        (Verification::Point(parameters), _) => {
            let x = bytes(jwk, "x")?;
            // The library would also take a key in DER.
            if x.len() != 32 {
                return Err(Unused::Malformed);
            }
            ParsedPublicKey::new(parameters, x)
        }
    };
    parsed.map_err(|_| Unused::Rejected)
}

/// The library judges some of this only when it verifies. 2048 bits are the least of RFC 7518 §3.3; with an even exponent, or
/// with 1, anybody could sign.
fn is_rsa(n: &[u8], e: &[u8]) -> bool {
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    n.first() != Some(&0) && (2048..=8192).contains(&bits) && odd(n) && (1..=4).contains(&e.len()) && odd(e) && e != [1]
}

fn may_verify(jwk: &Object<'_>) -> Result<bool, Unused> {
    match jwk.get("key_ops") {
        None => Ok(true),
        Some(Value::Array(operations)) => {
            Ok(operations.iter().any(|operation| matches!(operation, Value::Text(name) if name == "verify")))
        }
        Some(_) => Err(Unused::Malformed),
    }
}

fn text<'a>(jwk: &'a Object<'_>, member: &str) -> Result<Option<&'a str>, Unused> {
    match jwk.get(member) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(Unused::Malformed),
    }
}

fn bytes(jwk: &Object<'_>, member: &str) -> Result<Vec<u8>, Unused> {
    let text = text(jwk, member)?.ok_or(Unused::Malformed)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Unused::Malformed)
}
