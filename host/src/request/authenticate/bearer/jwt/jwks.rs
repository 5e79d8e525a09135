//! An issuer's set of keys (RFC 7517 §5), and which of them a token means.

use aws_lc_rs::signature::ParsedPublicKey;

use super::{
    Algorithm, Reason,
    key::{Key, Unused},
};
use crate::json::{Object, Value};
use crate::store::Digest;

/// The longest set that is read, and the most keys of it. Large issuers have ten keys, of 2 KiB each with certificates.
pub(super) const MAX_JWKS: usize = 256 << 10;
const MAX_KEYS: usize = 100;

/// Why a text is no set of keys that could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoKeys {
    #[error("it is larger than 256 KiB")]
    TooLarge,
    #[error("it is not a JSON object with one list `keys` of objects")]
    Malformed,
    #[error("it holds more than {MAX_KEYS} keys")]
    TooMany,
    #[error("it holds a private key, which must be nowhere but with the issuer")]
    Private,
    #[error("it holds no key that a token may be signed with (RSA of 2048 bits or more, EC or Ed25519, allowed by `algorithms`)")]
    Empty,
}

/// The keys of one issuer as they were at one moment.
#[derive(Debug, Default)]
pub(super) struct Keys {
    keys: Vec<Key>,
    /// Of the text they were read from; `None` before the first.
    digest: Option<Digest>,
}

impl Keys {
    /// Reads a set. Keys that are not for this use are left out and named in the log by their place in the list.
    ///
    /// `issuer` is the configuration's name for it.
    pub(super) fn read(issuer: &str, text: &[u8], allowed: &[Algorithm]) -> Result<Self, NoKeys> {
        if text.len() > MAX_JWKS {
            return Err(NoKeys::TooLarge);
        }
        let digest = Some(Digest::of(text));
        let text = str::from_utf8(text).map_err(|_| NoKeys::Malformed)?;
        let set = Object::parse(text).map_err(|_| NoKeys::Malformed)?;
        let Some(Value::Array(all)) = set.get("keys") else { return Err(NoKeys::Malformed) };
        if all.len() > MAX_KEYS {
            return Err(NoKeys::TooMany);
        }
        let mut keys = Vec::new();
        for (index, jwk) in all.iter().enumerate() {
            let Value::Object(jwk) = jwk else { return Err(NoKeys::Malformed) };
            match Key::read(jwk, allowed) {
                Ok(key) => keys.push(key),
                Err(Unused::Private) => return Err(NoKeys::Private),
                Err(unused) => tracing::debug!(issuer, index, cause = unused.as_str(), "a key of the issuer is not used"),
            }
        }
        if keys.is_empty() { Err(NoKeys::Empty) } else { Ok(Self { keys, digest }) }
    }

    /// Whether they were read from this text.
    pub(super) fn are_of(&self, text: &[u8]) -> bool {
        self.digest == Some(Digest::of(text))
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The one key that a header means. Without a `kid` there must be only one that fits.
    pub(super) fn find(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<&ParsedPublicKey, Reason> {
        let named = || self.keys.iter().filter(|key| kid.is_none() || key.kid.as_deref() == kid);
        let mut fitting = named().filter_map(|key| key.verifier(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(Reason::AmbiguousKey),
            // The key that is meant is there, and is for something else: no newer set will change that.
            (None, _) if kid.is_some() && named().next().is_some() => Err(Reason::OtherKey),
            (None, _) => Err(Reason::UnknownKey),
        }
    }
}
