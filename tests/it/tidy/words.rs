//! Words and paths that do not belong into the repository.

use super::source::{files, rust};

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    // In pieces, so that this file does not hold them.
    let words = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/"),
        concat!("/Use", "rs/"),
        concat!("index.crates", ".io"),
    ];
    assert_absent(&words, files("."));
}

#[test]
fn nothing_is_left_for_later() {
    let words = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("TO", "DO:"),
        concat!("#[ig", "nore"),
        concat!("#[should_", "panic"),
    ];
    let sources = ["host", "sdk", "plugins", "tests"].iter().flat_map(|folder| rust(folder)).collect();
    assert_absent(&words, sources);
}

/// A failure that nobody describes is a failure that nobody can mend.
#[test]
fn the_host_does_not_unwrap() {
    let mut wrong = Vec::new();
    for source in rust("host/src") {
        if source.path.ends_with("tests.rs") || source.path.contains("/tests/") || source.path.ends_with("properties.rs") {
            continue;
        }
        let code = source.code();
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        if code.contains(".unwrap()") {
            wrong.push(source.path);
        }
    }
    assert!(wrong.is_empty(), "say what cannot happen, by `expect`, or handle it: {wrong:?}");
}

fn assert_absent(words: &[&str], sources: Vec<super::source::Source>) {
    let mut found = Vec::new();
    for source in sources {
        for (number, line) in source.text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                found.push(format!("{}:{}: {word}", source.path, number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
