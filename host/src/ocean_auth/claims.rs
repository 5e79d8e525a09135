//! From JSON to an identity: which fields there must be, and of which types.
//!
//! Lenient here, because clients of the platform differ in it, and nowhere else:
//! * `isClientLogin` is `true`, `false`, `"true"` or `"false"`;
//! * `expireTime` is an integer, or a string that is one (milliseconds since 1970);
//! * fields stand in any order with any white space between tokens, and unknown ones are ignored;
//! * without login only, the fields of the user and `expireTime` may be absent, null or empty.
//!
//! A null counts as absent everywhere. An anonymous caller's user fields are of no account, but must be strings.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::{Identity, Reason};
use crate::{
    caller::AppUser,
    json::{self, Keys, Refused, Value},
};

/// The fields of a header as they stand there, borrowed from its text.
#[derive(Default)]
pub(super) struct Claims<'a> {
    app_key: Field<'a>,
    login: Field<'a>,
    user_id: Field<'a>,
    account: Field<'a>,
    name: Field<'a>,
    authenticated_by: Field<'a>,
    expiry: Field<'a>,
    audience: Field<'a>,
    issued: Field<'a>,
}

type Field<'a> = Option<Value<'a>>;

impl<'a> Claims<'a> {
    /// Fails only on what is not one JSON object with one reading; what the fields hold is judged later.
    pub(super) fn parse(text: &'a str) -> Result<Self, Reason> {
        json::parse(text).map_err(|refused| match refused {
            Refused::Malformed => Reason::MalformedJson,
            Refused::HugeNumber => Reason::BadType,
        })
    }

    /// What v2 asks beyond the legacy fields: `aud` is this service, and `iat` says when the header was made. Legacy headers,
    /// whose `audience` is `None`, have neither.
    pub(super) fn demand_audience(&self, audience: Option<&str>) -> Result<(), Reason> {
        let Some(audience) = audience else { return Ok(()) };
        match &self.issued {
            None | Some(Value::Null) => return Err(Reason::MissingField),
            Some(Value::Integer(0..)) => {}
            Some(_) => return Err(Reason::BadType),
        }
        if filled(&self.audience)? == audience { Ok(()) } else { Err(Reason::WrongAudience) }
    }

    /// For those who may not come without an expiry even as anonymous callers.
    pub(super) fn demand_expiry(&self) -> Result<(), Reason> {
        self.expiry()?.map(drop).ok_or(Reason::MissingField)
    }

    /// The identity, if every field is right and the expiry lies after `now_ms`, but no more than `max_lifetime_ms` after.
    pub(super) fn prove(&self, now_ms: u64, max_lifetime_ms: u64) -> Result<Identity, Reason> {
        let app_key = filled(&self.app_key)?.to_owned();
        let user = if self.login()? {
            self.demand_expiry()?;
            Some(AppUser {
                id: filled(&self.user_id)?.to_owned(),
                account: text(&self.account)?.ok_or(Reason::MissingField)?.to_owned(),
                name: text(&self.name)?.ok_or(Reason::MissingField)?.to_owned(),
                authenticated_by: filled(&self.authenticated_by)?.to_owned(),
            })
        } else {
            [&self.user_id, &self.account, &self.name, &self.authenticated_by]
                .into_iter()
                .try_for_each(|field| text(field).map(drop))?;
            None
        };
        let expires_ms = self.expiry()?.map(|expiry| valid(expiry, now_ms, max_lifetime_ms)).transpose()?;
        Ok(Identity { app_key, user, expires_ms })
    }

    fn login(&self) -> Result<bool, Reason> {
        match &self.login {
            None | Some(Value::Null) => Err(Reason::MissingField),
            Some(Value::Bool(login)) => Ok(*login),
            Some(Value::Text(word)) if word == "true" => Ok(true),
            Some(Value::Text(word)) if word == "false" => Ok(false),
            Some(_) => Err(Reason::BadType),
        }
    }

    fn expiry(&self) -> Result<Option<i64>, Reason> {
        match &self.expiry {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Text(digits)) if digits.is_empty() => Ok(None),
            Some(Value::Text(digits)) => integer(digits).map(Some).ok_or(Reason::BadType),
            Some(Value::Integer(number)) => Ok(Some(*number)),
            Some(_) => Err(Reason::BadType),
        }
    }
}

/// The text of a field, if it is there.
fn text<'a>(field: &'a Field<'_>) -> Result<Option<&'a str>, Reason> {
    match field {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(Reason::BadType),
    }
}

/// The text of a field that must be there and not be empty.
fn filled<'a>(field: &'a Field<'_>) -> Result<&'a str, Reason> {
    text(field)?.filter(|text| !text.is_empty()).ok_or(Reason::MissingField)
}

/// An integer as JSON writes it: no plus, no leading zeros, no spaces, no fraction.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    text.parse().ok().filter(|_| canonical)
}

fn valid(expiry: i64, now_ms: u64, max_lifetime_ms: u64) -> Result<u64, Reason> {
    let expiry = u64::try_from(expiry).map_err(|_| Reason::Expired)?;
    match expiry.checked_sub(now_ms) {
        None | Some(0) => Err(Reason::Expired),
        Some(left) if left > max_lifetime_ms => Err(Reason::TooFar),
        Some(_) => Ok(expiry),
    }
}

impl<'de> Deserialize<'de> for Claims<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Claims<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut claims = Claims::default();
        let mut unknown = Keys::default();
        while let Some(key) = Keys::next(&mut map)? {
            let value = map.next_value()?;
            let field = match &*key {
                "appKey" => &mut claims.app_key,
                "isClientLogin" => &mut claims.login,
                "appUserAccountId" => &mut claims.user_id,
                "appUserAccount" => &mut claims.account,
                "appUserName" => &mut claims.name,
                "authBackServiceKey" => &mut claims.authenticated_by,
                "expireTime" => &mut claims.expiry,
                "aud" => &mut claims.audience,
                "iat" => &mut claims.issued,
                _ => {
                    unknown.insert(key)?;
                    continue;
                }
            };
            if field.replace(value).is_some() {
                return Err(json::duplicate());
            }
        }
        Ok(claims)
    }
}
