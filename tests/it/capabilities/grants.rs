//! What is asked for and what is allowed, before anything runs.

use std::{fs, path::Path};

use serde_json::json;
use wharf_guests::{CONFIDE, FETCH, FILES, KEEP};

use crate::support::{Service, TestHost, install, install_with, wharf};

fn nothing_is_installed(here: &Path) {
    let list = wharf(["plugin", "list", "--format", "json"]).within(here).run().json();
    assert_eq!(list, serde_json::json!([]));
}

#[test]
fn what_a_component_imports_its_manifest_must_declare() {
    let host = TestHost::new();
    host.write();
    let without = |manifest: String| manifest.split("\n[permissions").next().unwrap_or_default().to_owned();
    for (guest, interface) in [(&KEEP, "kv"), (&FETCH, "http-out"), (&CONFIDE, "secrets")] {
        let run = install_with(host.path(), guest, without);
        run.refused("WH1203", &format!("wharf:service/{interface}@"));
        assert!(run.stderr.contains(&format!("[permissions.required.{interface}]")), "{}", run.stderr);
    }
    nothing_is_installed(host.path());
    // Everybody may import WASI, and sees that it is empty.
    install_with(host.path(), &FILES, without).ok();
}

#[test]
fn what_is_required_and_not_granted_is_told_before_anything_changes() {
    for running in [false, true] {
        let services = [Service::of(&KEEP), Service::of(&KEEP).named("again"), Service::of(&CONFIDE)];
        let host = services.into_iter().fold(TestHost::new(), |host, service| host.with(service.not_installed()));
        let here = host.path().to_owned();
        host.write();
        // Both ends of it: a host that serves, and a directory that nobody serves from.
        let (started, _stopped) = if running { (Some(host.start()), None) } else { (None, Some(host)) };
        let run = install(&here, &KEEP);
        run.refused("WH1210", "the store `own`");
        for fix in ["[services.keep.kv]", "[services.again.kv]"] {
            assert!(run.stderr.contains(fix), "{}", run.stderr);
        }
        install(&here, &CONFIDE).refused("WH1210", "[services.confide.secrets]");
        nothing_is_installed(&here);
        if let Some(host) = started {
            host.get("/s/keep/").send().assert(503, "WH2105");
            host.stop();
        }
    }
}

#[test]
fn a_check_says_what_a_changed_configuration_no_longer_grants() {
    let host = TestHost::new().with(Service::of(&KEEP).set("kv", "{ stores = [\"own\"] }"));
    let here = host.path().to_owned();
    let file = host.write();
    install(&here, &KEEP).ok();
    wharf(["check"]).within(&here).run().ok();
    let text = fs::read_to_string(&file).expect("the configuration can be read");
    fs::write(&file, text.replace("[\"own\"]", "[]")).expect("a configuration can be written");
    wharf(["check"]).within(&here).run().refused("WH1210", "the store `own`");
}

#[test]
fn an_admin_sees_what_is_asked_for_and_why() {
    let host = TestHost::new();
    host.write();
    install(host.path(), &FETCH).ok();
    let shown = wharf(["plugin", "inspect", "test/fetch"]).within(host.path()).run().ok();
    assert!(
        shown.contains("send GET, POST to hosts of the operator's choice (optional): It calls whom it is told to call."),
        "{shown}"
    );
}

#[test]
fn what_is_optional_and_not_granted_is_told_with_the_way_to_grant_it() {
    let (keep, again) = (Service::of(&KEEP), Service::of(&KEEP).named("again"));
    let host = TestHost::new()
        .with(keep.set("kv", "{ stores = [\"own\"] }"))
        .with(again.set("kv", "{ stores = [\"own\", \"extra\"], shared = [\"common\"] }"));
    host.write();
    let here = host.path();
    let report = install(here, &KEEP).json();
    let lacking = |what: &str, fix: &str| json!({"service": "keep", "what": what, "reason": "It keeps there more.", "fix": fix});
    let expected = [
        lacking("the store `extra`", "add \"extra\" to `stores` in [services.keep.kv]"),
        lacking("the shared store `common`", "add \"common\" to `shared` in [services.keep.kv]"),
    ];
    assert_eq!(report["not_granted"], json!(expected));
    let text = wharf(["plugin", "install", KEEP.component, "--manifest", KEEP.manifest]).within(here).run().ok();
    let first = "the service `keep` does not grant the store `extra` (optional: It keeps there more.)\n  \
                 to grant it: add \"extra\" to `stores` in [services.keep.kv]\n";
    assert!(text.contains(first) && !text.contains("`again`"), "{text}");

    let permissions =
        wharf(["plugin", "inspect", "test/keep", "--format", "json"]).within(here).run().json()["permissions"].clone();
    let granted = |service: &str| json!({"service": service, "granted": true, "missing": []});
    assert_eq!(permissions[0]["services"], json!([granted("again"), granted("keep")]));
    assert_eq!(permissions[1]["services"][0], granted("again"));
    assert_eq!(permissions[1]["services"][1]["missing"][1]["fix"], "add \"common\" to `shared` in [services.keep.kv]");
    let text = wharf(["plugin", "inspect", "test/keep"]).within(here).run().ok();
    for line in [
        "  made for the service key keep\n",
        "  sha256 ",
        "  installed 20",
        "  keep values of each app in own (required): It keeps there what it is told to.\n    the service `again` grants it\n",
        "    the service `keep` does not grant the store `extra`; to grant it: add \"extra\" to `stores` in [services.keep.kv]\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn the_hosts_own_directory_is_no_plugins() {
    for data in [".", "data", "data/blobs"] {
        let host = TestHost::new().with(Service::of(&FILES).set("data", &format!("{data:?}")));
        host.write();
        install(host.path(), &FILES).ok();
        wharf(["check"]).within(host.path()).run().refused("WH1004", "services.files.data");
    }
}
