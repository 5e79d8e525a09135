//! What the workspace is built of: licences, banned crates, versions that are there twice. The lists stand in `deny.toml`, which
//! `cargo deny` reads too where it is installed.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

use super::{licence::satisfied, source::root};

/// The packages that are really built on this platform, and for the plugins that the binary holds, with their versions' metadata.
fn packages() -> Vec<Value> {
    let version = cargo(&["-vV"]);
    let platform = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo says for which platform it is");
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    for platform in [platform, "wasm32-wasip2"] {
        all.extend(packages_for(platform).into_iter().map(|package| (text(&package["id"]).to_owned(), package)));
    }
    assert!(all.values().any(|package| package["name"] == "wit-bindgen"), "what plugins are built of is not among them");
    all.into_values().collect()
}

fn packages_for(platform: &str) -> Vec<Value> {
    let metadata = cargo(&["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", platform]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo's metadata is JSON");
    let by_id: BTreeMap<&str, &Value> = list(&metadata["packages"]).map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), node)).collect();
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = list(&metadata["workspace_members"]).map(text).collect();
    while let Some(id) = open.pop() {
        if reached.insert(id) {
            let edges = list(&nodes[id]["deps"]).map(|edge| text(&edge["pkg"]));
            open.extend(edges.filter(|to| is_active(by_id[id], nodes[id], text(&by_id[to]["name"]))));
        }
    }
    reached.into_iter().map(|id| by_id[id].clone()).collect()
}

/// Whether a dependency is switched on. Cargo's metadata lists optional ones also where only a weak feature (`ring?/std`) names
/// them.
fn is_active(package: &Value, node: &Value, to: &str) -> bool {
    let mut declared = list(&package["dependencies"]).filter(|dependency| dependency["name"] == to).peekable();
    let aliases: Vec<&str> = declared.clone().map(|dependency| dependency["rename"].as_str().unwrap_or(to)).collect();
    if declared.peek().is_none() || declared.any(|dependency| dependency["optional"] == false) {
        return true;
    }
    let names = |feature: &str| {
        aliases
            .iter()
            .any(|alias| feature == *alias || feature == format!("dep:{alias}") || feature.starts_with(&format!("{alias}/")))
    };
    list(&node["features"]).map(text).any(|feature| names(feature) || list(&package["features"][feature]).map(text).any(names))
}

#[test]
fn every_licence_is_allowed() {
    let deny = deny();
    let allowed: Vec<&str> =
        deny["licenses"]["allow"].as_array().expect("a list").iter().filter_map(toml::Value::as_str).collect();
    let mut wrong = Vec::new();
    for package in packages() {
        let licence = package["license"].as_str().unwrap_or_default();
        if !satisfied(licence, &|name| allowed.contains(&name)) {
            wrong.push(format!("{} {}: {licence:?}", package["name"], package["version"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_banned_crate_is_built() {
    let deny = deny();
    let banned: Vec<&str> = entries(&deny, "deny").filter_map(|entry| entry["crate"].as_str()).collect();
    assert!(banned.contains(&"openssl") && banned.contains(&"native-tls"), "the ban on a second TLS is gone");
    let found: Vec<String> = packages()
        .iter()
        .map(|package| text(&package["name"]).to_owned())
        .filter(|name| banned.contains(&name.as_str()))
        .collect();
    assert!(found.is_empty(), "banned in deny.toml: {found:?}");
}

#[test]
fn every_crate_comes_from_the_one_registry() {
    let foreign: Vec<Value> = packages()
        .into_iter()
        .filter(|package| {
            !package["source"].is_null() && !text(&package["source"]).starts_with("registry+https://github.com/rust-lang/")
        })
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn a_crate_is_there_twice_only_for_a_reason() {
    let deny = deny();
    let accepted: BTreeSet<String> = entries(&deny, "skip")
        .map(|entry| {
            assert!(
                entry.get("reason").and_then(toml::Value::as_str).is_some_and(|reason| reason.len() > 10),
                "{entry}: say why"
            );
            entry["crate"].as_str().expect("an entry names its crate").to_owned()
        })
        .collect();
    let mut versions: BTreeMap<String, BTreeSet<semver::Version>> = BTreeMap::new();
    for package in packages() {
        let version = text(&package["version"]).parse().expect("cargo's versions are versions");
        versions.entry(text(&package["name"]).to_owned()).or_default().insert(version);
    }
    // The newest is the one to stay; the others have to be accepted one by one.
    let older: BTreeSet<String> = versions
        .iter()
        .flat_map(|(name, versions)| versions.iter().rev().skip(1).map(move |version| format!("{name}@{version}")))
        .collect();
    let new: Vec<_> = older.difference(&accepted).collect();
    assert!(new.is_empty(), "there twice; avoid it, or accept it under [bans] skip in deny.toml with its reason: {new:#?}");
    let gone: Vec<_> = accepted.difference(&older).collect();
    assert!(gone.is_empty(), "accepted in deny.toml, but there only once: {gone:#?}");
}

#[test]
fn cargo_deny_agrees_where_it_is_installed() {
    let installed = Command::new(env!("CARGO")).args(["deny", "--version"]).output().is_ok_and(|output| output.status.success());
    if installed {
        cargo(&["deny", "--offline", "check", "licenses", "bans", "sources"]);
    }
}

fn deny() -> toml::Table {
    let text = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml can be read");
    text.parse().expect("deny.toml is TOML")
}

fn entries<'a>(deny: &'a toml::Table, key: &str) -> impl Iterator<Item = &'a toml::Value> {
    deny["bans"].get(key).and_then(toml::Value::as_array).into_iter().flatten()
}

fn cargo(arguments: &[&str]) -> String {
    let done = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(done.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("cargo speaks UTF-8")
}

fn list(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
