//! `[config.<key>]`: what an operator can set for a plugin.

use serde_json::Value;

use crate::toml_reader::{
    Table, names,
    values::{boolean, choice, integer, line, list, text},
    within,
};

/// More than an operator can oversee.
const MAX_SETTINGS: usize = 128;
const MAX_CHOICES: usize = 64;
const MAX_DESCRIPTION: usize = 500;
/// Defaults and choices are looked at in a terminal; longer texts belong in files.
const MAX_TEXT: usize = 1_000;
const MAX_ENTRIES: usize = 256;

/// One thing an operator can set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its key in `[services.<key>.config]`.
    pub key: String,
    /// What it holds.
    pub kind: SettingKind,
    /// What holds where the operator sets nothing; always valid. Never there together with `required`.
    pub default: Option<Value>,
    /// Whether the operator must set it.
    pub required: bool,
    /// What it is for.
    pub description: String,
    /// The least integer allowed.
    pub min: Option<i64>,
    /// The greatest integer allowed.
    pub max: Option<i64>,
    /// The texts allowed; all if empty.
    pub choices: Vec<String>,
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A list of texts.
    StringList,
    /// A table of any shape, which the plugin checks where it uses it.
    Table,
}

/// What settings hold, by the words of the manifest.
const KINDS: [(&str, SettingKind); 5] = [
    ("string", SettingKind::String),
    ("integer", SettingKind::Integer),
    ("boolean", SettingKind::Boolean),
    ("string-list", SettingKind::StringList),
    ("table", SettingKind::Table),
];

impl SettingKind {
    /// The word of the manifest.
    pub fn as_str(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    /// Whether `choices` have a meaning, else `min` and `max` may.
    fn is_text(self) -> bool {
        matches!(self, Self::String | Self::StringList)
    }
}

pub(super) fn read_all(table: &Table<'_>) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut seen = 0;
    table.each(|key, item| {
        seen += 1;
        if seen > MAX_SETTINGS {
            item.wrong::<()>("is one setting too many", "", format!("use at most {MAX_SETTINGS}"));
        } else if !names::is_key(key) {
            item.wrong::<()>("is not a key for a setting", "", names::KEY_FIX);
        }
        settings.extend(within(|table| read(key, table))(&item));
    });
    settings
}

fn read(key: &str, table: &Table<'_>) -> Option<Setting> {
    let kind = table.must("type", choice(&KINDS));
    let description = table.must("description", text(MAX_DESCRIPTION));
    let required = table.or("required", false, boolean);
    // What does not fit the type has no effect, and what has no effect is an unknown key: it is not even taken.
    let (mut min, mut max, mut choices) = (None, None, Vec::new());
    match kind {
        Some(SettingKind::Integer) => {
            min = table.opt("min", integer(i64::MIN..=i64::MAX));
            max = table.opt("max", integer(min.unwrap_or(i64::MIN)..=i64::MAX));
        }
        Some(kind) if kind.is_text() => choices = table.or("choices", choices, list(MAX_CHOICES, line(MAX_TEXT))),
        Some(_) => {}
        // Which keys fit a type that is wrong nobody knows.
        None => table.skip_rest(),
    }
    let kind = kind?;
    let mut setting =
        Setting { key: key.to_owned(), kind, default: None, required, description: String::new(), min, max, choices };
    setting.default = table.opt("default", |item| {
        if required {
            return item.wrong("has no effect", "the setting is required", "remove `default` or `required`");
        }
        let value = match kind {
            SettingKind::String => Value::from(line(MAX_TEXT)(item)?),
            SettingKind::Integer => Value::from(integer(i64::MIN..=i64::MAX)(item)?),
            SettingKind::Boolean => Value::from(boolean(item)?),
            SettingKind::StringList => Value::from(list(MAX_ENTRIES, line(MAX_TEXT))(item)?),
            SettingKind::Table => {
                return item.wrong("has no effect", "what a table leaves out the plugin knows itself", "remove `default`");
            }
        };
        match setting.fault(&value) {
            Some(fault) => item.wrong(fault.what, "", fault.fix),
            None => Some(value),
        }
    });
    // Last, because it leaves when there is none: everything else must have been looked at by then.
    setting.description = description?;
    Some(setting)
}
