use std::{fs, path::Path};

use serde_json::Value;
use wharf::manifest::{Manifest, Need};

use super::{assert_taken, blocks};
use crate::readme::{directory, run};

const DOCUMENT: &str = "docs/identity.md";

#[test]
fn issuers_and_consoles_are_configured_as_printed() {
    let [issuers, console, route] = &blocks(DOCUMENT, "toml")[..] else { panic!("there are three blocks") };
    assert_taken(issuers);
    assert_taken(&format!("[platform]\nmode = \"remote\"\napi-base = \"https://api.oceanclouds.com\"\n{console}"));
    let manifest = format!("{}\n{route}", include_str!("../../../plugins/hello/plugin.toml"));
    let manifest = Manifest::parse(&manifest).expect("a manifest takes the route");
    let last = manifest.routes.last().expect("there is a route");
    assert_eq!((last.method.as_str(), last.path.as_str(), last.auth), ("GET", "/", Need::Console));
}

/// Headers and tokens by hand; a line that needs what another one printed is given it.
#[test]
fn commands_work_as_printed() {
    let here = directory();
    let here = here.path();
    fs::write(here.join("wharf.toml"), &blocks(DOCUMENT, "toml")[0]).expect("a configuration can be written");
    fs::write(here.join("notes.key"), "a securityKey of good length\n").expect("a key file can be written");
    let (mut minted, mut seen) = (String::new(), 0);
    for line in blocks(DOCUMENT, "sh").iter().flat_map(|block| block.lines()) {
        let mut line = line.replace("\"$HEADER\"", &minted);
        if line.starts_with("wharf token revoke ") {
            line = format!("wharf token revoke {}", tokens(here)[0]["id"].as_str().expect("a token has an id"));
        }
        let said = run(here, &line);
        if line.contains(" mint ") {
            said.trim().clone_into(&mut minted);
        }
        seen += 1;
    }
    assert!(seen >= 8, "{seen} lines");
    let revoked = tokens(here).iter().filter(|token| token["revoked_ms"].is_number()).count();
    assert_eq!(revoked, 1);
}

fn tokens(here: &Path) -> Vec<Value> {
    serde_json::from_str(&run(here, "wharf token list --format json")).expect("a list is JSON")
}

/// Which is where a console's session ends; see `request/authenticate/console/session.rs`.
#[test]
fn the_form_goes_where_one_logs_out() {
    let [form] = &blocks(DOCUMENT, "html")[..] else { panic!("there is one form") };
    assert!(form.starts_with("<form method=\"post\" action=\"/.wharf/logout\">"), "{form}");
}
