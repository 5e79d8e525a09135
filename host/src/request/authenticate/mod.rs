//! Who is calling: every scheme ends in the same [`Caller`].
//!
//! A request that carries no credential is anonymous; one that carries a bad one is refused, whatever its route would have
//! allowed. The cause of a refusal goes to the log only.

pub mod ocean_auth;

use std::net::IpAddr;

use http::HeaderMap;

use super::{respond::Refusal, service::Service};
use crate::caller::{Caller, Scheme};

/// The header of the OceanClouds platform.
pub const OCEAN_AUTH: &str = "ocean-auth";

/// Proves the caller. Fails with [`Refusal::BadOceanAuth`].
pub fn authenticate(service: &Service, headers: &HeaderMap, peer: IpAddr, now_ms: u64) -> Result<Caller, Refusal> {
    let mut values = headers.get_all(OCEAN_AUTH).into_iter();
    let Some(value) = values.next() else { return Ok(Caller::anonymous(peer)) };
    let refused = |cause: &'static str| {
        tracing::info!(service = service.key, cause, "Ocean-Auth refused");
        Refusal::BadOceanAuth
    };
    if values.next().is_some() {
        return Err(refused("two_headers"));
    }
    let policy = service.ocean_auth.as_ref().ok_or_else(|| refused("service_has_no_key"))?;
    let identity = policy.open(value.as_bytes(), now_ms).map_err(|reason| refused(reason.as_str()))?;
    Ok(Caller { scheme: Scheme::OceanAuth, app: Some(identity.app_key), user: identity.user, scopes: Vec::new(), address: peer })
}
