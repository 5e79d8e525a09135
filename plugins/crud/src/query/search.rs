//! What a search asks for: `{"criteria": …, "returnColumn": "title content", "rowDes": {"limit": 10, "skip": 20, "sort": …}}`. All
//! three may be missing, null or empty: then it is everything.

use serde_json::{Map, Value};
use wharf_sdk::prelude::*;

use super::criteria::{Criteria, For};
use super::order::{Asked, Direction, Order};
use crate::answer::Refusal;
use crate::schema::Schema;

/// The most documents of an answer, and as many as there are without a limit.
pub(crate) const MAX_ROWS: usize = 1_000;

/// A body, before it is understood.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body {
    #[serde(default)]
    criteria: Value,
    #[serde(default)]
    return_column: Value,
    #[serde(default)]
    row_des: OrNothing<Rows>,
}

#[derive(Default, Deserialize)]
struct Rows {
    #[serde(default)]
    limit: Value,
    #[serde(default)]
    skip: Value,
    #[serde(default)]
    sort: Asked,
}

/// What a search asks for.
pub(crate) struct Search {
    pub(crate) criteria: Criteria,
    /// The fields to answer; none named is all.
    columns: Vec<String>,
    pub(crate) order: Order,
    pub(crate) skip: usize,
    pub(crate) limit: usize,
}

impl Search {
    /// Everything there is.
    pub(crate) fn all() -> Self {
        let order = Order::Creation(Direction::Up);
        Self { criteria: Criteria::all(), columns: Vec::new(), order, skip: 0, limit: MAX_ROWS }
    }

    pub(crate) fn read(body: Body, schema: &Schema) -> Result<Self, Refusal> {
        let Body { criteria, return_column, row_des: OrNothing(rows) } = body;
        let columns = match text_or_nothing(return_column) {
            Value::Null => Vec::new(),
            Value::String(names) => names.split_whitespace().map(str::to_owned).collect(),
            _ => return Err(Refusal::bad("The columns to return must be names with spaces between them.")),
        };
        let limit = match count(&rows.limit)? {
            0 => MAX_ROWS,
            limit => limit.min(MAX_ROWS),
        };
        let (order, skip) = (rows.sort.read()?, count(&rows.skip)?);
        let criteria = Criteria::read(&text_or_nothing(criteria), schema, For::Request)?;
        Ok(Self { criteria, columns, order, skip, limit })
    }

    /// What is answered of a document: the columns that were asked for, and its id in any case.
    pub(crate) fn shown(&self, mut document: Map<String, Value>) -> Map<String, Value> {
        if !self.columns.is_empty() {
            document.retain(|name, _| name == "_id" || self.columns.contains(name));
        }
        document
    }
}

/// In a form null is the empty text.
fn text_or_nothing(value: Value) -> Value {
    if value == "" { Value::Null } else { value }
}

fn count(value: &Value) -> Result<usize, Refusal> {
    let count = match value {
        Value::Null => Some(0),
        Value::Number(figure) => figure.as_u64(),
        Value::String(text) if text.is_empty() => Some(0),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let wrong = Refusal::bad("Limit and skip must be whole numbers that are not negative.");
    count.and_then(|count| usize::try_from(count).ok()).ok_or(wrong)
}

/// An object, or nothing at all: null, or the empty text of a form.
#[derive(Default)]
struct OrNothing<T>(T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for OrNothing<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Default> serde::de::Visitor<'de> for Visitor<T> {
            type Value = T;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object, or nothing")
            }

            fn visit_unit<E>(self) -> Result<T, E> {
                Ok(T::default())
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
                if text.is_empty() { Ok(T::default()) } else { Err(E::custom("expected an object, and not a text")) }
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, access: A) -> Result<T, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(access))
            }
        }
        deserializer.deserialize_any(Visitor(std::marker::PhantomData)).map(Self)
    }
}
