//! The claims (RFC 9068 §2.2): what they must be, and whether they hold here and now.

use std::time::Duration;

use super::Reason;
use crate::json::{Object, Value};

/// The longest id of an app or user; issuers use UUIDs and URLs.
const MAX_ID: usize = 256;
/// As many and as long as routes can ask for, and room for those meant for others.
const MAX_SCOPES: usize = 256;
const MAX_SCOPE: usize = 256;

/// What a token claims, once its signature is known to be right. Times are milliseconds since 1970.
#[derive(Debug, PartialEq, Eq)]
pub struct Claims {
    /// `client_id`.
    pub app: String,
    /// `sub`, where it is not the app itself.
    pub user: Option<String>,
    pub scopes: Vec<String>,
    audience: Vec<String>,
    expires_ms: u64,
    not_before_ms: Option<u64>,
    issued_ms: u64,
}

/// The claim `iss`, by which the keys are found that tell whether it is true.
pub(super) fn issuer<'a>(claims: &'a Object<'_>) -> Result<&'a str, Reason> {
    text(claims, "iss")?.ok_or(Reason::MissingClaim)
}

impl Claims {
    pub(super) fn read(claims: &Object<'_>) -> Result<Self, Reason> {
        let app = id(claims, "client_id")?;
        let subject = id(claims, "sub")?;
        let (expires_ms, issued_ms) = (time(claims, "exp")?, time(claims, "iat")?);
        Ok(Self {
            user: (subject != app).then_some(subject),
            app,
            scopes: scopes(claims)?,
            audience: audience(claims)?,
            expires_ms: expires_ms.ok_or(Reason::MissingClaim)?,
            not_before_ms: time(claims, "nbf")?,
            issued_ms: issued_ms.ok_or(Reason::MissingClaim)?,
        })
    }

    /// Whether they hold for the service that answers to `audience`, at `now_ms`, for clocks that differ by `skew_ms`.
    pub(super) fn judge(&self, audience: &str, skew_ms: u64, now_ms: u64) -> Result<(), Reason> {
        let latest = now_ms.saturating_add(skew_ms);
        if !self.audience.iter().any(|named| named == audience) {
            Err(Reason::OtherService)
        } else if now_ms >= self.expires_ms.saturating_add(skew_ms) {
            Err(Reason::Expired)
        } else if self.not_before_ms.is_some_and(|start| start > latest) {
            Err(Reason::NotYetValid)
        } else if self.issued_ms > latest || self.issued_ms > self.expires_ms {
            Err(Reason::BadTimes)
        } else {
            Ok(())
        }
    }
}

fn text<'a>(claims: &'a Object<'_>, name: &str) -> Result<Option<&'a str>, Reason> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(Reason::BadClaim),
    }
}

/// An id goes to plugins and into logs: one line, not empty, not without end.
fn id(claims: &Object<'_>, name: &str) -> Result<String, Reason> {
    let id = text(claims, name)?.ok_or(Reason::MissingClaim)?;
    let fits = (1..=MAX_ID).contains(&id.len()) && !id.chars().any(char::is_control);
    if fits { Ok(id.to_owned()) } else { Err(Reason::BadClaim) }
}

/// RFC 9068 §2.2.3: names with spaces between.
fn scopes(claims: &Object<'_>) -> Result<Vec<String>, Reason> {
    let named = text(claims, "scope")?.unwrap_or_default();
    let scopes: Vec<String> = named.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let fits = scopes.len() <= MAX_SCOPES && scopes.iter().all(|scope| scope.len() <= MAX_SCOPE && is_scope(scope));
    if fits { Ok(scopes) } else { Err(Reason::BadClaim) }
}

/// A scope token of RFC 6749 §3.3.
fn is_scope(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// RFC 7519 §4.1.3: one text, or a list of them.
fn audience(claims: &Object<'_>) -> Result<Vec<String>, Reason> {
    let one = |value: &Value<'_>| match value {
        Value::Text(text) => Ok(text.to_string()),
        _ => Err(Reason::BadClaim),
    };
    match claims.get("aud") {
        None => Err(Reason::MissingClaim),
        Some(Value::Array(values)) => values.iter().map(one).collect(),
        Some(value) => Ok(vec![one(value)?]),
    }
}

/// RFC 7519 §2, NumericDate: seconds since 1970, with or without a fraction.
fn time(claims: &Object<'_>, name: &str) -> Result<Option<u64>, Reason> {
    let since = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Integer(seconds)) => u64::try_from(*seconds).ok().map(Duration::from_secs),
        Some(Value::Number(seconds)) => Duration::try_from_secs_f64(*seconds).ok(),
        Some(_) => None,
    };
    since.and_then(|since| u64::try_from(since.as_millis()).ok()).map(Some).ok_or(Reason::BadClaim)
}
