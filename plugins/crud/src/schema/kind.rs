//! The type of a field.

use serde_json::Value;

use super::{Field, Schema};

#[derive(Debug)]
pub(crate) enum Kind {
    String,
    Number,
    /// Milliseconds since 1970.
    Date,
    Boolean,
    /// 24 hex digits.
    ObjectId,
    /// Bytes, written as Base64.
    Buffer,
    /// Anything.
    Mixed,
    Array(Box<Field>),
    Nested(Schema),
}

impl Kind {
    /// A word, or a list of what its elements are.
    pub(super) fn read_at(spec: &Value, depth: usize) -> Result<Self, String> {
        match spec {
            Value::String(word) => Self::of_word(word),
            Value::Array(element) => match &element[..] {
                [] => Ok(Self::list_of_anything()),
                [element] if depth < super::MAX_DEPTH => Ok(Self::Array(Box::new(Field::read_at(element, depth + 1)?))),
                [_] => Err(format!("fields are nested more than {} deep", super::MAX_DEPTH)),
                _ => Err("a list has one type, such as [\"String\"]".to_owned()),
            },
            _ => Err("a type is a word such as \"String\", a list such as [\"String\"], or a table of fields".to_owned()),
        }
    }

    /// The word for people.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::Date => "Date",
            Self::Boolean => "Boolean",
            Self::ObjectId => "ObjectId",
            Self::Buffer => "Buffer",
            Self::Mixed => "Mixed",
            Self::Array(_) => "list",
            Self::Nested(_) => "fields",
        }
    }

    fn of_word(word: &str) -> Result<Self, String> {
        Ok(match word {
            "String" => Self::String,
            "Number" => Self::Number,
            "Date" => Self::Date,
            "Boolean" => Self::Boolean,
            "ObjectId" => Self::ObjectId,
            "Buffer" => Self::Buffer,
            "Mixed" => Self::Mixed,
            "Array" => Self::list_of_anything(),
            _ => {
                let known = "String, Number, Date, Boolean, ObjectId, Buffer, Mixed, Array";
                return Err(format!("`{word}` is no type; there are {known}"));
            }
        })
    }

    fn list_of_anything() -> Self {
        Self::Array(Box::new(Field { kind: Self::Mixed, options: super::Options::default() }))
    }
}
