//! One value of the document, with its full name and its place.

use toml::de::DeValue;

use super::{Table, report::Report, table::join};
use crate::problem::Problem;

/// A value somebody asked for.
#[derive(Clone)]
pub(crate) struct Item<'a> {
    pub(super) report: &'a Report<'a>,
    /// The full name, e.g. `services.notes.hosts[1]`; safe to print.
    pub(crate) path: String,
    pub(super) offset: usize,
    pub(super) value: &'a DeValue<'a>,
}

impl<'a> Item<'a> {
    /// Reports a value that will not do. `what` goes on after the name: "is out of range".
    ///
    /// Always `None`, so that a reader can end with it.
    pub(crate) fn wrong<T>(&self, what: &str, why: impl std::fmt::Display, fix: impl Into<String>) -> Option<T> {
        let problem = Problem::new(self.report.codes.invalid, format!("`{}` {what}", self.path)).why(why).fix(fix);
        self.report.push(self.offset, problem);
        None
    }

    /// Reports a value that is not an `expected` ("a duration"). Always `None`.
    ///
    /// Of a string nothing is said but that it does not fit: its type may well be right.
    pub(crate) fn is_not<T>(&self, expected: &str, fix: impl Into<String>) -> Option<T> {
        let why = match self.value {
            DeValue::String(_) => "",
            DeValue::Integer(_) => "it is a whole number",
            DeValue::Float(_) => "it is a number with a fraction",
            DeValue::Boolean(_) => "it is a truth value",
            DeValue::Datetime(_) => "it is a date or a time",
            DeValue::Array(_) => "it is a list",
            DeValue::Table(_) => "it is a table",
        };
        self.wrong(&format!("is not {expected}"), why, fix)
    }

    /// The string, if it is one; says nothing if not.
    pub(crate) fn as_str(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// The table, if it is one; says nothing if not.
    pub(crate) fn as_table(&self) -> Option<Table<'a>> {
        let entries = self.value.as_table()?;
        Some(Table::new(self.report, self.path.clone(), self.offset, Some(entries)))
    }

    /// The elements of a list, if it is one; says nothing if not.
    pub(crate) fn elements(&self) -> Option<Vec<Item<'a>>> {
        let elements = self.value.as_array()?.iter().enumerate();
        let element = |(index, element): (usize, &'a toml::Spanned<DeValue<'a>>)| Item {
            report: self.report,
            path: format!("{}[{index}]", self.path),
            offset: element.span().start,
            value: element.get_ref(),
        };
        Some(elements.map(element).collect())
    }

    /// The value below `key` of an inline table or table, with its own place.
    pub(super) fn entry(report: &'a Report<'a>, parent: &str, key: &str, value: &'a toml::Spanned<DeValue<'a>>) -> Self {
        Item { report, path: join(parent, key), offset: value.span().start, value: value.get_ref() }
    }
}
