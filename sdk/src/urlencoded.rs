//! `a=1&b=2` into a flat struct. An own deserializer, because the usual crate has no repeated keys (`Vec` fields), and names
//! no field in its errors.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::percent;

pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Wrong> {
    let mut fields: Vec<(Cow<'_, str>, Values<'_>)> = Vec::new();
    for pair in pairs(bytes) {
        let (name, value) = pair?;
        match fields.iter_mut().find(|(one, _)| *one == name) {
            Some((_, Values { all, .. })) => all.push(value),
            None => fields.push((name.clone(), Values { name, all: vec![value] })),
        }
    }
    T::deserialize(MapDeserializer::new(fields.into_iter()))
}

/// The names and values, in order, decoded.
pub(crate) fn pairs(bytes: &[u8]) -> impl Iterator<Item = Result<(Cow<'_, str>, Cow<'_, str>), Wrong>> {
    bytes.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        Ok(match pair.iter().position(|&byte| byte == b'=') {
            Some(at) => (decode(&pair[..at])?, decode(&pair[at + 1..])?),
            None => (decode(pair)?, Cow::Borrowed("")),
        })
    })
}

/// `+` is a space here, unlike in a path.
fn decode(text: &[u8]) -> Result<Cow<'_, str>, Wrong> {
    let wrong = || Wrong("its text is not percent-encoded UTF-8".to_owned());
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return std::str::from_utf8(text).map(Cow::Borrowed).map_err(|_| wrong());
    }
    let text: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    let bytes = percent::decode(&text).ok_or_else(wrong)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| wrong())
}

/// Why the text does not fit the type.
#[derive(Debug)]
pub(crate) struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

/// All values of one field: a `Vec` takes them all, everything else wants exactly one.
struct Values<'a> {
    name: Cow<'a, str>,
    all: Vec<Cow<'a, str>>,
}

impl<'a> Values<'a> {
    fn one(self) -> Result<(Cow<'a, str>, Cow<'a, str>), Wrong> {
        let Self { name, all } = self;
        match <[_; 1]>::try_from(all) {
            Ok([value]) => Ok((name, value)),
            Err(all) => Err(Wrong(format!("`{name}` is there {} times", all.len()))),
        }
    }

    fn parse<T: FromStr<Err: fmt::Display>>(self) -> Result<T, Wrong> {
        let (name, value) = self.one()?;
        value.parse().map_err(|error| Wrong(format!("`{name}`: {error}")))
    }
}

impl IntoDeserializer<'_, Wrong> for Values<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            visitor.$visit(self.parse()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Values<'_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let (name, value) = self.one()?;
        visitor.visit_string(value.into_owned()).map_err(|Wrong(text)| Wrong(format!("`{name}`: {text}")))
    }

    parsed! {
        deserialize_bool visit_bool,
        deserialize_char visit_char,
        deserialize_i8 visit_i8,
        deserialize_i16 visit_i16,
        deserialize_i32 visit_i32,
        deserialize_i64 visit_i64,
        deserialize_u8 visit_u8,
        deserialize_u16 visit_u16,
        deserialize_u32 visit_u32,
        deserialize_u64 visit_u64,
        deserialize_f32 visit_f32,
        deserialize_f64 visit_f64,
    }

    /// `?limit=` is how a form sends a field that was left empty.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.all.iter().all(|value| value.is_empty()) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let Self { name, all } = self;
        visitor.visit_seq(SeqDeserializer::new(all.into_iter().map(|value| Values { name: name.clone(), all: vec![value] })))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let (name, value) = self.one()?;
        visitor.visit_enum(value.into_deserializer()).map_err(|Wrong(text)| Wrong(format!("`{name}`: {text}")))
    }

    forward_to_deserialize_any! {
        i128 u128 str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}
