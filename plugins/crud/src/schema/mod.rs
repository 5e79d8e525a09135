//! What a document of an entity holds: fields with types, declared as in mongoose, whose documents these once were.

mod cast;
pub(crate) mod date;
mod kind;
mod options;

use serde_json::{Map, Value};

use crate::answer::Refusal;

pub(crate) use cast::Wrong;
pub(crate) use kind::Kind;
use options::Options;

/// Fields within fields.
const MAX_DEPTH: usize = 5;

/// What every document has, and nobody sets.
pub(crate) const SYSTEM: [&str; 6] = ["_id", "__v", "createTime", "updateTime", "createBy", "updateBy"];

/// The fields, in the order of their names.
#[derive(Debug, Default)]
pub(crate) struct Schema(Vec<(String, Field)>);

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) kind: Kind,
    options: Options,
}

impl Schema {
    /// Reads a declaration, or says what is wrong with it.
    pub(crate) fn read(declared: &Map<String, Value>) -> Result<Self, String> {
        Self::read_at(declared, 0)
    }

    fn read_at(declared: &Map<String, Value>, depth: usize) -> Result<Self, String> {
        if depth >= MAX_DEPTH {
            return Err(format!("fields are nested more than {MAX_DEPTH} deep"));
        }
        let field = |(name, spec): (&String, &Value)| {
            if name.is_empty() || name.contains('.') || name.starts_with('$') || (depth == 0 && SYSTEM.contains(&name.as_str())) {
                return Err(format!("`{name}` cannot be the name of a field"));
            }
            let field = Field::read_at(spec, depth + 1).map_err(|why| format!("`{name}`: {why}"))?;
            Ok((name.clone(), field))
        };
        declared.iter().map(field).collect::<Result<_, _>>().map(Self)
    }

    /// The names of the fields with what they hold, in their order.
    pub(crate) fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &Kind)> {
        self.0.iter().map(|(name, field)| (name.as_str(), &field.kind))
    }

    /// The field at the end of a path such as `address.street`; elements of lists have no names.
    pub(crate) fn at(&self, path: &[String]) -> Option<&Field> {
        let (first, rest) = path.split_first()?;
        let (_, field) = self.0.iter().find(|(name, _)| name == first)?;
        field.at(rest)
    }

    /// A new document: what the schema does not know is dropped, what is not there has its default.
    pub(crate) fn new_document(&self, sent: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
        self.cast_all(sent, 0).map_err(|wrong| wrong.refusal())
    }

    /// What is to be set in a document that is there: the named fields only.
    pub(crate) fn changes(&self, sent: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
        let named = self.0.iter().filter_map(|(name, field)| Some((name, field, sent.get(name)?)));
        let cast =
            named.map(|(name, field, value)| Ok((name.clone(), field.cast(value, 0).map_err(|wrong| wrong.in_field(name))?)));
        cast.collect::<Result<_, Wrong>>().map_err(|wrong| wrong.refusal())
    }

    fn cast_all(&self, sent: &Map<String, Value>, depth: usize) -> Result<Map<String, Value>, Wrong> {
        let mut fields = Map::new();
        for (name, field) in &self.0 {
            let value = match sent.get(name) {
                Some(value) => Some(field.cast(value, depth)),
                None => field.absent(depth).transpose(),
            };
            if let Some(value) = value {
                fields.insert(name.clone(), value.map_err(|wrong| wrong.in_field(name))?);
            }
        }
        Ok(fields)
    }
}

impl Field {
    fn read_at(spec: &Value, depth: usize) -> Result<Self, String> {
        let of_kind = |kind| Ok(Self { kind, options: Options::default() });
        match spec {
            // `{ type = "String", trim = true }`, or fields of which one is called `type`.
            Value::Object(spec) if spec.get("type").is_some_and(|kind| kind.is_string() || kind.is_array()) => {
                let kind = Kind::read_at(&spec["type"], depth)?;
                let options = Options::read(spec, &kind)?;
                Ok(Self { kind, options })
            }
            Value::Object(fields) => of_kind(Kind::Nested(Schema::read_at(fields, depth)?)),
            kind => of_kind(Kind::read_at(kind, depth)?),
        }
    }

    fn at(&self, path: &[String]) -> Option<&Self> {
        match &self.kind {
            _ if path.is_empty() => Some(self),
            Kind::Nested(schema) => schema.at(path),
            // `tags.0`, or a field of each element.
            Kind::Array(element) => {
                let rest = if path[0].bytes().all(|byte| byte.is_ascii_digit()) { &path[1..] } else { path };
                element.at(rest)
            }
            _ => None,
        }
    }

    /// The value of a field that nobody set.
    fn absent(&self, depth: usize) -> Result<Option<Value>, Wrong> {
        if let Some(default) = &self.options.default {
            return Ok(Some(default.clone()));
        }
        if self.options.required {
            return Err(Wrong::new("is required"));
        }
        match &self.kind {
            // So that defaults within it are there too.
            Kind::Nested(schema) => {
                let fields = schema.cast_all(&Map::new(), depth + 1)?;
                Ok((!fields.is_empty()).then_some(Value::Object(fields)))
            }
            _ => Ok(None),
        }
    }
}
