//! JSON with one reading: everything two parsers could understand differently is refused.
//!
//! serde_json already refuses a BOM, lone surrogates, raw control characters, trailing bytes and nesting deeper than 128. What
//! it would let pass is found here: a key that occurs twice, at any depth, and broken escapes in values nobody asked for. For
//! that, unknown values are read like known ones.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};

/// A value. Text borrows from the source unless it holds escapes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number that is no 64-bit integer; finite.
    Number(f64),
    Text(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// An object whose keys are all different. Not a bare map: serde would fill that one itself, and let keys occur twice.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object<'a>(BTreeMap<Cow<'a, str>, Value<'a>>);

impl<'a> Object<'a> {
    /// Parses a whole text that is one object, in which every number must fit a double.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Refused> {
        match parse(text)? {
            Value::Object(object) => Ok(object),
            _ => Err(Refused::Malformed),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.0.get(key)
    }

    pub(crate) fn contains_key(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Value<'a>);
    type IntoIter = std::collections::btree_map::IntoIter<Cow<'a, str>, Value<'a>>;

    /// The keys and their values, in the order of the keys.
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Why a text is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It has no reading, or more than one, or not the shape asked for.
    Malformed,
    /// It holds a number that fits no double: well-formed, but infinity to some parsers and an error to others.
    HugeNumber,
}

/// Parses a whole text, in which every number must fit a double and every key be the only one of its object.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Refused> {
    serde_json::from_str(text).map_err(|error| {
        // The library has no kind for it; only the word in the log depends on the wording here.
        if error.to_string().starts_with("number out of range") { Refused::HugeNumber } else { Refused::Malformed }
    })
}

/// The keys of one object that were met so far.
#[derive(Default)]
pub(crate) struct Keys<'a>(BTreeSet<Cow<'a, str>>);

impl<'a> Keys<'a> {
    /// The next key of `map`, escapes resolved. Fails if it is there already.
    pub(crate) fn next<A: MapAccess<'a>>(map: &mut A) -> Result<Option<Cow<'a, str>>, A::Error> {
        match map.next_key()? {
            Some(Value::Text(key)) => Ok(Some(key)),
            Some(_) => Err(de::Error::custom("a key is not text")),
            None => Ok(None),
        }
    }

    pub(crate) fn insert<E: de::Error>(&mut self, key: Cow<'a, str>) -> Result<(), E> {
        if self.0.insert(key) { Ok(()) } else { Err(duplicate()) }
    }
}

pub(crate) fn duplicate<E: de::Error>() -> E {
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
        #[expect(clippy::cast_precision_loss, reason = "what a number this large stands for is a range, not a count")]
        let number = || Value::Number(value as f64);
        Ok(i64::try_from(value).map_or_else(|_| number(), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = array.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = BTreeMap::new();
        while let Some(key) = Keys::next(&mut map)? {
            if object.insert(key, map.next_value()?).is_some() {
                return Err(duplicate());
            }
        }
        Ok(Value::Object(Object(object)))
    }
}
