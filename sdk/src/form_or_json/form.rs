//! A form into nodes: `a=1&b[c]=2&d[]=3&d[]=4`, as jQuery and its kind write nested values.

use std::collections::HashMap;

use super::node::{Node, Wrong};
use crate::urlencoded::pairs;

/// Brackets behind each other.
const DEPTH: usize = 5;

pub(super) fn parse(bytes: &[u8]) -> Result<Node, Wrong> {
    let mut fields = Fields::default();
    for pair in pairs(bytes) {
        let (name, value) = pair.map_err(|error| Wrong(error.to_string()))?;
        let (first, steps) = path(&name)?;
        fields.put(first, &steps, value.into_owned())?;
    }
    Ok(fields.into_map())
}

/// `a[b][]` as `a`, `b` and the empty text.
fn path(name: &str) -> Result<(&str, Vec<&str>), Wrong> {
    let unreadable = || Wrong::new("the brackets of a field's name are not in order");
    let (first, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    if first.contains(']') || (first.is_empty() && !rest.is_empty()) {
        return Err(unreadable());
    }
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, after) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(unreadable)?;
        if step.contains('[') {
            return Err(unreadable());
        }
        if steps.len() == DEPTH {
            return Err(Wrong::new(format!("a field's name has more than {DEPTH} brackets")));
        }
        steps.push(step);
        rest = after;
    }
    Ok((first, steps))
}

/// Named values in the order in which they came.
#[derive(Default)]
struct Fields {
    slots: Vec<(String, Slot)>,
    /// Where each name stands: a body may have a hundred thousand of them.
    places: HashMap<String, usize>,
}

enum Slot {
    Text(String),
    /// `name[]`
    List(Vec<Slot>),
    /// `name[…]`
    Map(Fields),
}

impl Fields {
    fn put(&mut self, name: &str, steps: &[&str], value: String) -> Result<(), Wrong> {
        match self.places.get(name) {
            Some(&place) => self.slots[place].1.put(steps, value),
            None => {
                self.places.insert(name.to_owned(), self.slots.len());
                self.slots.push((name.to_owned(), Slot::new(steps, value)));
                Ok(())
            }
        }
    }

    fn into_map(self) -> Node {
        Node::Map(self.slots.into_iter().map(|(name, slot)| (name, slot.into_node())).collect())
    }
}

impl Slot {
    fn new(steps: &[&str], value: String) -> Self {
        match steps.split_first() {
            None => Self::Text(value),
            Some((&"", rest)) => Self::List(vec![Self::new(rest, value)]),
            Some((name, rest)) => {
                let slots = vec![((*name).to_owned(), Self::new(rest, value))];
                Self::Map(Fields { slots, places: HashMap::from([((*name).to_owned(), 0)]) })
            }
        }
    }

    fn put(&mut self, steps: &[&str], value: String) -> Result<(), Wrong> {
        match (self, steps.split_first()) {
            (Self::List(list), Some((&"", rest))) => {
                list.push(Self::new(rest, value));
                Ok(())
            }
            (Self::Map(fields), Some((name, rest))) if !name.is_empty() => fields.put(name, rest, value),
            _ => Err(Wrong::new("a field is there twice")),
        }
    }

    fn into_node(self) -> Node {
        match self {
            Self::Text(text) => Node::Text(text),
            Self::List(list) => Node::List(list.into_iter().map(Self::into_node).collect()),
            // `a[0][x]=1&a[1][x]=2` is how a list of objects is written.
            Self::Map(fields) if fields.slots.iter().enumerate().all(|(at, (name, _))| *name == at.to_string()) => {
                Node::List(fields.slots.into_iter().map(|(_, slot)| slot.into_node()).collect())
            }
            Self::Map(fields) => fields.into_map(),
        }
    }
}
