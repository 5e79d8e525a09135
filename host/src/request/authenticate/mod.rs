//! Who is calling: every scheme ends in the same [`Caller`].
//!
//! A request that carries no credential is anonymous; one that carries a bad one is refused, whatever its route would have
//! allowed: a caller who believes to have proven something must not be served as nobody. So is one that carries two, because
//! there is no telling which of two callers it speaks for. The cause of a refusal goes to the log only. Which scheme
//! satisfies which route stands in `docs/identity.md`.
//!
//! At the host name of a console none of this counts: there it is [`console`] that proves the caller.

mod remembered;
pub mod bearer;
pub mod console;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

use self::bearer::{Bearer, header::Credentials};
use super::{respond::Refusal, service::Service};
use crate::caller::{Caller, Scheme};

/// The header of the OceanClouds platform.
pub const OCEAN_AUTH: &str = "ocean-auth";

/// Proves the caller. Fails with [`Refusal::BadOceanAuth`], [`Refusal::BadCredentials`], [`Refusal::OtherScheme`] or
/// [`Refusal::BadToken`].
///
/// Waits only for a bearer token that is not known yet. Cancellation: harmless.
pub async fn authenticate(
    bearer: &Bearer,
    service: &Service,
    headers: &HeaderMap,
    address: IpAddr,
    now_ms: u64,
) -> Result<Caller, Refusal> {
    match (headers.contains_key(OCEAN_AUTH), headers.get(AUTHORIZATION)) {
        (false, None) => Ok(Caller::anonymous(address)),
        (true, None) => ocean_auth(service, headers, address, now_ms),
        (true, Some(_)) => Err(Refusal::BadCredentials("two_schemes")),
        (false, Some(value)) => {
            if headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
                return Err(Refusal::BadCredentials("two_headers"));
            }
            authorization(bearer, service, value, address, now_ms).await
        }
    }
}

fn ocean_auth(service: &Service, headers: &HeaderMap, address: IpAddr, now_ms: u64) -> Result<Caller, Refusal> {
    let mut values = headers.get_all(OCEAN_AUTH).into_iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Refusal::BadOceanAuth("two_headers")) };
    let policy = service.ocean_auth.as_ref().ok_or(Refusal::BadOceanAuth("service_has_no_key"))?;
    let identity = policy.open(value.as_bytes(), now_ms).map_err(|reason| Refusal::BadOceanAuth(reason.as_str()))?;
    Ok(Caller {
        scheme: Scheme::OceanAuth,
        app: Some(identity.app_key),
        app_id: None,
        user: identity.user,
        scopes: Vec::new(),
        address,
    })
}

async fn authorization(
    bearer: &Bearer,
    service: &Service,
    value: &HeaderValue,
    address: IpAddr,
    now_ms: u64,
) -> Result<Caller, Refusal> {
    match bearer::header::read(value) {
        Credentials::Bearer(token) => bearer.open(service, token, now_ms, address).await.map_err(Refusal::BadToken),
        Credentials::OtherScheme => Err(Refusal::OtherScheme),
        Credentials::Malformed => Err(Refusal::BadCredentials("malformed")),
    }
}
