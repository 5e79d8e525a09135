//! The header (RFC 7515 §4, RFC 9068 §2.1): which algorithm, and which key.
//!
//! A token cannot bring its key along: `jwk`, `jku`, `x5c` and `x5u` are ignored like everything else that is unknown here.

use super::{Algorithm, Reason};
use crate::json::{Object, Value};

/// A key id is a name, not a document.
const MAX_KID: usize = 256;

/// What the header says; nothing of it is proven.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    /// Which of the issuer's keys, unless there is only one.
    pub(super) kid: Option<String>,
}

impl Header {
    pub(super) fn read(text: &str) -> Result<Self, Reason> {
        let header = Object::parse(text).map_err(|_| Reason::Malformed)?;
        // RFC 9068 §4: of all the JWTs an issuer signs, only access tokens; an ID token of the same issuer is not one.
        match header.get("typ") {
            Some(Value::Text(typ)) if is_access_token(typ) => {}
            _ => return Err(Reason::WrongType),
        }
        // Extensions that must be understood, of which none is. `b64` without `crit` would be read differently by others.
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(Reason::Critical);
        }
        let algorithm = match header.get("alg") {
            Some(Value::Text(name)) => Algorithm::named(name).ok_or(Reason::Algorithm)?,
            _ => return Err(Reason::Algorithm),
        };
        let kid = match header.get("kid") {
            None => None,
            Some(Value::Text(kid)) if kid.len() <= MAX_KID => Some(kid.to_string()),
            Some(_) => return Err(Reason::Malformed),
        };
        Ok(Self { algorithm, kid })
    }
}

/// Media types are compared without regard to case; RFC 9068's own example writes `at+JWT`.
fn is_access_token(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}
