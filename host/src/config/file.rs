//! The configuration file itself, and the paths it names.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::CODES;
use crate::{
    codes,
    problem::{Place, Problem},
    toml_reader::{Item, MAX_FILE, too_large, values::parsed},
};

/// The text of the file, at most [`MAX_FILE`] bytes of it.
pub(super) fn read(file: &Path) -> Result<String, Problem> {
    let name = file.display().to_string();
    let failed = |error: std::io::Error| {
        Problem::new(&codes::CONFIG_UNREADABLE, format!("`{name}` cannot be read"))
            .why(error)
            .fix("name another file with --config, or write one with `wharf config --default > wharf.toml`")
    };
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(failed)?;
    opened.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_FILE {
        return Err(too_large(&name, &CODES));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Problem::new(&codes::CONFIG_UNREADABLE, format!("`{name}` is not UTF-8"))
            .at(Place { file: name, line, column: 1 })
            .fix("save the file as UTF-8")
    })
}

/// A path of the configuration; relative ones count from `directory`, the configuration file's own.
pub(super) fn path(directory: &Path) -> impl Fn(&Item<'_>) -> Option<PathBuf> {
    move |item| {
        let usable = |text: &str| (!text.is_empty() && !text.contains('\0')).then(|| directory.join(text));
        parsed("a path", "write the path of a file or directory in \"quotes\"", usable)(item)
    }
}
