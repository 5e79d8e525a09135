//! What a criterion asks of one field: `{"$gt": 1, "$lt": 9}`, or a value, which is `$eq`.

use std::cmp::Ordering;

use serde_json::Value;

use super::value::{any, compare, equal};

/// One question to the values at the end of a path.
#[derive(Debug)]
pub(super) enum Operator {
    Eq(Value),
    Ne(Value),
    /// `$lt`, `$lte`, `$gt`, `$gte`: the orders that fit, and the bound.
    Order(&'static [Ordering], Value),
    In(Vec<Value>),
    Nin(Vec<Value>),
    Exists(bool),
    /// None of these together.
    Not(Vec<Operator>),
}

pub(super) const LT: &[Ordering] = &[Ordering::Less];
pub(super) const LTE: &[Ordering] = &[Ordering::Less, Ordering::Equal];
pub(super) const GT: &[Ordering] = &[Ordering::Greater];
pub(super) const GTE: &[Ordering] = &[Ordering::Greater, Ordering::Equal];

impl Operator {
    pub(super) fn fits(&self, values: &[&Value]) -> bool {
        match self {
            Self::Eq(wanted) => eq(values, wanted),
            Self::Ne(unwanted) => !eq(values, unwanted),
            // Null is as large as itself and as nothing.
            Self::Order(orders, Value::Null) => orders.contains(&Ordering::Equal) && eq(values, &Value::Null),
            Self::Order(orders, bound) => any(values, |value| compare(value, bound).is_some_and(|order| orders.contains(&order))),
            Self::In(wanted) => wanted.iter().any(|wanted| eq(values, wanted)),
            Self::Nin(unwanted) => !unwanted.iter().any(|unwanted| eq(values, unwanted)),
            Self::Exists(wanted) => values.is_empty() != *wanted,
            Self::Not(all) => !all.iter().all(|operator| operator.fits(values)),
        }
    }
}

/// What is not there is null.
fn eq(values: &[&Value], wanted: &Value) -> bool {
    (wanted.is_null() && values.is_empty()) || any(values, |value| equal(value, wanted))
}

/// MongoDB's operators that are refused, by name: the most because a list of fields and their values is all there is here,
/// `$where` because it is a program.
pub(super) const REFUSED: [&str; 30] = [
    "$all",
    "$bitsAllClear",
    "$bitsAllSet",
    "$bitsAnyClear",
    "$bitsAnySet",
    "$box",
    "$center",
    "$centerSphere",
    "$comment",
    "$elemMatch",
    "$expr",
    "$function",
    "$geoIntersects",
    "$geoWithin",
    "$geometry",
    "$jsonSchema",
    "$maxDistance",
    "$meta",
    "$minDistance",
    "$mod",
    "$near",
    "$nearSphere",
    "$options",
    "$polygon",
    "$regex",
    "$sampleRate",
    "$size",
    "$text",
    "$type",
    "$where",
];
