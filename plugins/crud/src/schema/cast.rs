//! From what was sent to what is stored. Forms hold nothing but text, so text becomes what the field is.

use std::fmt;

use serde_json::{Number, Value};

use super::{Field, Kind, date};
use crate::answer::Refusal;

/// Lists and objects within each other, in fields of any shape.
const MAX_DEPTH: usize = 16;

/// Why a value cannot be stored; the path is of names that the operator declared.
#[derive(Debug)]
pub(crate) struct Wrong {
    path: String,
    why: &'static str,
}

impl Wrong {
    pub(super) fn new(why: &'static str) -> Self {
        Self { path: String::new(), why }
    }

    pub(super) fn in_field(mut self, name: &str) -> Self {
        self.path = if self.path.is_empty() { name.to_owned() } else { format!("{name}.{}", self.path) };
        self
    }

    pub(super) fn refusal(self) -> Refusal {
        // Declared by the operator, but shown in pages all the same.
        let plain = self.path.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
        let Self { path, why } = self;
        Refusal::bad(if plain { format!("The field {path} {why}.") } else { format!("A field {why}.") })
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)
    }
}

impl Field {
    pub(super) fn cast(&self, value: &Value, depth: usize) -> Result<Value, Wrong> {
        self.options.check(self.kind.cast(value, depth)?)
    }
}

impl Kind {
    /// The value in this type. Null is in all of them, and the empty text is null where it is no text.
    pub(crate) fn cast(&self, value: &Value, depth: usize) -> Result<Value, Wrong> {
        if depth > MAX_DEPTH {
            return Err(Wrong::new("is nested too deeply"));
        }
        match (self, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Self::Mixed, value) => shallow(value, depth).then(|| value.clone()).ok_or(Wrong::new("is nested too deeply")),
            (Self::String, Value::String(_)) => Ok(value.clone()),
            (Self::String, Value::Number(_) | Value::Bool(_)) => Ok(Value::String(value.to_string())),
            (Self::Array(element), Value::Array(values)) => {
                values.iter().map(|value| element.cast(value, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
            }
            (Self::Nested(schema), Value::Object(sent)) => schema.cast_all(sent, depth + 1).map(Value::Object),
            // How a form says it.
            (Self::Array(_), Value::String(text)) if text.is_empty() => Ok(Value::Array(Vec::new())),
            (Self::Array(element), one) => Ok(Value::Array(vec![element.cast(one, depth + 1)?])),
            (_, Value::String(text)) if text.is_empty() => Ok(Value::Null),
            (Self::Number, value) => figure(value).map(Value::Number).ok_or(Wrong::new("is no number")),
            (Self::Date, value) => moment(value).map(Value::from).ok_or(Wrong::new("is no date")),
            (Self::Boolean, value) => truth(value).map(Value::Bool).ok_or(Wrong::new("is neither true nor false")),
            (Self::ObjectId, value) => object_id(value).map(Value::String).ok_or(Wrong::new("is no id")),
            (Self::Buffer, value) => base64(value).then(|| value.clone()).ok_or(Wrong::new("is not Base64")),
            (Self::String, _) => Err(Wrong::new("is no text")),
            (Self::Nested(_), _) => Err(Wrong::new("is no object")),
        }
    }
}

fn shallow(value: &Value, depth: usize) -> bool {
    depth <= MAX_DEPTH
        && match value {
            Value::Array(values) => values.iter().all(|value| shallow(value, depth + 1)),
            Value::Object(fields) => fields.values().all(|value| shallow(value, depth + 1)),
            _ => true,
        }
}

fn figure(value: &Value) -> Option<Number> {
    match value {
        Value::Number(figure) => Some(figure.clone()),
        Value::Bool(truth) => Some(u8::from(*truth).into()),
        Value::String(text) => number(text),
        _ => None,
    }
}

/// The number that a text says.
pub(super) fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    // `parse` also knows words such as `inf`.
    let figures = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if !figures {
        return None;
    }
    text.parse::<i64>().map(Number::from).ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

/// Milliseconds since 1970, as a number, as its figures, or as a date and time of ISO 8601.
fn moment(value: &Value) -> Option<i64> {
    let whole = |figure: &Number| {
        let ms = figure.as_f64().filter(|ms| ms.abs() <= 8.64e15)?;
        #[expect(clippy::cast_possible_truncation, reason = "within 100 million days, as a date of JavaScript is")]
        let ms = ms as i64;
        Some(ms)
    };
    match value {
        Value::Number(figure) => whole(figure),
        Value::String(text) => date::parse(text.trim()).or_else(|| whole(&number(text)?)),
        _ => None,
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(figure) => [(0, false), (1, true)].into_iter().find(|(n, _)| figure.as_i64() == Some(*n)).map(|(_, is)| is),
        Value::String(text) => match text.as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn object_id(value: &Value) -> Option<String> {
    let id = value.as_str()?.to_ascii_lowercase();
    (id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

fn base64(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}
