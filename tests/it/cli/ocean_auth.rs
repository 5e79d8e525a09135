//! `wharf ocean-auth`: making a header and reading one, as the host itself does.

use std::fs;

use crate::support::{cli::Call, wharf};

const HEADER: &str = "35da5f73768ec56c143fb6ebf6f72f9da1653db1a6b8f8c6ec399bf789dd4b8db04aa22ae976ed53c6ab00ff4d13ba44";

fn with_key(key: &str, arguments: &[&str]) -> (tempfile::TempDir, Call) {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    fs::write(here.path().join("key"), key).expect("a key file can be written");
    let call = wharf(["ocean-auth"].iter().chain(arguments).chain(&["--key-file", "key"])).within(here.path());
    (here, call)
}

#[test]
fn a_header_is_shown_as_its_caller_from_an_argument_and_from_standard_input() {
    // One final newline of the key file is no part of the key, and neither is the shell's behind the header.
    let (_here, call) = with_key("sample_signKey\n", &["open", HEADER]);
    let caller = call.run().json();
    assert_eq!((&caller["app"]["key"], &caller["user"]), (&"sample_app".into(), &serde_json::Value::Null));
    let (_here, call) = with_key("sample_signKey", &["open", "-"]);
    assert_eq!(call.stdin(format!("{HEADER}\n")).run().json(), caller);
}

#[test]
fn a_header_that_proves_nobody_is_refused_with_its_reason_and_without_the_key() {
    for (key, header, reason) in [
        ("another key", HEADER, "bad_padding"),
        ("sample_signKey", "zz", "bad_hex"),
        ("sample_signKey\n\n", HEADER, "bad_padding"),
    ] {
        let (_here, call) = with_key(key, &["open", header]);
        let run = call.run();
        run.refused("WH2001", reason);
        assert!(!run.stderr.contains(key.trim()), "{}", run.stderr);
    }
}

#[test]
fn what_is_minted_opens_in_both_forms() {
    for form in ["legacy", "v2"] {
        let user = ["--user-id", "42", "--auth-service", "user", "--name", "张三"];
        let mint = [&["mint", "--app", "demo", "--service", "notes", "--now", "1000", "--form", form], user.as_slice()].concat();
        let (here, call) = with_key("a key of its own", &mint);
        let header = call.run().ok();
        let header = header.trim();
        let open = |service: &str, now: &str| {
            wharf(["ocean-auth", "open", "--key-file", "key", "--service", service, "--now", now, header])
                .within(here.path())
                .run()
        };
        let caller = open("notes", "2000").json();
        assert_eq!((&caller["app"]["key"], &caller["user"]["name"]), (&"demo".into(), &"张三".into()), "{form}");
        open("notes", "3601000").refused("WH2001", "expired");
        if form == "v2" {
            open("other", "2000").refused("WH2001", "bad_tag");
        }
    }
}

#[test]
fn a_key_is_never_an_argument() {
    let run = wharf(["ocean-auth", "open", "--key", "sample_signKey", HEADER]).run();
    assert_eq!(run.status, 2, "{}", run.stderr);
    let (_here, call) = with_key("", &["open", HEADER]);
    call.run().refused("WH1006", "--key-file");
}
