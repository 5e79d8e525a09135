//! Free-form tables as JSON, for settings that only a plugin's manifest can judge.

use serde_json::{Map, Value};
use toml::de::DeValue;

use super::Item;

/// Deeper settings cannot be declared by a manifest, and the depth bounds the recursion below.
const MAX_DEPTH: usize = 16;

impl Item<'_> {
    /// The same value as JSON. Dates, numbers JSON does not have and very deep tables are reported.
    pub(crate) fn to_json(&self) -> Option<Value> {
        self.json_at(0)
    }

    fn json_at(&self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return self.wrong("is nested too deeply", "", format!("use at most {MAX_DEPTH} levels"));
        }
        match self.value {
            DeValue::String(text) => Some(Value::from(&**text)),
            DeValue::Integer(_) => self.as_i64().map(Value::from).or_else(|| {
                self.wrong("is out of range", "", format!("choose a whole number from {} to {}", i64::MIN, i64::MAX))
            }),
            DeValue::Float(number) => {
                let number = number.as_str().parse().ok().and_then(serde_json::Number::from_f64);
                number.map(Value::Number).or_else(|| self.wrong("is not a finite number", "", "choose one that is"))
            }
            DeValue::Boolean(truth) => Some(Value::Bool(*truth)),
            DeValue::Datetime(_) => self.is_not("a setting", "write dates and times in quotes"),
            DeValue::Array(_) => self.elements()?.iter().map(|element| element.json_at(depth + 1)).collect(),
            DeValue::Table(_) => {
                let mut entries = Vec::new();
                self.as_table()?.each(|key, item| entries.push(item.json_at(depth + 1).map(|value| (key.to_owned(), value))));
                entries.into_iter().collect::<Option<Map<_, _>>>().map(Value::Object)
            }
        }
    }

    /// The whole number, if it is one that fits; says nothing if not.
    pub(super) fn as_i64(&self) -> Option<i64> {
        let number = self.value.as_integer()?;
        i64::from_str_radix(number.as_str(), number.radix()).ok()
    }
}
