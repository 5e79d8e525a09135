//! What a service grants and sets by the time its plugin is installed.

use std::fs;

use serde_json::json;
use wharf_guests::{CONFIDE, GROW, INNOCENT, LOOKUP};

use crate::support::{
    Platform, Run, Running, Service, TestHost, install, install_with,
    platform::{APP_ID, TOKEN},
};

/// Writes the configuration of a running host anew.
pub(super) fn rewrite(host: &Running, change: impl FnOnce(String) -> String) {
    let file = host.path().join("wharf.toml");
    let text = fs::read_to_string(&file).expect("the configuration can be read");
    fs::write(file, change(text)).expect("a configuration can be written");
}

/// A setting that nothing works without.
const MUST: &str = "\n[config.must]\ntype = \"string\"\nrequired = true\ndescription = \"What must be set.\"\n";

fn install_next(host: &Running) -> Run {
    install_with(host.path(), &CONFIDE, |manifest| manifest.replace("0.1.0", "0.2.0") + MUST)
}

fn confide() -> Running {
    let service = Service::of(&CONFIDE).set("secrets", "{ told = { file = \"told\" } }").set("config", "{ text = \"before\" }");
    let host = TestHost::new().with(service).with(Service::of(&INNOCENT));
    fs::write(host.path().join("told"), "t0ld\n").expect("a secret can be written");
    host.start()
}

#[test]
fn what_is_in_the_file_counts_when_the_plugin_is_installed_again() {
    let host = confide();
    let settings = || host.get("/s/confide/settings").send().json();
    let secret = |name: &str| host.get(&format!("/s/confide/secret/{name}")).send().text();
    rewrite(&host, |text| {
        text.replace("{ text = \"before\" }", "{ limit = 8 }")
            .replace("{ told = { file = \"told\" } }", "{ told = { file = \"told\" }, extra = { file = \"told\" } }")
    });
    // Not before.
    install(host.path(), &INNOCENT).ok();
    assert_eq!((settings(), secret("extra")), (json!({"limit": 7, "text": "before"}), "secrets.denied".to_owned()));

    assert_eq!(install(host.path(), &CONFIDE).json()["not_granted"], json!([]));
    assert_eq!((settings(), secret("extra")), (json!({"limit": 8, "text": null}), "t0ld".to_owned()));
    let shown = host.wharf(["plugin", "inspect", "test/confide"]).ok();
    assert!(!shown.contains("does not grant"), "{shown}");
    host.stop();
}

#[test]
fn a_version_that_needs_more_comes_and_goes_without_a_restart() {
    let host = confide();
    let version = || host.wharf(["plugin", "inspect", "test/confide", "--format", "json"]).json()["version"].clone();
    let settings = || host.get("/s/confide/settings").send().json();
    install_next(&host).refused("WH1005", "services.confide.config.must");
    // A mistake elsewhere in the file is told with its place.
    rewrite(&host, |text| text.replace("[log]\n", "[log]\ncolour = 1\n"));
    install_next(&host).refused("WH1003", "log.colour");
    rewrite(&host, |text| text.replace("colour = 1\n", "").replace("{ text = \"before\" }", "{ must = \"be\" }"));
    assert_eq!((version(), settings()), (json!("0.1.0"), json!({"limit": 7, "text": "before"})));
    install_next(&host).ok();
    assert_eq!((version(), settings()), (json!("0.2.0"), json!({"limit": 7, "text": null})));

    // And back: the older version knows nothing of it.
    install(host.path(), &CONFIDE).refused("WH1003", "services.confide.config.must");
    assert_eq!(version(), "0.2.0");
    rewrite(&host, |text| text.replace("{ must = \"be\" }", "{ text = \"after\" }"));
    install(host.path(), &CONFIDE).ok();
    assert_eq!((version(), settings()), (json!("0.1.0"), json!({"limit": 7, "text": "after"})));
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_version_that_is_removed_never_goes_on() {
    for fits in [true, false] {
        let host = confide();
        rewrite(&host, |text| text.replace("{ text = \"before\" }", "{ must = \"be\" }"));
        install_next(&host).ok();
        if fits {
            rewrite(&host, |text| text.replace("{ must = \"be\" }", "{ text = \"after\" }"));
        }
        let removed = host.wharf(["plugin", "remove", "test/confide@0.2.0", "--force", "--format", "json"]).json();
        assert_eq!(removed["active"], "0.1.0");
        let answer = host.get("/s/confide/settings").send();
        if fits {
            assert_eq!((&removed["left_without"], answer.json()), (&json!([]), json!({"limit": 7, "text": "after"})));
        } else {
            assert_eq!(removed["left_without"][0]["code"], "WH1003");
            answer.assert(503, "WH2105");
        }
        host.assert_serves_others();
        host.stop();
    }
}

#[test]
fn limits_of_services_stay_within_those_the_host_was_started_with() {
    let grow = Service::of(&GROW).limit("memory", "16MiB");
    let host = TestHost::new().section("[limits]\nmemory = \"32MiB\"\n").with(grow).with(Service::of(&INNOCENT)).start();
    let allowed = |mib: u64| {
        host.get("/s/grow/").send().assert(502, "WH2305");
        let allowed = (mib << 20).to_string();
        host.log().find("the limit", |line| line.field("allowed") == allowed);
    };
    allowed(16);
    for (before, after, allows) in [("16MiB", "8MiB", 8), ("8MiB", "24MiB", 24), ("24MiB", "128MiB", 32)] {
        rewrite(&host, |text| text.replace("32MiB", "256MiB").replace(before, after));
        install(host.path(), &GROW).ok();
        allowed(allows);
    }
    host.stop();
}

#[test]
fn who_has_no_platform_yet_gets_one_at_the_next_start() {
    let platform = Platform::new();
    let host = TestHost::new().section(&platform.section()).with(Service::of(&LOOKUP)).start();
    fs::write(host.path().join("token"), TOKEN).expect("a token can be written");
    let with_platform = "[services.lookup]\naccess-token = { file = \"token\" }\napps = true\n";
    rewrite(&host, |text| text.replace("[services.lookup]\n", with_platform));
    install(host.path(), &LOOKUP).refused("WH1004", "`lookup` cannot ask the platform yet");
    assert_eq!(host.get(&format!("/s/lookup/{APP_ID}")).send().json()["error"], "apps.denied");
    assert_eq!(platform.asked(), []);
    host.stop();
}
