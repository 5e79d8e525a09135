//! The order of what is found: `{"createTime": -1, "title": 1}`, or `"-createTime title"`.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use wharf_sdk::prelude::*;

use super::value::{order, reach};
use crate::answer::Refusal;

/// Fields to sort by.
const MAX_FIELDS: usize = 8;

/// As it was asked for: names with their directions, in order.
#[derive(Debug, Default)]
pub(super) struct Asked(Vec<(String, Option<Direction>)>);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// How documents follow each other.
#[derive(Debug)]
pub(crate) enum Order {
    /// As they were created, which is how they are kept: one need not have seen all to know the first.
    Creation(Direction),
    Fields(Vec<(Vec<String>, Direction)>),
}

impl Asked {
    pub(super) fn read(self) -> Result<Order, Refusal> {
        let wrong = Refusal::bad("The order must be 1 or -1 for each of at most 8 fields.");
        let fields: Option<Vec<_>> = self.0.into_iter().map(|(name, direction)| Some((name, direction?))).collect();
        let Some(fields) = fields.filter(|fields| fields.len() <= MAX_FIELDS) else { return Err(wrong) };
        Ok(match fields.first() {
            None => Order::Creation(Direction::Up),
            // Ids are given out in the order of creation, and so is the time.
            Some((name, direction)) if name == "_id" || name == "createTime" => Order::Creation(*direction),
            Some(_) => Order::Fields(
                fields.into_iter().map(|(name, direction)| (name.split('.').map(str::to_owned).collect(), direction)).collect(),
            ),
        })
    }
}

impl Order {
    /// What a document is sorted by.
    pub(super) fn keys(&self, document: &Map<String, Value>) -> Vec<Value> {
        let Self::Fields(fields) = self else { return Vec::new() };
        fields.iter().map(|(path, _)| reach(document, path).first().map_or(Value::Null, |value| (*value).clone())).collect()
    }

    /// Which of two documents comes first, by their keys.
    pub(super) fn compare(&self, a: &[Value], b: &[Value]) -> Ordering {
        let Self::Fields(fields) = self else { return Ordering::Equal };
        let by = |(((_, direction), a), b): (((&Vec<String>, &Direction), &Value), &Value)| {
            let order = order(a, b);
            if *direction == Direction::Down { order.reverse() } else { order }
        };
        let fields = fields.iter().map(|(path, direction)| (path, direction));
        fields.zip(a).zip(b).map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// The order of the fields matters, so this is no map.
impl<'de> Deserialize<'de> for Asked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Asked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object such as {\"createTime\": -1}")
    }

    fn visit_unit<E>(self) -> Result<Asked, E> {
        Ok(Asked::default())
    }

    fn visit_none<E>(self) -> Result<Asked, E> {
        Ok(Asked::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Asked, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_str<E>(self, text: &str) -> Result<Asked, E> {
        let field = |word: &str| match word.strip_prefix('-') {
            Some(name) => (name.to_owned(), Some(Direction::Down)),
            None => (word.to_owned(), Some(Direction::Up)),
        };
        Ok(Asked(text.split_whitespace().take(MAX_FIELDS + 1).map(field).collect()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Asked, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = access.next_key::<String>()? {
            if fields.len() > MAX_FIELDS {
                access.next_value::<IgnoredAny>()?;
                continue;
            }
            fields.push((name, direction(&access.next_value()?)));
        }
        Ok(Asked(fields))
    }
}

fn direction(value: &Value) -> Option<Direction> {
    match value {
        Value::Number(figure) if figure.as_f64() == Some(1.0) => Some(Direction::Up),
        Value::Number(figure) if figure.as_f64() == Some(-1.0) => Some(Direction::Down),
        Value::String(word) => match word.as_str() {
            "1" | "asc" | "ascending" => Some(Direction::Up),
            "-1" | "desc" | "descending" => Some(Direction::Down),
            _ => None,
        },
        _ => None,
    }
}
