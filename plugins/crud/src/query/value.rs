//! Values within documents: how they are reached, and how they compare.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

/// All values at the end of a path, as MongoDB reaches them: a list on the way stands for each of its elements, or for the one
/// whose number the path names.
pub(super) fn reach<'v>(document: &'v Map<String, Value>, path: &[String]) -> Vec<&'v Value> {
    let mut found = Vec::new();
    if let Some((first, rest)) = path.split_first()
        && let Some(value) = document.get(first)
    {
        walk(value, rest, &mut found);
    }
    found
}

fn walk<'v>(value: &'v Value, path: &[String], found: &mut Vec<&'v Value>) {
    let Some((first, rest)) = path.split_first() else {
        found.push(value);
        return;
    };
    match value {
        Value::Object(fields) => {
            if let Some(value) = fields.get(first) {
                walk(value, rest, found);
            }
        }
        Value::Array(values) => {
            if let Some(value) = first.parse().ok().and_then(|at: usize| values.get(at)) {
                walk(value, rest, found);
            }
            for value in values.iter().filter(|value| value.is_object()) {
                walk(value, path, found);
            }
        }
        _ => {}
    }
}

/// Whether `test` holds for a value, or where it is a list, for one of its elements.
pub(super) fn any(values: &[&Value], test: impl Fn(&Value) -> bool) -> bool {
    values.iter().any(|value| test(value) || value.as_array().is_some_and(|elements| elements.iter().any(&test)))
}

/// How two values of the same type compare; values of different types do not, and of lists and objects it is not asked.
pub(super) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(numbers(a, b)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        // 1 and 1.0 are the same number.
        (Value::Number(a), Value::Number(b)) => numbers(a, b).is_eq(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((a_name, a), (b_name, b))| a_name == b_name && equal(a, b))
        }
        _ => a == b,
    }
}

/// An order of all values, for sorting: nothing, numbers, texts, objects, lists, truths; and of each kind their own.
pub(super) fn order(a: &Value, b: &Value) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (Value::Array(a), Value::Array(b)) => pairs(a.iter().zip(b), a.len().cmp(&b.len())),
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().cmp(b.keys());
            names.then_with(|| pairs(a.values().zip(b.values()), Ordering::Equal))
        }
        _ => compare(a, b).unwrap_or(Ordering::Equal),
    })
}

fn pairs<'v>(mut pairs: impl Iterator<Item = (&'v Value, &'v Value)>, end: Ordering) -> Ordering {
    pairs.find_map(|(a, b)| Some(order(a, b)).filter(|order| order.is_ne())).unwrap_or(end)
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Number(_) => 1,
        Value::String(_) => 2,
        Value::Object(_) => 3,
        Value::Array(_) => 4,
        Value::Bool(_) => 5,
    }
}

fn numbers(a: &Number, b: &Number) -> Ordering {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().unwrap_or_default().total_cmp(&(b.as_f64().unwrap_or_default())),
    }
}

/// Exactly, where it is a whole number: beyond 2^53 floating point would make neighbours equal.
fn whole(number: &Number) -> Option<i128> {
    let float = || {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e30)?;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and i128 goes to 1e38")]
        let whole = float as i128;
        Some(whole)
    };
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)).or_else(float)
}
