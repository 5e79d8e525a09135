//! JWT access tokens (RFC 9068): an issuer that the operator trusts signs who may call what, and until when.
//!
//! Files stand in the order of travel: a token falls into three parts ([`compact`]), its [`header`] says which [`algorithm`]
//! and [`key`], the unproven claim `iss` which [`issuer`], whose keys ([`jwks`]) come from a file or an address ([`source`]);
//! when the signature is right, the [`claims`] are judged for the service and the hour, and what was found good is
//! [`proven`] for the requests that follow.
//!
//! What it guarantees:
//! * A token is good only where its issuer, its audience, its algorithm and its times all are, each as the operator
//!   configured it. Nothing in a token can bring a key or an algorithm along.
//! * Everything two parsers could read differently is refused: duplicate claims, sloppy base64, critical extensions.
//! * No request reads keys itself, and none waits for them longer than a bound.
//!
//! What it cannot: a JWT is not revoked but by taking its key out of the issuer's set; it ends at its `exp`.

pub mod algorithm;
pub mod claims;
mod compact;
mod header;
pub mod issuer;
pub mod jwks;
mod key;
mod proven;
mod source;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use self::{algorithm::Algorithm, proven::Tokens};
use self::{claims::Claims, compact::Compact, header::Header, issuer::Issuer, proven::Proven};
use super::Reason;
use crate::json::Object;

/// Which tokens a service takes.
#[derive(Debug, Clone)]
pub struct Accept {
    /// What `aud` must name.
    pub audience: String,
    pub issuers: Vec<Arc<Issuer>>,
}

/// Whether a token is to be read as a JWT: the host's own tokens have no dots, and other kinds are not known.
pub fn is_jwt(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// Verifies a token for a service: signature first, so that what is logged of its claims is true.
///
/// Waits only where its key is not known. Cancellation: harmless.
async fn verify(accept: &Accept, token: &str, now_ms: u64) -> Result<Proven, Reason> {
    let compact = Compact::read(token)?;
    let header = Header::read(&compact.header)?;
    let unproven = Object::parse(&compact.payload).map_err(|_| Reason::Malformed)?;
    let name = claims::issuer(&unproven)?;
    let issuer = accept.issuers.iter().find(|issuer| issuer.issuer == name).ok_or(Reason::OtherIssuer)?;
    let keys = issuer.keys_for(&header).await?;
    let key = keys.find(header.algorithm, header.kid.as_deref())?;
    key.verify_sig(compact.signed, &compact.signature).map_err(|_| Reason::BadSignature)?;
    let claims = Claims::read(&unproven)?;
    claims.judge(&accept.audience, issuer.skew_ms, now_ms)?;
    Ok(Proven { claims: Arc::new(claims), issuer: issuer.clone(), keys: keys.clone() })
}
