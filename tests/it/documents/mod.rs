//! What documents tell their readers to write and to type works as printed.
//!
//! Documents with a journey of their own have tests elsewhere: `readme.rs`, `guide.rs`, `sdk.rs`, `plugins/readmes.rs` and
//! `platform/embedded/document.rs`.

mod identity;
mod manifest;
mod operation;
mod stock;

use std::{collections::BTreeSet, fs};

use wharf_guests::INNOCENT;

use crate::{
    support::{TestHost, install_with, wharf},
    tidy::source::{files, root},
};

/// The documents that show anything, and in which languages. Each of these is tried by a test.
const TRIED: [(&str, &[&str]); 14] = [
    ("README.md", &["rust", "sh", "toml"]),
    ("docs/back-service.md", &["json", "rust", "sh", "toml"]),
    ("docs/identity.md", &["html", "sh", "toml"]),
    ("docs/manifest.md", &["toml"]),
    ("docs/messages.md", &["rust", "toml"]),
    ("docs/operation.md", &["sh", "toml"]),
    ("docs/platform.md", &["sh", "toml"]),
    ("docs/stock.md", &["toml"]),
    ("plugins/blog/README.md", &["toml"]),
    ("plugins/crud/README.md", &["json", "toml"]),
    ("plugins/hello/README.md", &["json"]),
    ("plugins/notes/README.md", &["toml"]),
    ("plugins/user/README.md", &["toml"]),
    ("sdk/README.md", &["rust", "sh", "toml"]),
];

/// The blocks of a text, with their languages.
fn fenced(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let blocks = text.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    blocks.map(|(about, block)| (about.split(' ').next().unwrap_or_default(), block))
}

/// The blocks of a document in one language.
pub(crate) fn blocks(document: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(document)).expect("a document can be read");
    fenced(&text).filter(|(one, _)| *one == language).map(|(_, block)| block.to_owned()).collect()
}

/// A plugin that needs no grant, as the component of another id.
fn install_as(host: &TestHost, id: &str) {
    install_with(host.path(), &INNOCENT, |manifest| manifest.replace("test/innocent", id)).ok();
}

/// Asserts that `wharf check` takes this configuration, in which the service `notes` runs `acme/notes`.
#[track_caller]
fn assert_taken(config: &str) {
    let host = TestHost::new().section(config);
    for secret in ["notes.key", "notes.token"] {
        fs::write(host.path().join(secret), format!("a secret called {secret}")).expect("a file can be written");
    }
    host.write();
    install_as(&host, "acme/notes");
    let taken = wharf(["check", "--format", "json"]).within(host.path()).run().json();
    assert_eq!(taken["services"], serde_json::json!(["notes"]), "{taken}");
}

#[test]
fn every_block_is_in_a_language_that_a_test_tries() {
    let documents: Vec<_> = files(".").into_iter().filter(|source| source.path.ends_with(".md")).collect();
    let shown = documents.iter().map(|source| {
        let languages: BTreeSet<&str> = fenced(&source.text).map(|(language, _)| language).collect();
        (source.path.as_str(), languages.into_iter().collect::<Vec<_>>())
    });
    let shown: Vec<_> = shown.filter(|(_, languages)| !languages.is_empty()).collect();
    assert_eq!(shown, TRIED.map(|(path, languages)| (path, languages.to_vec())), "try what is new, and add it here");
}

#[test]
fn every_object_is_json() {
    for (document, _) in TRIED {
        for block in blocks(document, "json") {
            let read = serde_json::from_str::<serde_json::Value>(&block);
            assert!(read.is_ok_and(|read| read.is_object()), "{document}: {block}");
        }
    }
}

#[test]
fn services_with_a_platform_are_configured_as_printed() {
    for document in ["docs/messages.md", "docs/platform.md"] {
        let [config] = &blocks(document, "toml")[..] else { panic!("{document} shows one configuration") };
        assert_taken(config);
    }
}
