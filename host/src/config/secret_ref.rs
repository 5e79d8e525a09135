//! Where secrets stand: `{ file = "…" }` or `{ env = "…" }`, and never the secret itself.

use std::path::Path;

use super::file;
use crate::{
    secret::SecretRef,
    toml_reader::{Item, values::parsed, within},
};

const FIX: &str = "write { file = \"path\" } or { env = \"NAME\" }";

/// Reads a reference. Whatever else stands there is never repeated: it may be the secret.
pub(super) fn read(directory: &Path) -> impl Fn(&Item<'_>) -> Option<SecretRef> {
    move |item| {
        if item.as_table().is_none() {
            let why = "a secret does not belong in the configuration, which is shown and copied";
            return item.wrong("is not a reference to a secret", why, FIX);
        }
        within(|table| {
            let file = table.take("file");
            let env = table.take("env");
            match (file, env) {
                (Some(file), None) => file::path(directory)(&file).map(SecretRef::File),
                (None, Some(env)) => variable(&env).map(SecretRef::Env),
                (Some(_), Some(_)) => item.wrong("names both a file and a variable", "", FIX),
                (None, None) => item.wrong("names neither a file nor a variable", "", FIX),
            }
        })(item)
    }
}

/// The name of an environment variable. The strict grammar also refuses most secrets that were written in its place.
fn variable(item: &Item<'_>) -> Option<String> {
    let name = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (plain && (1..=128).contains(&text.len()) && !text.starts_with(|c: char| c.is_ascii_digit())).then(|| text.to_owned())
    };
    parsed("the name of an environment variable", "use letters, digits and `_`, not beginning with a digit", name)(item)
}
