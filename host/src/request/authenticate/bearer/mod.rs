//! Bearer tokens, RFC 6750: whoever holds one may call as the app, and for the app user, that it names.
//!
//! Files stand in the order of travel: [`header`] takes the token out of `Authorization`; [`opaque`] finds the host's own
//! tokens, which an admin makes with `wharf token create`, and [`jwt`] verifies those of issuers that the operator trusts.
//!
//! What it guarantees:
//! * A token opens the services it was made for, until it expires or is revoked; both hold from the next request on.
//! * It comes in the header `Authorization` and nowhere else: a token in a query ends in logs and histories (RFC 6750 §2.3),
//!   and one in a form would have to be looked for in a body that belongs to the plugin (§2.2).
//! * Every token that opens nothing gets one answer; the [`Reason`] is for the log.

pub mod header;
pub mod opaque;
pub mod jwt;
mod reason;

use std::net::IpAddr;

pub use self::reason::Reason;
use crate::{
    caller::{AppUser, Caller, Scheme},
    request::service::Service,
    store::{Store, tokens::Token},
};

/// Who vouches for the user of an opaque token: the admin who made it. No service key has a colon, so no service can be
/// mistaken for it.
pub const VOUCHED_BY_ADMIN: &str = "wharf:token";

/// What stands before the configuration's name of the issuer that vouches for the user of a JWT.
pub const VOUCHED_BY_ISSUER: &str = "issuer:";

/// All that bearer tokens are judged by. Lives as long as the host.
#[derive(Debug)]
pub struct Bearer {
    pub opaque: opaque::Tokens,
    pub jwt: jwt::Tokens,
}

impl Bearer {
    /// `store` is where the host's own tokens are; without one there are none.
    pub fn new(store: Option<Store>) -> Self {
        Self { opaque: opaque::Tokens::new(store), jwt: jwt::Tokens::default() }
    }

    /// Whom `token` proves to `service` at `now_ms`. The caller's address is the request's to say.
    ///
    /// The reason of a refusal belongs into the log and must not show in the answer, but where it [is the host's
    /// own](Reason::is_hosts). Cancellation: harmless.
    pub async fn open(&self, service: &Service, token: &str, now_ms: u64, address: IpAddr) -> Result<Caller, Reason> {
        if jwt::is_jwt(token) {
            let (claims, issuer) = self.jwt.open(service.jwt.as_ref(), token, now_ms).await?;
            Ok(claimed(&claims, &issuer, address))
        } else {
            let known = self.opaque.open(&service.key, token, now_ms).await?;
            Ok(stored(&known, address))
        }
    }
}

fn stored(token: &Token, address: IpAddr) -> Caller {
    let user = token.user.as_ref().map(|user| AppUser {
        id: user.id.clone(),
        account: user.account.clone(),
        name: user.name.clone(),
        authenticated_by: VOUCHED_BY_ADMIN.to_owned(),
    });
    Caller { scheme: Scheme::Bearer, app: Some(token.app.clone()), app_id: None, user, scopes: token.scopes.clone(), address }
}

/// Names and accounts are not claims of an access token, and labels that nobody vouches for are better absent.
fn claimed(claims: &jwt::claims::Claims, issuer: &str, address: IpAddr) -> Caller {
    let user = claims.user.as_ref().map(|id| AppUser {
        id: id.clone(),
        account: String::new(),
        name: String::new(),
        authenticated_by: format!("{VOUCHED_BY_ISSUER}{issuer}"),
    });
    Caller { scheme: Scheme::Bearer, app: Some(claims.app.clone()), app_id: None, user, scopes: claims.scopes.clone(), address }
}
