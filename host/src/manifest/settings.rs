//! An operator's settings, measured against what the manifest declares.

use serde_json::{Map, Value};

use super::{Manifest, Setting, SettingKind};
use crate::{
    codes,
    problem::{Problem, Problems},
    toml_reader::{join, nearest},
};

/// Why a value does not fit a setting: how the sentence goes on after the name, and the way out.
pub(super) struct Fault {
    pub(super) what: &'static str,
    pub(super) fix: String,
}

impl Manifest {
    /// The settings of a service in the form its plugin gets them: every declared key with the given value or the default,
    /// `null` where there is neither.
    ///
    /// `given` is the table `[services.<service>.config]`. All mistakes are reported at once, without the values.
    pub fn settings_for(&self, given: &Map<String, Value>, service: &str) -> Result<Map<String, Value>, Problems> {
        let table = join(&join("services", service), "config");
        let mut problems = Problems::default();
        for key in given.keys().filter(|key| self.settings.iter().all(|setting| setting.key != **key)) {
            problems.push(self.unknown(&table, key));
        }
        let mut settings = Map::new();
        for setting in &self.settings {
            let name = join(&table, &setting.key);
            let value = match (given.get(&setting.key), &setting.default) {
                (Some(value), _) => {
                    if let Some(Fault { what, fix }) = setting.fault(value) {
                        problems.push(Problem::new(&codes::CONFIG_INVALID, format!("`{name}` {what}")).fix(fix));
                    }
                    value.clone()
                }
                (None, Some(default)) => default.clone(),
                (None, None) => {
                    if setting.required {
                        let problem = Problem::new(&codes::CONFIG_MISSING_KEY, format!("`{name}` is missing"));
                        let why = format!("the plugin `{}` needs it: {}", self.id, setting.description);
                        problems.push(problem.why(why).fix(format!("add `{} = …` to `[{table}]`", setting.key)));
                    }
                    Value::Null
                }
            };
            settings.insert(setting.key.clone(), value);
        }
        problems.or(settings)
    }

    fn unknown(&self, table: &str, key: &str) -> Problem {
        let keys = || self.settings.iter().map(|setting| setting.key.as_str());
        let fix = match nearest(key, keys()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.settings.is_empty() => format!("remove it; the plugin `{}` has no settings", self.id),
            None => format!("remove it; the plugin `{}` knows `{}`", self.id, keys().collect::<Vec<_>>().join("`, `")),
        };
        Problem::new(&codes::CONFIG_UNKNOWN_KEY, format!("`{}` is not a known key", join(table, key))).fix(fix)
    }
}

impl Setting {
    /// Why `value` may not be set, if it may not.
    pub(super) fn fault(&self, value: &Value) -> Option<Fault> {
        let allowed = |text: &str| self.choices.is_empty() || self.choices.iter().any(|choice| choice == text);
        let not = |what: &'static str, fix: &str| Some(Fault { what, fix: fix.to_owned() });
        let choose =
            || Some(Fault { what: "is not one of the choices", fix: format!("allowed: \"{}\"", self.choices.join("\", \"")) });
        match self.kind {
            SettingKind::String => match value.as_str() {
                Some(text) if allowed(text) => None,
                Some(_) => choose(),
                None => not("is not a text", "write it in \"quotes\""),
            },
            SettingKind::Integer => match value.as_i64() {
                Some(number) if (self.min.unwrap_or(i64::MIN)..=self.max.unwrap_or(i64::MAX)).contains(&number) => None,
                Some(_) => Some(Fault { what: "is out of range", fix: self.range() }),
                None => not("is not a whole number", "write a whole number, without quotes"),
            },
            SettingKind::Boolean => match value.as_bool() {
                Some(_) => None,
                None => not("is not true or false", "write `true` or `false`, without quotes"),
            },
            SettingKind::StringList => match value.as_array() {
                Some(list) if !list.iter().all(Value::is_string) => {
                    not("is not a list of texts", "write every entry in \"quotes\"")
                }
                Some(list) if list.iter().filter_map(Value::as_str).all(allowed) => None,
                Some(_) => choose(),
                None => not("is not a list", "write it in [brackets], with commas between"),
            },
            SettingKind::Table => match value {
                Value::Object(_) => None,
                _ => not("is not a table", "write its keys below a header of its own, in [brackets]"),
            },
        }
    }

    fn range(&self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("choose a whole number from {min} to {max}"),
            (Some(min), None) => format!("choose a whole number of at least {min}"),
            (None, Some(max)) => format!("choose a whole number of at most {max}"),
            (None, None) => "choose another number".to_owned(),
        }
    }
}
