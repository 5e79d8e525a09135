//! Commands that are refused (1) or make no sense (2).

use serde_json::Value;

use super::store::contents;
use crate::support::wharf;

/// The command, its exit status, and what standard error says: the code, and the subject.
const ROWS: &[(&[&str], i32, &str, &str)] = &[
    (&[], 2, "WH1007", "Usage"),
    (&["fly"], 2, "WH1007", "fly"),
    (&["srve"], 2, "WH1007", "'serve'"),
    (&["\u{1b}[31mfly"], 2, "WH1007", "fly"),
    (&["plugin"], 2, "WH1007", "Usage"),
    (&["serve", "extra"], 2, "WH1007", "extra"),
    (&["serve", "--format", "xml"], 2, "WH1007", "xml"),
    (&["serve", "--config"], 2, "WH1007", "--config"),
    (&["config"], 2, "WH1007", "--default"),
    (&["demo", "--port", "many"], 2, "WH1007", "many"),
    (&["completions", "tcsh"], 2, "WH1007", "tcsh"),
    (&["explain", "WH9999"], 1, "WH1007", "WH9999"),
    (&["explain", "\u{1b}[31m"], 1, "WH1007", "\\u{1b}[31m"),
    (&["check", "--config", "absent.toml"], 1, "WH1001", "absent.toml"),
    (&["plugin", "list", "--config", "absent.toml"], 1, "WH1001", "absent.toml"),
    (&["plugin", "install"], 2, "WH1007", "<FILE|PLUGIN@VERSION>"),
    (&["plugin", "install", "absent.wasm"], 1, "WH1009", "absent.wasm"),
    (&["plugin", "install", "."], 1, "WH1009", "`.`"),
    (&["plugin", "inspect", "absent.wasm"], 1, "WH1009", "absent.wasm"),
    (&["plugin", "inspect", "absent"], 1, "WH1007", "absent"),
    (&["plugin", "inspect", "test/absent"], 1, "WH1207", "test/absent"),
    (&["plugin", "inspect", "test/innocent@9.9.9"], 1, "WH1207", "9.9.9"),
    (&["plugin", "inspect", "test/innocent@latest"], 1, "WH1007", "latest"),
    (&["plugin", "inspect", "../../etc/passwd"], 1, "WH1007", "../../etc/passwd"),
    (&["plugin", "remove", "test/absent"], 1, "WH1207", "test/absent"),
    (&["plugin", "remove", "test/innocent"], 1, "WH1208", "innocent"),
    (&["plugin", "remove", "test/innocent@1.2.3.4", "--force"], 1, "WH1007", "1.2.3.4"),
    (&["token", "create", "--service", "absent", "--app", "demo"], 1, "WH1007", "absent"),
    (&["token", "create", "--service", "identity", "--app", "demo", "--expires", "soon"], 2, "WH1007", "soon"),
    (&["token", "create", "--service", "identity", "--app", "demo", "--expires", "0s"], 1, "WH1007", "lifetime"),
    (&["token", "revoke", "nonsense"], 1, "WH1007", "the id of a token"),
    (&["messages", "show", "identity", "absent"], 1, "WH1401", "absent"),
    (&["platform", "app", "list"], 1, "WH1451", "[platform]"),
    (&["ocean-auth", "mint", "--key-file", "absent.key", "--app", "demo"], 1, "WH1006", "absent.key"),
    (&["ocean-auth", "mint", "--key-file", "identity.key", "--app", ""], 2, "WH1007", "--app"),
    (&["ocean-auth", "mint", "--key-file", "identity.key", "--app", "demo", "--user-id", "7"], 2, "WH1007", "--auth-service"),
    (&["ocean-auth", "mint", "--key-file", "identity.key", "--app", "demo", "--form", "v2"], 1, "WH1007", "--service"),
    (&["ocean-auth", "open", "--key-file", "identity.key", ""], 1, "WH2001", "missing_header"),
    (&["ocean-auth", "open", "--key-file", "identity.key", "nonsense"], 1, "WH2001", "bad_hex"),
];

#[test]
fn a_bad_command_says_what_is_wrong_and_changes_nothing() {
    let host = super::host();
    let before = contents(host.path());
    for (arguments, status, code, subject) in ROWS {
        let run = host.wharf(arguments.iter().copied());
        assert_eq!((run.status, run.stdout.as_str()), (*status, ""), "{arguments:?}: {}", run.stderr);
        for words in [code, subject] {
            assert!(run.stderr.contains(words), "{arguments:?} does not say `{words}`: {}", run.stderr);
        }
        assert!(!run.stderr.contains('\u{1b}'), "{arguments:?} writes to the terminal: {:?}", run.stderr);
        assert_eq!(contents(host.path()), before, "{arguments:?}");
    }
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_program_is_told_as_json_that_its_command_line_makes_no_sense() {
    for arguments in [&["--format", "json"][..], &["fly", "--format=json"], &["plugin", "list", "--colour", "--format", "json"]] {
        let run = wharf(arguments).run();
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
        let told: Value = serde_json::from_str(&run.stderr).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
        let error = &told["errors"][0];
        assert_eq!(error["code"], "WH1007", "{told}");
        assert!(error["fix"].as_str().is_some_and(|fix| fix.contains("--help")), "{told}");
    }
}

#[test]
fn help_and_version_are_data_and_no_mistake() {
    for (arguments, shown) in [
        (&["--help"][..], "Usage: wharf"),
        (&["help", "plugin"], "install"),
        (&["help", "--help"], "Usage: wharf [OPTIONS]"),
        (&["--format", "json", "plugin", "help", "-h"], "Usage: wharf plugin [OPTIONS]"),
        (&["plugin", "install", "--help"], "<FILE|PLUGIN@VERSION>"),
        (&["--version", "--format", "json"], env!("CARGO_PKG_VERSION")),
    ] {
        let run = wharf(arguments).run();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(run.stdout.contains(shown), "{arguments:?}: {}", run.stdout);
    }
}
