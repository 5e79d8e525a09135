//! One table of the document, and which of its keys have been asked for.

use std::{cell::RefCell, fmt::Write};

use toml::de::DeTable;

use super::{Item, Places, nearest, report::Report};
use crate::problem::Problem;

/// Longer keys are cut in messages.
const MAX_SHOWN: usize = 64;

/// A table that is being read. One that is absent reads as empty, so that defaults live in one place.
pub(crate) struct Table<'a> {
    report: &'a Report<'a>,
    /// The full name; empty for the root. Safe to print.
    pub(crate) path: String,
    offset: usize,
    entries: Option<&'a DeTable<'a>>,
    known: RefCell<Vec<&'a str>>,
}

impl<'a> Table<'a> {
    pub(super) fn new(report: &'a Report<'a>, path: String, offset: usize, entries: Option<&'a DeTable<'a>>) -> Self {
        Self { report, path, offset, entries, known: RefCell::default() }
    }

    pub(super) fn root(report: &'a Report<'a>, entries: &'a DeTable<'a>) -> Self {
        Self::new(report, String::new(), 0, Some(entries))
    }

    /// The value of `key`, if there is one; from now on the key is known.
    pub(crate) fn take(&self, key: &'static str) -> Option<Item<'a>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        let value = self.entries?.get(key)?;
        Some(Item::entry(self.report, &self.path, key, value))
    }

    /// What `read` makes of `key`; `None` if it is absent, or wrong and reported.
    pub(crate) fn opt<T>(&self, key: &'static str, read: impl FnOnce(&Item<'a>) -> Option<T>) -> Option<T> {
        read(&self.take(key)?)
    }

    /// What `read` makes of `key`; `default` if it is absent, or wrong and reported.
    pub(crate) fn or<T>(&self, key: &'static str, default: T, read: impl FnOnce(&Item<'a>) -> Option<T>) -> T {
        self.opt(key, read).unwrap_or(default)
    }

    /// What `read` makes of `key`, which must be there; `None` always means that something was reported.
    pub(crate) fn must<T>(&self, key: &'static str, read: impl FnOnce(&Item<'a>) -> Option<T>) -> Option<T> {
        let item = self.take(key);
        if item.is_none() {
            let table = match self.path.split_once('[') {
                _ if self.path.is_empty() => "the top of the file".to_owned(),
                Some((list, _)) => format!("this `[[{list}]]`"),
                None => format!("`[{}]`", self.path),
            };
            let problem = Problem::new(self.report.codes.missing_key, format!("`{}` is missing", join(&self.path, key)));
            self.report.push(self.offset, problem.fix(format!("add `{key} = …` to {table}")));
        }
        read(&item?)
    }

    /// What `read` makes of the table `key`; an absent one is empty.
    pub(crate) fn table<T>(&self, key: &'static str, read: impl FnOnce(&Table<'a>) -> T) -> T {
        let there = self.opt(key, |item| item.as_table().or_else(|| not_a_table(item)));
        let table = there.unwrap_or_else(|| Table::new(self.report, join(&self.path, key), self.offset, None));
        let value = read(&table);
        table.end();
        value
    }

    /// Every entry in the order of the text, for tables whose keys the file itself chooses: all keys become known.
    pub(crate) fn each(&self, mut read: impl FnMut(&'a str, Item<'a>)) {
        let Some(entries) = self.entries else { return };
        let mut entries: Vec<_> = entries.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            self.known.borrow_mut().push(key.get_ref());
            read(key.get_ref(), Item::entry(self.report, &self.path, key.get_ref(), value));
        }
    }

    /// Looks at nothing more: what this table holds cannot be judged.
    pub(crate) fn skip_rest(&self) {
        self.each(|_, _| ());
    }

    /// Where all of it stands.
    pub(crate) fn places(&self) -> Places {
        self.entries.map(|entries| Places::new(entries, self.report.text, self.report.file)).unwrap_or_default()
    }

    /// How many problems the document has so far.
    pub(crate) fn problems(&self) -> usize {
        self.report.count()
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn end(&self) {
        let known = self.known.borrow();
        for (key, _) in self.entries.into_iter().flatten() {
            let word: &str = key.get_ref();
            if known.contains(&word) {
                continue;
            }
            let fix = match nearest(word, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "remove it; nothing is known here".to_owned(),
                None => format!("remove it; known here: `{}`", known.join("`, `")),
            };
            let what = format!("`{}` is not a known key", join(&self.path, word));
            self.report.push(key.span().start, Problem::new(self.report.codes.unknown_key, what).fix(fix));
        }
    }
}

/// A reader of tables for [`Table::opt`], [`Table::must`] and lists: unknown keys are reported when `read` is done.
pub(crate) fn within<'a, T>(read: impl Fn(&Table<'a>) -> Option<T>) -> impl Fn(&Item<'a>) -> Option<T> {
    move |item| {
        let Some(table) = item.as_table() else { return not_a_table(item) };
        let value = read(&table);
        table.end();
        value
    }
}

fn not_a_table<T>(item: &Item<'_>) -> Option<T> {
    let fix = match item.path.ends_with(']') {
        true => "write `{ key = value }`".to_owned(),
        false => format!("write `[{}]` on a line of its own and its keys below", item.path),
    };
    item.is_not("a table", fix)
}

/// The full name of `key` in the table `parent`: as it would be written, but safe to print and not without end.
pub(crate) fn join(parent: &str, key: &str) -> String {
    let mut path = parent.to_owned();
    if !path.is_empty() {
        path.push('.');
    }
    if !key.is_empty() && key.len() <= MAX_SHOWN && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    {
        path.push_str(key);
    } else {
        let shown: String = key.chars().take(MAX_SHOWN).collect();
        let dots = if shown.len() < key.len() { "…" } else { "" };
        // Escapes whatever a terminal would act on; writing to a string cannot fail.
        let _ = write!(path, "\"{}{dots}\"", shown.escape_default());
    }
    path
}
