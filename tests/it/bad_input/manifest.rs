//! Manifests with which nothing is installed.

use std::fs;

use wharf_guests::INNOCENT;

use super::store::contents;

struct Row {
    /// What of the good manifest is replaced, and by what; an empty text stands for its end.
    change: (&'static str, &'static str),
    code: &'static str,
    subject: &'static str,
}

const fn row(from: &'static str, to: &'static str, code: &'static str, subject: &'static str) -> Row {
    Row { change: (from, to), code, subject }
}

/// Two routes that no request could tell apart.
const SAME_SHAPE: &str = "path = \"/books/{id}\"\nauth = \"none\"\n\n[[routes]]\nmethod = \"GET\"\npath = \"/books/{other}\"";

/// Two routes that requests could tell apart by their methods alone, and not what their parameter is called.
const OTHER_NAME: &str = "path = \"/books/{id}\"\nauth = \"none\"\n\n[[routes]]\nmethod = \"PUT\"\npath = \"/books/{other}\"";
const OTHER_LENGTH: &str = "path = \"/books/{id}\"\nauth = \"none\"\n\n[[routes]]\nmethod = \"GET\"\npath = \"/books/{*rest}\"";

const ROWS: &[Row] = &[
    row("manifest-version = 1", "manifest-version = ", "WH1102", "plugin.toml"),
    row("manifest-version = 1", "manifest-version = 2", "WH1104", "manifest-version"),
    row("manifest-version = 1", "", "WH1105", "manifest-version"),
    row("name = \"innocent\"", "", "WH1105", "plugin.name"),
    row("name = \"innocent\"", "name = \"inno\\u001b[31mcent\"", "WH1104", "plugin.name"),
    row("id = \"test/innocent\"", "id = \"innocent\"", "WH1104", "plugin.id"),
    row("id = \"test/innocent\"", "id = \"../innocent\"", "WH1104", "plugin.id"),
    row("id = \"test/innocent\"", "identity = \"test/innocent\"", "WH1103", "plugin.identity"),
    row("version = \"0.1.0\"", "version = \"0.1\"", "WH1104", "plugin.version"),
    row("version = \"0.1.0\"", "version = 1", "WH1104", "plugin.version"),
    row("[service]", "[service]\nmin-host = \"99.0.0\"", "WH1204", "test/innocent"),
    row("[service]", "[service]\ncolour = 1", "WH1103", "service.colour"),
    row("key = \"innocent\"", "key = \"Not A Key\"", "WH1104", "service.key"),
    row("method = \"GET\"", "method = \"get\"", "WH1104", "method"),
    row("method = \"GET\"", "method = \"CONNECT\"", "WH1104", "method"),
    row("method = \"GET\"", "method = \"POST\"", "WH1106", "`GET /`"),
    row("path = \"/\"", "path = \"items\"", "WH1104", "path"),
    row("path = \"/\"", "path = \"/{open\"", "WH1104", "path"),
    row("path = \"/\"", "path = \"/other\"", "WH1106", "`GET /other`"),
    row("auth = \"none\"", "", "WH1105", "auth"),
    row("auth = \"none\"", "auth = \"everybody\"", "WH1104", "auth"),
    row("auth = \"none\"", "auth = \"none\"\nscopes = [\"notes:read\"]", "WH1104", "scopes"),
    row("auth = \"none\"", "auth = \"none\"\ntimeout = \"never\"", "WH1104", "timeout"),
    row("auth = \"none\"", "auth = \"none\"\nbody-limit = \"1GiB\"", "WH1104", "the plugin's limit `body-in` is 8MiB"),
    row("", "[[routes]]\nmethod = \"GET\"\npath = \"/\"\nauth = \"none\"", "WH1104", "GET /"),
    row("path = \"/\"", OTHER_NAME, "WH1104", "`/books/{id}` is declared above"),
    row("path = \"/\"", OTHER_LENGTH, "WH1104", "`/books/{id}` is declared above"),
    row("path = \"/\"", SAME_SHAPE, "WH1104", "`/books/{id}` is declared above"),
    row("", "[limits]\nmemory = \"lots\"", "WH1104", "limits.memory"),
    row("", "[limits]\nfuel = 1", "WH1103", "limits.fuel"),
    row("", "[permissions.required.kv]\nstores = [\"items\"]", "WH1105", "reason"),
    row("", "[permissions.required.teleport]\nreason = \"why not\"", "WH1103", "teleport"),
    row(
        "",
        "[permissions.required.http-out]\nhosts = [\"http://x/\"]\nmethods = [\"GET\"]\nreason = \"to call\"",
        "WH1104",
        "hosts",
    ),
];

#[test]
fn nothing_is_installed_with_a_bad_manifest() {
    let host = super::host();
    let good = fs::read_to_string(INNOCENT.manifest).expect("the manifest can be read");
    let before = contents(host.path());
    for Row { change: (from, to), code, subject } in ROWS {
        let bad = if from.is_empty() { format!("{good}\n{to}\n") } else { good.replacen(from, to, 1) };
        assert_ne!(bad, good, "{from}");
        fs::write(host.path().join("bad.toml"), bad).expect("a manifest can be written");
        host.wharf(["plugin", "install", INNOCENT.component, "--manifest", "bad.toml"]).refused(code, subject);
        assert_eq!(contents(host.path()), before, "{to}");
    }
    host.assert_serves_others();
    host.stop();
}
