//! Every error code is reported somewhere, and every code that is spoken of exists.

use super::source::{files, root, rust};
use crate::limits;

#[test]
fn every_code_is_used() {
    let table = |file: &str| std::fs::read_to_string(root().join(file)).expect("the table of codes can be read");
    let tables = [table("host/src/codes/mod.rs"), table("host/src/codes/told.rs")].concat();
    let codes: Vec<(&str, &str)> = tables
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(" = \""))
        .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        .collect();
    assert_eq!(codes.len(), wharf::codes::ALL.len() + wharf::codes::told::ALL.len(), "the tables are not what is read here");
    // What the Rust SDK says of a plugin's own failures, no host says.
    let sdk: String = rust("sdk/src").into_iter().map(|source| source.code()).collect();
    let says =
        |code: &str| ["Error::failure(", "PLUGIN_FAILED: &str = "].iter().any(|by| sdk.contains(&format!("{by}\"{code}\"")));
    let is_of_sdk = |rest: &str| rest.split('"').next().is_some_and(says);
    let names = codes.into_iter().filter(|(_, rest)| rest.starts_with("WH") || !is_of_sdk(rest)).map(|(name, _)| name);
    let sources: Vec<String> = rust("host/src")
        .into_iter()
        .filter(|source| !source.path.starts_with("host/src/codes/"))
        .map(|source| source.code())
        .collect();
    let used =
        |name: &str| sources.iter().any(|code| code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name));
    let unused: Vec<&str> = names.filter(|name| !used(name)).collect();
    assert!(unused.is_empty(), "codes that nothing reports: {unused:?}");
}

#[test]
fn every_code_that_is_spoken_of_exists() {
    let mut unknown = Vec::new();
    for source in files(".") {
        if !source.path.ends_with(".md") && !source.path.ends_with(".rs") {
            continue;
        }
        for (at, _) in source.text.match_indices("WH") {
            let id: String = source.text[at..].chars().take_while(char::is_ascii_alphanumeric).collect();
            let is_code = id.len() == 6 && id[2..].bytes().all(|byte| byte.is_ascii_digit());
            // The one that no host will ever have stands for all unknown ones.
            if is_code && id != "WH9999" && wharf::codes::find(&id).is_none() {
                unknown.push(format!("{}: {id}", source.path));
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

/// Whoever meets a code meets it through the binary, so that is where each is provoked.
#[test]
fn every_code_is_provoked_by_a_test_of_the_binary() {
    let tests =
        rust("tests/it").into_iter().filter(|source| !source.path.starts_with("tests/it/tidy/")).map(|source| source.code());
    let tests: Vec<String> = tests.collect();
    // The cases of the limit table read theirs there.
    let rows = limits::rows();
    let provoked = |id: &str| rows.iter().any(|row| row.says(id)) || tests.iter().any(|code| code.contains(&format!("\"{id}\"")));
    let missing: Vec<&str> = wharf::codes::ALL.iter().map(|code| code.id).filter(|id| !provoked(id)).collect();
    assert!(missing.is_empty(), "codes that no test of the binary sees: {missing:?}");
}
