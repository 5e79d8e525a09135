//! Criteria: which documents fit. A small part of MongoDB's language, without what could run or could take for ever.
//!
//! Everything is read and measured before the first document is looked at, and values are cast to the types of their fields, as
//! they were when they were stored.

use serde_json::{Map, Value};

use super::operator::{GT, GTE, LT, LTE, Operator, REFUSED};
use super::value::reach;
use crate::answer::Refusal;
use crate::schema::{Kind, Schema};
use crate::who::Who;

/// `$and` within `$or` within …; a plugin's stack is small.
const MAX_DEPTH: usize = 8;
/// Questions and values altogether: each is asked of each document.
const MAX_WORK: usize = 1_000;
/// The most names of a path.
const MAX_PATH: usize = 8;

/// Which documents fit.
#[derive(Debug)]
pub(crate) struct Criteria(Test);

#[derive(Debug)]
enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    None(Vec<Test>),
    Field(Vec<String>, Vec<Operator>),
}

/// Whose criteria these are.
#[derive(Clone, Copy)]
pub(crate) enum For<'a> {
    /// Of a request: every value is meant as it is.
    Request,
    /// Of a right, for this caller: `$currentUserId` is the caller's id. For a caller without one they cannot be read.
    Caller(&'a Who),
    /// Of a right, to see whether they can be read at all.
    Check,
}

/// The word of scripts that stands for the caller's id.
const CURRENT_USER: &str = "$currentUserId";

impl Criteria {
    /// Every document fits.
    pub(crate) fn all() -> Self {
        Self(Test::All(Vec::new()))
    }

    /// Null is no criteria.
    pub(crate) fn read(criteria: &Value, schema: &Schema, of: For<'_>) -> Result<Self, Refusal> {
        match criteria {
            Value::Null => Ok(Self::all()),
            criteria => Reader { schema, of, work: MAX_WORK }.test(criteria, MAX_DEPTH).map(Self),
        }
    }

    pub(crate) fn fits(&self, document: &Map<String, Value>) -> bool {
        self.0.fits(document)
    }
}

impl Test {
    fn fits(&self, document: &Map<String, Value>) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.fits(document)),
            Self::Any(tests) => tests.iter().any(|test| test.fits(document)),
            Self::None(tests) => !tests.iter().any(|test| test.fits(document)),
            Self::Field(path, operators) => {
                let values = reach(document, path);
                operators.iter().all(|operator| operator.fits(&values))
            }
        }
    }
}

struct Reader<'a> {
    schema: &'a Schema,
    of: For<'a>,
    work: usize,
}

impl Reader<'_> {
    fn test(&mut self, criteria: &Value, depth: usize) -> Result<Test, Refusal> {
        let Value::Object(criteria) = criteria else { return Err(Refusal::bad("The criteria must be an object.")) };
        let depth = depth.checked_sub(1).ok_or(Refusal::bad("The criteria are nested too deeply."))?;
        let mut tests = Vec::with_capacity(criteria.len());
        for (key, value) in criteria {
            self.spend()?;
            tests.push(match key.as_str() {
                "$and" => Test::All(self.tests(value, depth)?),
                "$or" => Test::Any(self.tests(value, depth)?),
                "$nor" => Test::None(self.tests(value, depth)?),
                name if name.starts_with('$') => return Err(unknown(name)),
                path => self.field(path, value, depth)?,
            });
        }
        Ok(Test::All(tests))
    }

    fn tests(&mut self, list: &Value, depth: usize) -> Result<Vec<Test>, Refusal> {
        match list.as_array() {
            Some(list) if !list.is_empty() => list.iter().map(|criteria| self.test(criteria, depth)).collect(),
            _ => Err(Refusal::bad("The operators $and, $or and $nor need a list of criteria.")),
        }
    }

    fn field(&mut self, path: &str, value: &Value, depth: usize) -> Result<Test, Refusal> {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        if path.len() > MAX_PATH {
            return Err(Refusal::bad("The name of a field in the criteria is too long."));
        }
        let operators = match operators(value)? {
            Some(asked) => self.operators(&path, asked, depth)?,
            None => vec![Operator::Eq(self.value(&path, value)?)],
        };
        Ok(Test::Field(path, operators))
    }

    fn operators(&mut self, path: &[String], asked: &Map<String, Value>, depth: usize) -> Result<Vec<Operator>, Refusal> {
        let depth = depth.checked_sub(1).ok_or(Refusal::bad("The criteria are nested too deeply."))?;
        asked.iter().map(|(name, value)| self.operator(path, name, value, depth)).collect()
    }

    fn operator(&mut self, path: &[String], name: &str, value: &Value, depth: usize) -> Result<Operator, Refusal> {
        self.spend()?;
        Ok(match name {
            "$eq" => Operator::Eq(self.value(path, value)?),
            "$ne" => Operator::Ne(self.value(path, value)?),
            "$lt" => Operator::Order(LT, self.value(path, value)?),
            "$lte" => Operator::Order(LTE, self.value(path, value)?),
            "$gt" => Operator::Order(GT, self.value(path, value)?),
            "$gte" => Operator::Order(GTE, self.value(path, value)?),
            "$in" => Operator::In(self.values(path, value)?),
            "$nin" => Operator::Nin(self.values(path, value)?),
            "$exists" => Operator::Exists(truth(value).ok_or(Refusal::bad("The operator $exists needs true or false."))?),
            "$not" => match operators(value)? {
                Some(asked) if !asked.is_empty() => Operator::Not(self.operators(path, asked, depth)?),
                _ => return Err(Refusal::bad("The operator $not needs an object of operators.")),
            },
            other => return Err(unknown(other)),
        })
    }

    fn values(&mut self, path: &[String], list: &Value) -> Result<Vec<Value>, Refusal> {
        let Value::Array(list) = list else { return Err(Refusal::bad("The operators $in and $nin need a list of values.")) };
        list.iter()
            .map(|value| {
                self.spend()?;
                self.value(path, value)
            })
            .collect()
    }

    /// The value in the type of its field.
    fn value(&self, path: &[String], value: &Value) -> Result<Value, Refusal> {
        let value = match (self.of, value) {
            (For::Caller(who), Value::String(word)) if word == CURRENT_USER => {
                let id = who.id.as_ref().ok_or(Refusal::bad("Only a user has an id."))?;
                &Value::from(id.as_str())
            }
            // As good as any other text.
            (For::Check, Value::String(word)) if word == CURRENT_USER => return Ok(value.clone()),
            (_, value) => value,
        };
        let cast = |kind: &Kind| kind.cast(value, 0).map_err(|_| Refusal::bad("A value in the criteria does not fit its field."));
        match (path, self.schema.at(path).map(|field| &field.kind)) {
            ([name], _) if ["createTime", "updateTime"].contains(&name.as_str()) => cast(&Kind::Date),
            // A list fits as a whole, or by one of its elements.
            (_, Some(Kind::Array(element))) if !value.is_array() => cast(&element.kind),
            (_, Some(kind)) => cast(kind),
            (_, None) => Ok(value.clone()),
        }
    }

    fn spend(&mut self) -> Result<(), Refusal> {
        self.work = self.work.checked_sub(1).ok_or(Refusal::bad("The criteria ask for too much at once."))?;
        Ok(())
    }
}

/// The operators that an object holds, if it holds any; one with other keys is a value.
fn operators(value: &Value) -> Result<Option<&Map<String, Value>>, Refusal> {
    let Value::Object(fields) = value else { return Ok(None) };
    match fields.keys().filter(|key| key.starts_with('$')).count() {
        0 => Ok(None),
        all if all == fields.len() => Ok(Some(fields)),
        _ => Err(Refusal::bad("An object in the criteria holds operators and fields at once.")),
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(figure) => Some(figure.as_f64() != Some(0.0)),
        Value::String(word) => word.parse().ok(),
        _ => None,
    }
}

/// Names are repeated only where they are known to be harmless.
fn unknown(name: &str) -> Refusal {
    match REFUSED.into_iter().find(|known| *known == name) {
        Some(known) => Refusal::bad(format!("The operator {known} is not supported.")),
        None => Refusal::bad(
            "An operator in the criteria is not known. There are $eq, $ne, $lt, $lte, $gt, $gte, $in, $nin, $exists, $and, $or, $nor, $not.",
        ),
    }
}
