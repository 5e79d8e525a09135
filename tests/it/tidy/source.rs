//! The files of the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("host/ is in the repository").to_owned()
}

/// A file of text.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The text without whole-line comments, which may speak of what the code must not do.
    pub(crate) fn code(&self) -> String {
        self.text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    }
}

/// All files of text below a folder of the repository, without what is built or belongs to version control.
pub(crate) fn files(folder: &str) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root.join(folder), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "`{folder}` has no files");
    found
}

/// All Rust files below a folder.
pub(crate) fn rust(folder: &str) -> Vec<Source> {
    files(folder).into_iter().filter(|source| source.path.ends_with(".rs")).collect()
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    const SKIPPED: [&str; 4] = [".git", "target", "node_modules", "criterion"];
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8");
        if SKIPPED.contains(&name) {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).expect("it is below the root").to_str().expect("names are UTF-8").to_owned();
            found.push(Source { path, text });
        }
    }
}
