//! Commands that are refused (1) or make no sense (2).

use super::store::contents;

/// The command, its exit status, and what standard error says: a code where there is one, and the subject.
const ROWS: &[(&[&str], i32, &str, &str)] = &[
    (&[], 2, "", "Usage"),
    (&["fly"], 2, "", "fly"),
    (&["serve", "extra"], 2, "", "extra"),
    (&["serve", "--format", "xml"], 2, "", "xml"),
    (&["serve", "--config"], 2, "", "--config"),
    (&["config"], 2, "", "--default"),
    (&["demo", "--port", "many"], 2, "", "many"),
    (&["completions", "tcsh"], 2, "", "tcsh"),
    (&["explain", "WH9999"], 1, "WH1007", "WH9999"),
    (&["explain", "\u{1b}[31m"], 1, "WH1007", "\\u{1b}[31m"),
    (&["check", "--config", "absent.toml"], 1, "WH1001", "absent.toml"),
    (&["plugin", "list", "--config", "absent.toml"], 1, "WH1001", "absent.toml"),
    (&["plugin", "install"], 2, "", "<FILE>"),
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
    (&["ocean-auth", "mint", "--key-file", "absent.key", "--app", "demo"], 1, "WH1006", "absent.key"),
    (&["ocean-auth", "mint", "--key-file", "identity.key", "--app", ""], 2, "", "--app"),
    (&["ocean-auth", "mint", "--key-file", "identity.key", "--app", "demo", "--user-id", "7"], 2, "", "--auth-service"),
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
    }
    assert_eq!(contents(host.path()), before);
    host.assert_serves_others();
    host.stop();
}
