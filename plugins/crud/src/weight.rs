//! What documents weigh in memory: for many small values far more than their bytes. A query holds some of them at once, and one
//! that is too heavy to be read would spoil every query that comes upon it.

use serde_json::{Map, Value};

/// The most that one document may weigh, a sixteenth of the memory a plugin has: it is read, copied and answered.
pub(crate) const MAX: usize = 4 << 20;

/// A value in a list, with the room that a list keeps to grow into.
const VALUE: usize = 32;
/// A map's first node has room for eleven fields, whether they are there or not.
const OBJECT: usize = 400;
/// A field beside its name and value: further nodes are half full at worst.
const FIELD: usize = 64;

/// The bytes of a document in memory, rather too many than too few.
pub(crate) fn of(fields: &Map<String, Value>) -> usize {
    OBJECT + fields.iter().map(|(name, value)| FIELD + name.len() + of_value(value)).sum::<usize>()
}

pub(crate) fn of_value(value: &Value) -> usize {
    VALUE
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(of_value).sum(),
            Value::Object(fields) => of(fields),
        }
}
