//! `wharf plugin`, on a host that runs and on a data directory that nobody serves from.

use std::{
    fs,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use wharf_guests::{IDENTITY, INNOCENT};

use crate::support::{Run, Service, TestHost, cli::Call, install_with, wait::until, wharf};

/// `innocent` in another version, which answers what `identity` does: a second version that can be told from the first.
fn install_second_version(host: &std::path::Path) -> Call {
    let manifest = fs::read_to_string(INNOCENT.manifest).expect("the manifest can be read").replace("0.1.0", "0.2.0");
    fs::write(host.join("second.toml"), manifest).expect("a manifest can be written");
    wharf(["plugin", "install", IDENTITY.component, "--manifest", "second.toml", "--format", "json"]).within(host)
}

fn plugin<'a>(host: &std::path::Path, arguments: impl IntoIterator<Item = &'a str>) -> Run {
    wharf(["plugin"].into_iter().chain(arguments).chain(["--format", "json"])).within(host).run()
}

#[test]
fn plugins_come_and_go_while_the_host_runs() {
    let host = TestHost::new().with(Service::of(&INNOCENT).not_installed()).start();
    let here = host.path().to_owned();
    host.get("/s/innocent/").send().assert(503, "WH2105");
    assert_eq!(plugin(&here, ["list"]).json(), Value::Array(Vec::new()));

    let first = plugin(&here, ["install", INNOCENT.component, "--manifest", INNOCENT.manifest]).json();
    assert_eq!((&first["id"], &first["version"], &first["new"]), (&"test/innocent".into(), &"0.1.0".into(), &true.into()));
    assert_eq!(first["services"], serde_json::json!(["innocent"]));
    host.assert_serves_others();

    // The same again changes nothing; the same version with other contents is refused.
    let again = plugin(&here, ["install", INNOCENT.component, "--manifest", INNOCENT.manifest]).json();
    assert_eq!(again["new"], false);
    plugin(&here, ["install", IDENTITY.component, "--manifest", INNOCENT.manifest]).refused("WH1209", "test/innocent");
    host.assert_serves_others();

    let second = install_second_version(&here).run().json();
    assert_eq!(second["version"], "0.2.0");
    assert_eq!(host.get("/s/innocent/").send().json()["scheme"], "Anonymous");
    let list = plugin(&here, ["list"]).json();
    let shown: Vec<(&str, bool)> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|plugin| (plugin["version"].as_str().expect("a version"), plugin["active"] == true))
        .collect();
    assert_eq!(shown, [("0.2.0", true), ("0.1.0", false)]);
    assert_eq!(plugin(&here, ["inspect", "test/innocent"]).json()["version"], "0.2.0");
    let inspected = plugin(&here, ["inspect", "test/innocent@0.1.0"]).json();
    let route = serde_json::json!(
        {"method": "GET", "path": "/", "auth": "none", "scopes": [], "timeout_ms": null, "body_limit": null}
    );
    assert_eq!(inspected["routes"], serde_json::json!([route]));

    // What a service is bound to goes only by force, and then the version before it takes over.
    plugin(&here, ["remove", "test/innocent@0.2.0"]).refused("WH1208", "innocent");
    let removed = plugin(&here, ["remove", "test/innocent@0.2.0", "--force"]).json();
    assert_eq!((&removed["removed"], &removed["active"]), (&serde_json::json!(["0.2.0"]), &"0.1.0".into()));
    host.assert_serves_others();
    plugin(&here, ["remove", "test/innocent", "--force"]).ok();
    host.get("/s/innocent/").send().assert(503, "WH2105");
    plugin(&here, ["inspect", "test/innocent"]).refused("WH1207", "test/innocent");
    plugin(&here, ["remove", "test/innocent"]).refused("WH1207", "test/innocent");
    host.stop();
}

#[test]
fn what_is_installed_without_a_host_runs_when_one_starts() {
    let host = TestHost::new().with(Service::of(&INNOCENT));
    host.write();
    let here = host.path().to_owned();
    let first = plugin(&here, ["install", INNOCENT.component, "--manifest", INNOCENT.manifest]).json();
    assert_eq!((&first["host_runs"], &first["services"]), (&Value::Bool(false), &serde_json::json!([])));
    assert_eq!(first["at_next_start"], serde_json::json!(["innocent"]));
    let install = ["plugin", "install", INNOCENT.component, "--manifest", INNOCENT.manifest];
    let again = wharf(install).within(&here).run().ok();
    assert!(again.contains("no host is running; from its next start on it runs for the service innocent"), "{again}");
    install_second_version(&here).run().ok();
    assert_eq!(plugin(&here, ["remove", "test/innocent@0.2.0", "--force"]).json()["active"], "0.1.0");
    assert_eq!(plugin(&here, ["list"]).json()[0]["version"], "0.1.0");
    let host = host.serve();
    host.assert_serves_others();

    // And again after a restart, with nothing done between.
    let host = host.stopped().serve();
    host.assert_serves_others();
    host.stop();
}

#[test]
fn an_admin_goes_back_to_a_version_without_its_file() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).start();
    let here = host.path().to_owned();
    install_second_version(&here).run().ok();
    assert_ne!(host.get("/s/innocent/").send().text(), "innocent");
    let back = plugin(&here, ["install", "test/innocent@0.1.0"]).json();
    assert_eq!((&back["version"], &back["new"], &back["services"]), (&json!("0.1.0"), &json!(false), &json!(["innocent"])));
    host.assert_serves_others();
    for absent in ["test/innocent@0.3.0", "test/absent@0.1.0"] {
        plugin(&here, ["install", absent]).refused("WH1207", absent.split('@').next().unwrap_or_default());
    }
    // What is no version is a file's name.
    for file in ["test/innocent@1", "innocent.wasm"] {
        plugin(&here, ["install", file]).refused("WH1009", file);
    }
    plugin(&here, ["install", "test/innocent"]).refused("WH1007", "test/innocent");
    let host = host.stopped();
    assert_eq!(plugin(&here, ["install", "test/innocent@0.2.0"]).json()["at_next_start"], json!(["innocent"]));
    assert_eq!(plugin(&here, ["install", "test/innocent@0.1.0"]).json()["at_next_start"], json!(["innocent"]));
    let host = host.serve();
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_service_that_the_running_host_does_not_have_yet_is_named() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).start();
    let file = host.path().join("wharf.toml");
    let config = fs::read_to_string(&file).expect("the configuration can be read");
    fs::write(&file, format!("{config}\n[services.second]\nplugin = \"test/innocent\"\n")).expect("it can be written");
    let report = plugin(host.path(), ["install", "test/innocent@0.1.0"]).json();
    assert_eq!((&report["services"], &report["at_next_start"]), (&json!(["innocent"]), &json!(["second"])));
    let said = host.wharf(["plugin", "install", "test/innocent@0.1.0"]).ok();
    assert!(said.contains("once the host is started anew, for the service second too"), "{said}");
    // One that lacks what the plugin needs is refused, as it would be without a host.
    install_with(host.path(), &INNOCENT, |manifest| {
        let asks = "[permissions.required.kv]\nstores = [\"notes\"]\nreason = \"to keep them\"\n";
        format!("{}\n{asks}", manifest.replace("0.1.0", "0.2.0"))
    })
    .refused("WH1210", "the service `second` does not grant");
    host.stop();
}

#[test]
fn a_component_that_carries_its_manifest_keeps_it() {
    const MANIFEST: &str = include_str!("../../../plugins/hello/plugin.toml");
    let host = TestHost::new();
    host.write();
    let install = |manifest: &str| {
        fs::write(host.path().join("named.toml"), manifest).expect("a manifest can be written");
        plugin(host.path(), ["install", env!("WHARF_PLUGIN_HELLO"), "--manifest", "named.toml"])
    };
    let other = MANIFEST.replace("wharf/hello", "acme/hello");
    assert_ne!(other, MANIFEST);
    install(&other).refused("WH1107", "wharf/hello");
    install("manifest-version = 1").refused("WH1105", "plugin");
    assert_eq!(plugin(host.path(), ["list"]).json(), Value::Array(Vec::new()));
    // The same in other words is no other, and changes nothing of the component.
    let installed = install(&format!("# Its own.\n{MANIFEST}")).json();
    let again = plugin(host.path(), ["install", env!("WHARF_PLUGIN_HELLO")]).json();
    assert_eq!((&again["new"], &again["digest"]), (&Value::Bool(false), &installed["digest"]));
}

/// What a plugin may say of itself beside its name and its routes.
const ALL_OF_IT: &str = r#"
timeout = "2s"
body-limit = "64KiB"

[limits]
memory = "32MiB"
cpu = "250ms"
handles = 7

[config.title]
type = "string"
choices = ["short", "long"]
default = "short"
description = "Which title it has."

[config.must]
type = "integer"
min = 1
max = 9
required = true
description = "What must be set."
"#;

#[test]
fn what_a_plugin_says_of_itself_is_shown() {
    let host = TestHost::new();
    host.write();
    install_with(host.path(), &INNOCENT, |manifest| format!("{manifest}{ALL_OF_IT}")).ok();
    let told = plugin(host.path(), ["inspect", "test/innocent"]).json();
    assert_eq!((&told["routes"][0]["timeout_ms"], &told["routes"][0]["body_limit"]), (&2_000.into(), &65_536.into()));
    let limits = &told["limits"];
    assert_eq!((&limits["memory"], &limits["cpu_ms"], &limits["wall_ms"]), (&(32 << 20).into(), &250.into(), &Value::Null));
    let must = serde_json::json!({
        "name": "must", "type": "integer", "required": true, "default": null, "description": "What must be set.", "min": 1,
        "max": 9, "choices": [],
    });
    assert_eq!(told["settings"].as_array().and_then(|settings| settings.iter().find(|one| one["name"] == "must")), Some(&must));

    let text = wharf(["plugin", "inspect", "test/innocent"]).within(host.path()).run().ok();
    for line in [
        "  GET     /                              none, timeout 2s, body-limit 64KiB",
        "  title (string of \"short\", \"long\", default \"short\"): Which title it has.",
        "  must (integer from 1 to 9, required): What must be set.",
        "  memory 32MiB",
        "  cpu 250ms",
        "  handles 7",
        "asks for: nothing",
    ] {
        assert!(text.lines().any(|shown| shown == line), "`{line}` is not shown: {text}");
    }
    // A file shows the same, and what asks for something no empty place before it.
    let file = wharf(["plugin", "inspect", env!("WHARF_PLUGIN_NOTES")]).within(host.path()).run().ok();
    assert!(file.lines().any(|line| line == "asks for:") && file.contains("\n  max-notes (integer"), "{file}");
    assert!(file.lines().all(|line| line.trim_end() == line), "{file}");
}

#[test]
fn a_component_that_is_a_file_can_be_looked_at_without_a_host() {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    let run = wharf(["plugin", "inspect", INNOCENT.component, "--format", "json"]).within(here.path()).run();
    // A guest carries no manifest of its own.
    run.refused("WH1105", "plugin");
    let manifest = ["plugin", "inspect", INNOCENT.component, "--manifest", INNOCENT.manifest, "--format", "json"];
    assert_eq!(wharf(manifest).within(here.path()).run().json()["id"], "test/innocent");
}

#[test]
fn no_request_fails_while_versions_are_swapped() {
    // Four callers who never pause may come near what one address may send: that budget has its own test.
    let budget = "[runtime]\ncaller-rate = 10000000\ncaller-burst = 10000000";
    let host = TestHost::new().section(budget).with(Service::of(&INNOCENT)).start();
    let here = host.path().to_owned();
    let (done, failures) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    // What each caller was answered last, and how often it was answered.
    let seen: [(Mutex<String>, AtomicUsize); 4] = Default::default();
    std::thread::scope(|scope| {
        for (last, count) in &seen {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let answer = host.get("/s/innocent/").send();
                    if answer.status != 200 || !answer.complete {
                        failures.lock().expect("no thread panicked").push(answer.text());
                    }
                    *last.lock().expect("no thread panicked") = answer.text();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let all_see = |second: bool| {
            until("every caller gets the new version", || {
                let new = |text: &str| (text == "innocent") != second && !text.is_empty();
                seen.iter().all(|(last, _)| new(&last.lock().expect("no thread panicked"))).then_some(())
            });
        };
        // A scope waits for its threads even when this thread panics: they must end in any case.
        let swapping = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..5 {
                all_see(false);
                install_second_version(&here).run().ok();
                all_see(true);
                plugin(&here, ["remove", "test/innocent@0.2.0", "--force"]).ok();
            }
            all_see(false);
        }));
        done.store(true, Ordering::Relaxed);
        if let Err(panic) = swapping {
            std::panic::resume_unwind(panic);
        }
    });
    assert_eq!(failures.into_inner().expect("no thread panicked"), Vec::<String>::new());
    let answered: usize = seen.iter().map(|(_, count)| count.load(Ordering::Relaxed)).sum();
    assert!(answered > 40, "{answered} requests are no load");
    host.stop();
}
