//! JSON with one reading: everything two parsers could understand differently is refused.
//!
//! serde_json already refuses a BOM, lone surrogates, raw control characters, trailing bytes and nesting deeper than 128. What
//! it would let pass is found here: a key that occurs twice, at any depth, and broken escapes in values nobody asked for. For
//! that, unknown values are read like known ones.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};

use super::Reason;

/// A value as far as claims care about it. Text borrows from the source unless it holds escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Text(Cow<'a, str>),
    /// An array, an object, or a number that is no 64-bit integer.
    Other,
}

/// Parses a whole text, in which every number must fit a double and every key be the only one of its object.
pub(super) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Reason> {
    serde_json::from_str(text).map_err(|error| {
        // 1e400 is well-formed, but infinity to some parsers and an error to others. The library has no kind for it; only the
        // word in the log depends on the wording here.
        if error.to_string().starts_with("number out of range") { Reason::BadType } else { Reason::MalformedJson }
    })
}

/// The keys of one object that were met so far.
#[derive(Default)]
pub(super) struct Keys<'a>(BTreeSet<Cow<'a, str>>);

impl<'a> Keys<'a> {
    /// The next key of `map`, escapes resolved. Fails if it is there already.
    pub(super) fn next<A: MapAccess<'a>>(map: &mut A) -> Result<Option<Cow<'a, str>>, A::Error> {
        match map.next_key()? {
            Some(Value::Text(key)) => Ok(Some(key)),
            Some(_) => Err(de::Error::custom("a key is not text")),
            None => Ok(None),
        }
    }

    pub(super) fn insert<E: de::Error>(&mut self, key: Cow<'a, str>) -> Result<(), E> {
        if self.0.insert(key) { Ok(()) } else { Err(duplicate()) }
    }
}

pub(super) fn duplicate<E: de::Error>() -> E {
    E::custom("duplicate key")
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Value::Other, Value::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        while array.next_element::<Value<'de>>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut keys = Keys::default();
        while let Some(key) = Keys::next(&mut map)? {
            keys.insert(key)?;
            map.next_value::<Value<'de>>()?;
        }
        Ok(Value::Other)
    }
}
