//! `wharf explain`, and the rest of what the command line says of itself.

use ::wharf::codes::{find, told};

use crate::{
    support::wharf,
    tidy::source::{root, rust},
};

#[test]
fn every_code_is_explained() {
    let all = wharf(["explain", "--format", "json"]).run().json();
    let all = all.as_array().expect("a list");
    assert!(all.len() > 30, "{} codes", all.len());
    for code in all {
        let (id, title) = (code["code"].as_str().expect("an id"), code["title"].as_str().expect("a title"));
        assert!(find(id).is_some(), "{id}");
        let text = wharf(["explain", &id.to_lowercase()]).run().ok();
        assert_eq!(wharf(["explain", id.trim_start_matches("WH")]).run().ok(), text);
        assert!(text.starts_with(&format!("{id}: {title}\n\n")), "{text}");
        assert!(text.len() > title.len() + 40, "{id} is hardly explained: {text}");
    }
}

/// A developer meets them in the log, or in his code, and the contract names them.
#[test]
fn what_plugins_are_told_is_what_the_contract_says() {
    let wit = std::fs::read_dir(root().join("wit")).expect("the contract");
    let contract: Vec<String> = wit.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("text")).collect();
    let contract = contract.concat();
    let sdk = rust("sdk/src").into_iter().filter(|source| !source.path.contains("/tests/"));
    let sdk: String = sdk.map(|source| source.code()).collect();
    let of_sdk = |id: &str| sdk.contains(&format!("\"{id}\""));
    for code in told::ALL.iter().filter(|code| code.id != "limit.handles") {
        assert!(contract.contains(&format!("`{}`", code.id)) || of_sdk(code.id), "neither contract nor SDK names {}", code.id);
    }
    let failures = sdk.match_indices("Error::failure(\"").map(|(at, before)| &sdk[at + before.len()..]);
    let failures: Vec<&str> = failures.filter_map(|rest| rest.split('"').next()).filter(|id| id.contains('.')).collect();
    assert!(failures.len() > 5, "{failures:?}");
    for code in failures {
        assert!(find(code).is_some(), "`wharf explain {code}` knows nothing");
    }
    let capabilities = std::fs::read_to_string(root().join("docs/capabilities.md")).expect("text");
    let table =
        capabilities.split("| errors the plugin gets |").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a table");
    let errors: Vec<&str> = table.split('`').filter(|text| text.contains('.') && !text.contains([' ', '[', '|'])).collect();
    assert!(errors.len() >= 20, "{errors:?}");
    for error in errors.into_iter().filter(|error| !error.ends_with(".toml")) {
        assert!(find(error).is_some(), "`wharf explain {error}` knows nothing");
    }
}

/// What a caller was refused for, or what became of its call: there everybody is told what is theirs to do.
#[test]
fn a_code_that_callers_meet_says_what_each_can_do() {
    for (code, words) in [
        ("WH2003", &["`auth`", "--scope"][..]),
        ("WH2102", &["[[routes]]"]),
        ("WH2104", &["`..`", "`.`", "%2E%2E", "CONNECT", "`OPTIONS *`"]),
        ("WH2201", &["`body-in`", "`body-limit`"]),
        ("WH2203", &["`caller-rate`", "`caller-burst`"]),
        ("WH2204", &["`concurrency`", "`max-calls`"]),
        ("WH2301", &["request id"]),
        ("WH2302", &["request id"]),
        ("WH2303", &["`wall`", "`timeout`"]),
        ("WH2304", &["`cpu`"]),
        ("WH2305", &["`memory`"]),
        ("WH2306", &["`host-calls`", "`handles`"]),
        ("WH2307", &["request id"]),
        ("WH2308", &["`body-out`"]),
    ] {
        let text = wharf(["explain", code]).run().ok();
        for words in [&["app's developer", "plugin's developer", "operator"], words].concat() {
            assert!(text.contains(words), "{code} does not say {words}: {text}");
        }
    }
    for (code, words) in [
        ("WH1205", &["`max-component`", "operator", "plugin's developer"][..]),
        ("WH2202", &["64 KiB", "operator", "app's developer"]),
        ("WH2205", &["`body-timeout`", "operator", "app's developer"]),
    ] {
        let text = wharf(["explain", code]).run().ok();
        assert!(words.iter().all(|words| text.contains(words)), "{code} does not say {words:?}: {text}");
    }
}

#[test]
fn an_unknown_code_is_refused() {
    wharf(["explain", "WH9999"]).run().refused("WH1007", "WH9999");
}

#[test]
fn every_command_has_help_with_a_line_for_each_argument() {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = commands.pop() {
        let run = wharf(command.iter().map(String::as_str).chain(["--help"])).run();
        let name = command.join(" ");
        let help = run.ok();
        assert!(help.contains("Usage: wharf"), "{name}: {help}");
        seen += 1;
        let listed = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        for line in listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let mut words = line.split_whitespace();
            let next = words.next().expect("a line of a list begins with a command");
            assert!(words.next().is_some(), "`wharf {name} {next}` has no description");
            if next != "help" {
                commands.push(command.iter().cloned().chain([next.to_owned()]).collect());
            }
        }
    }
    assert!(seen >= 12, "only {seen} commands");
}

#[test]
fn completions_are_written_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = wharf(["completions", shell]).run().ok();
        assert!(script.contains("wharf") && script.contains("ocean-auth"), "{shell}: {script}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_says_what_would_be_right() {
    for (arguments, says) in [
        (vec!["srve"], "serve"),
        (vec!["plugin", "instal", "x.wasm"], "install"),
        (vec!["serve", "--confg", "x"], "--config"),
        (vec!["plugin", "install"], "<FILE|PLUGIN@VERSION>"),
        (vec!["demo", "--port", "70000"], "70000"),
        (vec!["ocean-auth", "mint"], "--key-file"),
    ] {
        let run = wharf(&arguments).run();
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains(says), "{arguments:?}: {}", run.stderr);
    }
}
