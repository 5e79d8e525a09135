//! Tokens whose signature was found right, by the hash of the whole token, so that a token is verified once and not with
//! every request. Measured in a dev build on a busy machine: verifying takes 50 µs (RS256) to 180 µs (ES256), remembering 2 to
//! 4, and a whole call of a plugin 10.
//!
//! What is remembered is the proof and not the verdict: times and audience are judged for each request, and a proof holds only
//! as long as its issuer's keys are those it was made with.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Accept, Claims, Issuer, Reason, jwks::Keys, verify};
use crate::store::Digest;

/// Proofs remembered at once, and the longest token that is remembered. A proof is not much larger than its token, so they
/// take some 32 MiB at the very most, and 8 MiB of tokens of the usual size. When they are too many all are dropped.
const MAX_PROVEN: usize = 8_192;
const MAX_TOKEN: usize = 4 << 10;

/// What a right signature proves.
#[derive(Debug, Clone)]
pub(super) struct Proven {
    pub(super) claims: Arc<Claims>,
    pub(super) issuer: Arc<Issuer>,
    /// The keys among which is the one that signed.
    pub(super) keys: Arc<Keys>,
}

/// JWT access tokens.
#[derive(Debug, Default)]
pub struct Tokens {
    proven: RwLock<HashMap<Digest, Proven>>,
}

impl Tokens {
    /// What the token claims, and the name of its issuer, if it opens a service that accepts `accept` at `now_ms`.
    ///
    /// Waits only where its key is not known. Cancellation: harmless.
    pub async fn open(&self, accept: Option<&Accept>, token: &str, now_ms: u64) -> Result<(Arc<Claims>, String), Reason> {
        let accept = accept.ok_or(Reason::NoJwt)?;
        let hash = (token.len() <= MAX_TOKEN).then(|| Digest::of(token.as_bytes()));
        if let Some(proven) = hash.and_then(|hash| self.recall(&hash)) {
            if !accept.issuers.iter().any(|issuer| Arc::ptr_eq(issuer, &proven.issuer)) {
                return Err(Reason::OtherIssuer);
            }
            proven.claims.judge(&accept.audience, proven.issuer.skew_ms, now_ms)?;
            return Ok((proven.claims, proven.issuer.name.clone()));
        }
        let proven = verify(accept, token, now_ms).await?;
        if let Some(hash) = hash {
            self.remember(hash, proven.clone());
        }
        Ok((proven.claims, proven.issuer.name.clone()))
    }

    fn recall(&self, hash: &Digest) -> Option<Proven> {
        let proven = self.proven.read().unwrap_or_else(PoisonError::into_inner).get(hash)?.clone();
        Arc::ptr_eq(&proven.keys, &proven.issuer.keys()).then_some(proven)
    }

    fn remember(&self, hash: Digest, new: Proven) {
        let mut proven = self.proven.write().unwrap_or_else(PoisonError::into_inner);
        if proven.len() >= MAX_PROVEN {
            proven.clear();
        }
        proven.insert(hash, new);
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.proven.read().unwrap().len()
    }
}
