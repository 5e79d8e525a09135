//! What a declaration says of a field beside its type.

use serde_json::{Map, Value};

use super::cast::{Wrong, number};
use super::{Kind, date};

#[derive(Debug, Default)]
pub(super) struct Options {
    /// In the form in which it is stored.
    pub(super) default: Option<Value>,
    pub(super) required: bool,
    trim: bool,
    lowercase: bool,
    uppercase: bool,
    min: Option<f64>,
    max: Option<f64>,
    one_of: Vec<String>,
}

const KNOWN: [&str; 9] = ["type", "default", "required", "min", "max", "trim", "lowercase", "uppercase", "enum"];

impl Options {
    pub(super) fn read(spec: &Map<String, Value>, kind: &Kind) -> Result<Self, String> {
        if let Some(key) = spec.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(format!("`{key}` is not known; there are {}", KNOWN.join(", ")));
        }
        let (text, ordered) = (matches!(kind, Kind::String), matches!(kind, Kind::Number | Kind::Date));
        let only = |fits: bool, keys: &[&str], of: &str| match keys.iter().find(|key| spec.contains_key(**key)) {
            Some(key) if !fits => Err(format!("`{key}` is only for {of}")),
            _ => Ok(()),
        };
        only(text, &["trim", "lowercase", "uppercase", "enum"], "String")?;
        only(ordered, &["min", "max"], "Number and Date")?;
        let flag = |key: &str| match spec.get(key) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| format!("`{key}` is true or false")),
        };
        let bound =
            |key: &str| spec.get(key).map(|value| bound(value).ok_or_else(|| format!("`{key}` is no number"))).transpose();
        let mut options = Self {
            default: None,
            required: flag("required")?,
            trim: flag("trim")?,
            lowercase: flag("lowercase")?,
            uppercase: flag("uppercase")?,
            min: bound("min")?,
            max: bound("max")?,
            one_of: spec.get("enum").map(words).transpose()?.unwrap_or_default(),
        };
        if let Some(default) = spec.get("default") {
            let cast = kind.cast(default, 0).and_then(|value| options.check(value));
            options.default = Some(cast.map_err(|wrong| format!("`default` {wrong}"))?);
        }
        Ok(options)
    }

    /// The value as it is to be stored, if it may be.
    pub(super) fn check(&self, value: Value) -> Result<Value, Wrong> {
        match value {
            Value::Null if self.required => Err(Wrong::new("is required")),
            Value::String(text) => {
                let mut text = if self.trim { text.trim().to_owned() } else { text };
                if self.lowercase {
                    text = text.to_lowercase();
                }
                if self.uppercase {
                    text = text.to_uppercase();
                }
                if self.required && text.is_empty() {
                    return Err(Wrong::new("is required"));
                }
                if !self.one_of.is_empty() && !self.one_of.contains(&text) {
                    return Err(Wrong::new("is none of the allowed words"));
                }
                Ok(Value::String(text))
            }
            Value::Number(figure) => {
                let size = figure.as_f64().unwrap_or_default();
                if self.min.is_some_and(|min| size < min) {
                    return Err(Wrong::new("is too small"));
                }
                if self.max.is_some_and(|max| size > max) {
                    return Err(Wrong::new("is too large"));
                }
                Ok(Value::Number(figure))
            }
            other => Ok(other),
        }
    }
}

/// A number, or the moment that a text names.
fn bound(value: &Value) -> Option<f64> {
    match value {
        Value::Number(figure) => figure.as_f64(),
        // Exact for some 285,000 years to come.
        Value::String(text) => date::parse(text).map(|ms| ms as f64).or_else(|| number(text)?.as_f64()),
        _ => None,
    }
}

fn words(value: &Value) -> Result<Vec<String>, String> {
    let wrong = || "`enum` is a list of words".to_owned();
    let list = value.as_array().ok_or_else(wrong)?;
    list.iter().map(|word| word.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}
