//! Where everything stands, for mistakes that are found only after a document has been read: a file that is not there, a setting
//! that a plugin does not know.

use std::collections::BTreeMap;

use toml::{Spanned, de::DeTable, de::DeValue};

use super::{join, report::Lines};
use crate::problem::{Place, Problem, Problems};

/// Deeper than any key with a name of our own; below it everything stands where its table does.
const MAX_DEPTH: usize = 8;
/// More keys than any real file has; what comes after them stands where its table does.
const MAX_KEYS: usize = 100_000;

/// The places of a document's keys, by their full names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    file: String,
    places: BTreeMap<String, (usize, usize)>,
}

impl Places {
    pub(super) fn new(root: &DeTable<'_>, text: &str, file: &str) -> Self {
        let mut offsets = Vec::new();
        walk(root, "", MAX_DEPTH, &mut offsets);
        offsets.sort_unstable();
        let mut lines = Lines::new(text);
        let places = offsets.into_iter().map(|(offset, key)| (key, lines.at(offset))).collect();
        Self { file: file.to_owned(), places }
    }

    /// The problem at its place: at that of the key it begins with, or else at that of `otherwise`; at the next table around it
    /// where there is no such key.
    #[must_use]
    pub fn locate(&self, problem: Problem, otherwise: Option<&str>) -> Problem {
        let subject = problem.what.strip_prefix('`').and_then(|rest| rest.split('`').next());
        let place = subject.and_then(|key| self.around(key)).or_else(|| self.around(otherwise?));
        match place {
            Some(place) if problem.at.is_none() => problem.at(place),
            Some(_) | None => problem,
        }
    }

    /// All problems, each once and at its place.
    #[must_use]
    pub fn locate_all(&self, problems: Problems) -> Problems {
        let mut located = Problems::default();
        for problem in problems.0 {
            let problem = self.locate(problem, None);
            if !located.0.contains(&problem) {
                located.push(problem);
            }
        }
        located
    }

    fn around(&self, key: &str) -> Option<Place> {
        let (line, column) = std::iter::successors(Some(key), outside).find_map(|key| self.places.get(key).copied())?;
        Some(Place { file: self.file.clone(), line, column })
    }
}

/// The name of what is around a key.
fn outside<'k>(key: &&'k str) -> Option<&'k str> {
    key.rfind(['.', '[']).map(|end| &key[..end])
}

fn walk(table: &DeTable<'_>, path: &str, depth: usize, found: &mut Vec<(usize, String)>) {
    for (key, value) in table {
        walk_value(value, join(path, key.get_ref()), depth, found);
    }
}

fn walk_value(value: &Spanned<DeValue<'_>>, path: String, depth: usize, found: &mut Vec<(usize, String)>) {
    if found.len() >= MAX_KEYS {
        return;
    }
    if let Some(deeper) = depth.checked_sub(1) {
        match value.get_ref() {
            DeValue::Table(table) => walk(table, &path, deeper, found),
            DeValue::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    walk_value(element, format!("{path}[{index}]"), deeper, found);
                }
            }
            _ => {}
        }
    }
    found.push((value.span().start, path));
}
