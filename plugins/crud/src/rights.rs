//! Who may do what with the documents of an entity.
//!
//! There are three groups: *anonymous* (a caller without login), *user* (any login), and *owner* (the login that created the
//! document, told by its account id). A right is given or not, or given for the documents that a script's `criteria` fit. What a
//! login may do with a document is what *user* may, and where it is its own, also what *owner* may.

use serde_json::{Map, Value};

use crate::entity::table;
use crate::query::criteria::{Criteria, For};
use crate::schema::Schema;
use crate::who::Who;

/// What can be done. Creating is not done to a document, so it has no owner and no script.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Right {
    Create,
    Read,
    Update,
    Delete,
    Query,
}

const RIGHTS: [(&str, Right); 5] = [
    ("canCreate", Right::Create),
    ("canRead", Right::Read),
    ("canUpdate", Right::Update),
    ("canDelete", Right::Delete),
    ("canQuery", Right::Query),
];

/// The groups' rights.
#[derive(Debug)]
pub(crate) struct Rights {
    anonymous: Group,
    user: Group,
    owner: Group,
}

/// One group's, in the order of `RIGHTS`.
#[derive(Debug, Default)]
struct Group([Grant; 5]);

#[derive(Debug, Default)]
enum Grant {
    #[default]
    No,
    Yes,
    /// For documents that fit this script.
    If(Value),
}

/// What one caller may do of one kind.
pub(crate) struct Access {
    /// With any document.
    pub(crate) any: Option<Criteria>,
    /// With its own.
    pub(crate) own: Option<Criteria>,
}

impl Rights {
    /// Reads a declaration, or says what is wrong with it. A group that is not named has its default: *anonymous* nothing, *user*
    /// to create, *owner* all else.
    pub(crate) fn read(declared: Option<&Value>, schema: &Schema) -> Result<Self, String> {
        let empty = Map::new();
        let declared = declared.map_or(Ok(&empty), |declared| table(declared, "`rights`"))?;
        if let Some(name) = declared.keys().find(|name| !["anonymous", "user", "owner"].contains(&name.as_str())) {
            return Err(format!("`rights.{name}` is no group; there are anonymous, user, owner"));
        }
        let group = |name: &str, default: &[Right]| match declared.get(name) {
            Some(declared) => Group::read(declared, schema, name == "owner").map_err(|why| format!("`rights.{name}`: {why}")),
            None => Ok(Group::of(default)),
        };
        Ok(Self {
            anonymous: group("anonymous", &[])?,
            user: group("user", &[Right::Create])?,
            owner: group("owner", &[Right::Read, Right::Update, Right::Delete, Right::Query])?,
        })
    }

    pub(crate) fn may_create(&self, who: &Who) -> bool {
        matches!(self.common(who).get(Right::Create), Grant::Yes)
    }

    /// Which documents the caller may do this with; none if it may not at all.
    pub(crate) fn access(&self, right: Right, who: &Who, schema: &Schema) -> Option<Access> {
        let criteria = |grant: &Grant| match grant {
            Grant::No => None,
            Grant::Yes => Some(Criteria::all()),
            // It was read once already, when the declaration was.
            Grant::If(script) => Criteria::read(script, schema, For::Caller(who)).ok(),
        };
        let any = criteria(self.common(who).get(right));
        let own = who.id.as_ref().and_then(|_| criteria(self.owner.get(right)));
        (any.is_some() || own.is_some()).then_some(Access { any, own })
    }

    fn common(&self, who: &Who) -> &Group {
        if who.id.is_some() { &self.user } else { &self.anonymous }
    }
}

impl Access {
    /// Whether it holds for a document; `owner` is who created it.
    pub(crate) fn allows(&self, document: &Map<String, Value>, owner: Option<&str>, who: &Who) -> bool {
        let fits = |criteria: &Option<Criteria>| criteria.as_ref().is_some_and(|criteria| criteria.fits(document));
        let is_own = owner.is_some() && owner == who.id.as_deref();
        fits(&self.any) || (is_own && fits(&self.own))
    }
}

impl Group {
    fn of(rights: &[Right]) -> Self {
        Self(RIGHTS.map(|(_, right)| if rights.contains(&right) { Grant::Yes } else { Grant::No }))
    }

    fn get(&self, right: Right) -> &Grant {
        &self.0[right as usize]
    }

    /// A list of rights, or a table with true, false or a script for each.
    fn read(declared: &Value, schema: &Schema, is_owner: bool) -> Result<Self, String> {
        let mut group = Self::default();
        let listed: Vec<(&str, &Value)> = match declared {
            Value::Array(names) => names.iter().map(|name| (name.as_str().unwrap_or_default(), &Value::Bool(true))).collect(),
            Value::Object(rights) => rights.iter().map(|(name, grant)| (name.as_str(), grant)).collect(),
            _ => return Err("it is neither a list of rights nor a table of them".to_owned()),
        };
        for (name, grant) in listed {
            let known = || format!("`{name}` is no right; there are {}", RIGHTS.map(|(name, _)| name).join(", "));
            let (_, right) = RIGHTS.into_iter().find(|(word, _)| *word == name).ok_or_else(known)?;
            if right == Right::Create && (is_owner || grant.is_object()) {
                return Err("`canCreate` is of anonymous and user, and is true or false: there is no document yet".to_owned());
            }
            group.0[right as usize] = Grant::read(grant, schema).map_err(|why| format!("`{name}`: {why}"))?;
        }
        Ok(group)
    }
}

impl Grant {
    fn read(declared: &Value, schema: &Schema) -> Result<Self, String> {
        match declared {
            Value::Bool(true) => Ok(Self::Yes),
            Value::Bool(false) => Ok(Self::No),
            Value::Object(script) if script.len() == 1 && script.contains_key("criteria") => {
                let criteria = &script["criteria"];
                Criteria::read(criteria, schema, For::Check).map_err(|_| "its criteria cannot be used".to_owned())?;
                Ok(Self::If(criteria.clone()))
            }
            _ => Err("it is true, false, or a script { criteria = { … } }".to_owned()),
        }
    }
}
