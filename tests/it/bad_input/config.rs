//! Configurations with which no host starts.

use std::fs;

use super::store::contents;
use crate::support::wharf;

struct Row {
    /// The whole file.
    text: &'static str,
    code: &'static str,
    /// What the report names.
    subject: &'static str,
}

const fn row(text: &'static str, code: &'static str, subject: &'static str) -> Row {
    Row { text, code, subject }
}

const ROWS: &[Row] = &[
    row("data-dir = ", "WH1002", "bad.toml"),
    row("data-dir = \"data\"\ndata-dir = \"data\"", "WH1002", "duplicate key"),
    row("data_dir = \"data\"", "WH1003", "did you mean `data-dir`"),
    row("[lissten]", "WH1003", "lissten"),
    row("[listen]\naddres = \"127.0.0.1:0\"", "WH1003", "listen.addres"),
    row("[services.x]\nplugin = \"a/b\"\ncolour = 1", "WH1003", "services.x.colour"),
    row("[listen]\naddress = \"nowhere\"", "WH1004", "listen.address"),
    row("[listen]\naddress = \"127.0.0.1:70000\"", "WH1004", "listen.address"),
    row("[listen]\naddress = 8080", "WH1004", "listen.address"),
    row("[listen]\nmax-connections = 0", "WH1004", "listen.max-connections"),
    row("[listen]\nmax-connections = 5\nmax-connections-per-address = 6", "WH1004", "listen.max-connections-per-address"),
    row("[listen]\nheader-timeout = \"soon\"", "WH1004", "listen.header-timeout"),
    row("[listen]\npublic-url = \"ftp://example.com\"", "WH1004", "listen.public-url"),
    row("[listen]\ntrusted-proxies = [\"10.0.0.0/99\"]", "WH1004", "listen.trusted-proxies"),
    row("[operation]\naddress = \"localhost\"", "WH1004", "operation.address"),
    row("[listen]\naddress = \"127.0.0.1:9464\"\n[operation]\naddress = \"127.0.0.1:9464\"", "WH1004", "operation.address"),
    row("[listen]\naddress = \"0.0.0.0:9464\"\n[operation]\naddress = \"127.0.0.1:9464\"", "WH1004", "listen.address"),
    row("[log]\nlevel = \"loud\"", "WH1004", "log.level"),
    row("[limits]\nmemory = 64", "WH1004", "limits.memory"),
    row("[limits]\nmemory = \"64MB\"", "WH1004", "limits.memory"),
    row("[limits]\nconcurrency = -1", "WH1004", "limits.concurrency"),
    row("[runtime]\ncompile-memory = \"1MiB\"", "WH1004", "runtime.compile-memory"),
    row("[runtime]\nmax-calls = 1000000000", "WH1004", "runtime.max-calls"),
    row("[runtime]\nmax-calls = 100000", "WH1004", "`runtime.max-calls` of 100000"),
    row("[platform]\nmode = \"embedded\"\napi-base = \"https://api.example.com\"", "WH1004", "platform.api-base"),
    row("[platform]\nmode = \"remote\"\nerror-status = 200", "WH1004", "platform.error-status"),
    row("[platform]\nmode = \"remote\"\nuser-token-lifetime = \"1d\"", "WH1004", "platform.user-token-lifetime"),
    row(
        "[platform]\nmode = \"remote\"\nuser-token-lifetime-remember = \"30d\"",
        "WH1004",
        "platform.user-token-lifetime-remember",
    ),
    row("[services.x]", "WH1005", "services.x.plugin"),
    row("[services.\"Bad Key\"]\nplugin = \"a/b\"", "WH1004", "Bad Key"),
    row("[services.\"../x\"]\nplugin = \"a/b\"", "WH1004", "../x"),
    row("[services.x]\nplugin = \"noslash\"", "WH1004", "services.x.plugin"),
    row("[services.x]\nplugin = \"a/b\"\nocean-auth = \"v3\"", "WH1004", "services.x.ocean-auth"),
    row("[services.x]\nplugin = \"a/b\"\nerror-status = 500", "WH1004", "services.x.error-status"),
    row("[services.x]\nplugin = \"a/b\"\nmax-lifetime = \"0s\"", "WH1004", "services.x.max-lifetime"),
    row("[services.x]\nplugin = \"a/b\"\nreuse = -1", "WH1004", "services.x.reuse"),
    row("[services.x]\nplugin = \"a/b\"\nhosts = [\"not a host\"]", "WH1004", "services.x.hosts"),
    row("[services.x]\nplugin = \"a/b\"\n[services.x.limits]\nmemory = \"1GiB\"", "WH1004", "services.x.limits.memory"),
    row("[services.x]\nplugin = \"a/b\"\nsecurity-key = \"s3cret-in-the-open\"", "WH1004", "services.x.security-key"),
    row("[services.x]\nplugin = \"a/b\"\nsecurity-key = { file = \"k\", env = \"K\" }", "WH1004", "services.x.security-key"),
    row("[services.x]\nplugin = \"a/b\"\nsecurity-key = { file = \"absent\" }", "WH1006", "services.x.security-key"),
    row("[services.x]\nplugin = \"a/b\"\nsecurity-key = { env = \"ABSENT\" }", "WH1006", "services.x.security-key"),
    row("[services.x]\nplugin = \"a/b\"\nsecurity-key = { file = \"empty\" }", "WH1006", "services.x.security-key"),
    row(
        "[services.x]\nplugin = \"a/b\"\nhosts = [\"a.example\"]\n[services.y]\nplugin = \"a/b\"\nhosts = [\"a.example\"]",
        "WH1004",
        "services.y.hosts",
    ),
    row(
        "[services.x]\nplugin = \"a/b\"\nsecurity-key = { file = \"k\" }\n[services.y]\nplugin = \"a/b\"\nsecurity-key = { file = \"k\" }",
        "WH1004",
        "services.y.security-key",
    ),
];

#[test]
fn no_host_starts_with_a_bad_configuration_and_its_data_stays_as_it_was() {
    let host = super::host().stopped();
    let here = host.path();
    fs::write(here.join("empty"), "\n").expect("a file can be written");
    fs::write(here.join("k"), "a key that two services share").expect("a file can be written");
    let before = contents(here);
    for Row { text, code, subject } in ROWS {
        let text = if text.starts_with("data") { (*text).to_owned() } else { format!("data-dir = \"data\"\n{text}\n") };
        fs::write(here.join("bad.toml"), &text).expect("a configuration can be written");
        for command in ["serve", "check"] {
            let run = wharf([command, "--config", "bad.toml"]).within(here).run();
            run.refused(code, subject);
            assert!(!run.stderr.contains("s3cret"), "a secret is shown: {}", run.stderr);
        }
        assert_eq!(contents(here), before, "{text}");
    }
}

#[test]
fn a_file_that_cannot_be_read_as_text_is_refused() {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    fs::write(here.path().join("latin1.toml"), b"data-dir = \"caf\xe9\"").expect("a file can be written");
    fs::write(here.path().join("huge.toml"), "# ".repeat(8 << 20)).expect("a file can be written");
    for (file, code) in [("absent.toml", "WH1001"), ("latin1.toml", "WH1001"), ("huge.toml", "WH1002"), (".", "WH1001")] {
        wharf(["serve", "--config", file]).within(here.path()).run().refused(code, file);
    }
}
