//! `wharf config --default` and `wharf check`.

use std::{fs, process::Command};

use serde_json::{Value, json};
use wharf_guests::INNOCENT;

use crate::support::{Service, TestHost, install_with, wharf};

const CERTIFICATE: &str = include_str!("../../data/tls/first.crt");
const KEY: &str = include_str!("../../data/tls/first.key");

#[test]
fn the_default_configuration_is_valid_and_checked_without_a_socket() {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    let default = wharf(["config", "--default"]).run().ok();
    fs::write(here.path().join("wharf.toml"), &default).expect("a configuration can be written");
    let checked = wharf(["check", "--format", "json"]).within(here.path()).run().json();
    assert_eq!(checked["services"], serde_json::json!([]));
    assert!(!here.path().join("wharf-data").exists(), "a check leaves something behind");
    assert_eq!(wharf(["config", "--default", "--format", "json"]).run().json()["config"], default.trim_end());
}

#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    for arguments in [&["config", "--default"][..], &["--help"], &["--version"], &["plugin", "help", "--help"]] {
        let full = fs::File::options().write(true).open("/dev/full").expect("there is a device without room");
        let run = Command::new(env!("CARGO_BIN_EXE_wharf")).args(arguments).env_clear().stdout(full).output();
        let run = run.expect("wharf can be run");
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("WH1009") && said.contains("No space left"), "{arguments:?}: {said}");
    }
}

#[test]
fn every_key_of_the_default_configuration_may_be_written_out() {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    let default = wharf(["config", "--default"]).run().ok();
    // Comments that hold a key or a table begin with `# ` and have no blank before `=` but one.
    let is_setting = |line: &&str| {
        let line = line.trim_start_matches("# ");
        line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
    };
    // What needs the other mode of the platform says so.
    let together = default.split("\n\n").filter(|paragraph| !paragraph.starts_with("# Only with mode = \"embedded\""));
    let lines = together.flat_map(str::lines).filter(is_setting);
    let settings: Vec<&str> = lines.map(|line| line.trim_start_matches("# ")).collect();
    assert!(settings.len() > 40, "{settings:?}");
    fs::write(here.path().join("wharf.toml"), settings.join("\n")).expect("a configuration can be written");
    for (name, secret) in [("notes.key", "a key of its own"), ("notes.token", "a token")] {
        fs::write(here.path().join(name), secret).expect("a secret can be written");
    }
    for (name, pem) in [("wharf.crt", CERTIFICATE), ("wharf.tls.key", KEY)] {
        fs::write(here.path().join(name), pem).expect("a file can be written");
    }
    let run = wharf(["check"]).within(here.path()).variable("NOTES_API_KEY", "secret").run();
    // The plugin it names is not installed, and that is all that is wrong.
    run.refused("WH1207", "acme/notes");
    assert_eq!(run.stderr.matches("error[").count(), 1, "{}", run.stderr);
}

#[test]
fn a_check_says_what_a_service_lacks() {
    let host = TestHost::new().with(Service::of(&INNOCENT));
    host.write();
    let check = || wharf(["check"]).within(host.path()).run();
    check().refused("WH1207", "test/innocent");
    wharf(["plugin", "install", INNOCENT.component, "--manifest", INNOCENT.manifest]).within(host.path()).run().ok();
    let checked = wharf(["check", "--format", "json"]).within(host.path()).run().json();
    assert_eq!(checked["unchecked"], serde_json::json!([]));
    let checked = check().ok();
    assert!(checked.contains("plugins, 1 service\n"), "{checked}");
    let host = host.serve();
    host.wharf(["check"]).ok();
    host.stop();
}

/// What `innocent` asks for in these tests.
const ASKS: &str = "[config.shelves]\ntype = \"integer\"\nmin = 1\ndescription = \"How many.\"\n\
    [permissions.required.secrets]\nnames = [\"token\"]\nreason = \"to send it\"\n";
const GRANTS: &str = "[services.innocent.secrets]\ntoken = { file = \"token\" }\n";

#[test]
fn a_check_beside_a_running_host_says_what_its_plugins_would_lack() {
    let host = TestHost::new().section(GRANTS).with(Service::of(&INNOCENT).not_installed());
    fs::write(host.path().join("token"), "a token").expect("a secret can be written");
    let host = host.start();
    install_with(host.path(), &INNOCENT, |manifest| format!("{manifest}\n{ASKS}")).ok();
    let file = host.path().join("wharf.toml");
    let good = fs::read_to_string(&file).expect("the configuration can be read");
    let check = |config: String| {
        fs::write(&file, config).expect("a configuration can be written");
        host.wharf(["check", "--format", "json"])
    };
    let checked = check(format!("{good}\n[services.innocent.config]\nshelves = 2")).json();
    assert_eq!((&checked["services"], &checked["unchecked"]), (&json!(["innocent"]), &json!(["loading"])));
    for (tables, code, subject) in [
        ("[services.innocent.config]\nshelves = 0", "WH1004", "services.innocent.config.shelves"),
        ("[services.innocent.config]\nshelfs = 2", "WH1003", "did you mean `shelves`?"),
        ("[services.other]\nplugin = \"test/absent\"", "WH1207", "test/absent"),
    ] {
        check(format!("{good}\n{tables}\n")).refused(code, subject);
    }
    // What is read again with the plugin is not among it.
    let settings = "[services.innocent.config]\nshelves = 2\n";
    let other = good.replace("format = \"json\"", "format = \"text\"");
    let checked = check(format!(
        "{other}\n{settings}\n[services.second]\nplugin = \"test/innocent\"\n\
        [services.second.config]\nshelves = 3\n[services.second.secrets]\ntoken = {{ file = \"token\" }}\n"
    ))
    .json();
    assert_eq!(checked["pending"], json!(["log", "services.second"]), "{checked:#}");
    // A service that lacks something is named by its own place, and not by that of the first one.
    let text = format!("{good}\n{settings}\n[services.second]\nplugin = \"test/innocent\" # here\n");
    let run = check(text.clone());
    let report: Value = serde_json::from_str(&run.stderr).expect("the report is JSON");
    let lacking = &report["errors"].as_array().expect("errors are a list")[0];
    assert_eq!((&lacking["code"], at(&text, lacking)), (&json!("WH1210"), "\"test/innocent\" # here"), "{report:#}");
    let vain = check(format!("{good}\n{settings}\n[services.innocent.kv]\nstores = [\"notes\"]\n")).json();
    assert_eq!(vain["pending"], json!([]));
    let warned = "`services.innocent.kv.stores` has `notes`, which the plugin `test/innocent` does not ask for";
    assert!(vain["warnings"].as_array().is_some_and(|all| all.contains(&json!(warned))), "{vain:#}");
    check(good.replace(GRANTS, "")).refused("WH1210", "services.innocent.secrets");
    host.assert_serves_others();
    host.stop();
}

#[test]
fn all_mistakes_come_in_one_report_with_their_places() {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    let text = "data_dir = \"data\"\n\n[listen]\nadress = \"127.0.0.1:0\"\n\n[limits]\nmemory = \"much\"\n";
    fs::write(here.path().join("wharf.toml"), text).expect("a configuration can be written");
    let run = wharf(["check", "--format", "json"]).within(here.path()).run();
    assert_eq!(run.status, 1);
    let report: serde_json::Value = serde_json::from_str(&run.stderr).expect("the report is JSON");
    let errors = report["errors"].as_array().expect("errors are a list");
    let shown: Vec<_> = errors.iter().map(|error| (error["code"].as_str().unwrap_or(""), error["at"]["line"].as_u64())).collect();
    assert_eq!(shown, [("WH1003", Some(1)), ("WH1003", Some(4)), ("WH1004", Some(7))], "{report:#}");
    assert!(errors[0]["fix"].as_str().is_some_and(|fix| fix.contains("data-dir")), "the nearest key is not named: {report:#}");
}

#[test]
fn a_mistake_does_not_hide_files_that_are_missing() {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    let text = "data_dir = \"data\"\n[services.a]\nplugin = \"test/absent\"\nsecurity-key = { file = \"absent\" }\n\
        [services.b]\nplugin = \"test/absent\"\nsecurity-key = { fil = \"b.key\" }\n\
        [services.b.secrets]\ntoken = { env = \"ABSENT\" }\n";
    fs::write(here.path().join("wharf.toml"), text).expect("a configuration can be written");
    let run = wharf(["check", "--format", "json"]).within(here.path()).run();
    let report: Value = serde_json::from_str(&run.stderr).expect("the report is JSON");
    let errors = report["errors"].as_array().expect("errors are a list");
    let shown: Vec<_> = errors.iter().map(|error| (error["code"].as_str().unwrap_or(""), error["at"]["line"].as_u64())).collect();
    assert!(shown.contains(&("WH1003", Some(1))) && shown.contains(&("WH1006", Some(4))), "{report:#}");
    assert!(shown.contains(&("WH1006", Some(9))) && shown.iter().all(|(_, line)| line.is_some()), "{report:#}");
}

#[test]
fn a_check_goes_on_past_files_that_are_missing() {
    let host = TestHost::new()
        .section("[listen.tls]\ncertificate = \"absent.crt\"\nkey = { file = \"absent.key\" }\n")
        .section(GRANTS)
        .section("[services.other]\nplugin = \"test/absent\"\nsecurity-key = { file = \"absent\" }\n")
        .with(Service::of(&INNOCENT).not_installed());
    let text = fs::read_to_string(host.write()).expect("the configuration can be read");
    let data = host.path().join("data");
    fs::create_dir(&data).expect("a directory can be made");
    let run = wharf(["check", "--format", "json"]).within(host.path()).run();
    assert_eq!(fs::read_dir(&data).expect("the directory can be read").count(), 0, "a check leaves something behind");
    let report: serde_json::Value = serde_json::from_str(&run.stderr).expect("the report is JSON");
    let errors = report["errors"].as_array().expect("errors are a list");
    let shown: Vec<(&str, &str)> = errors.iter().map(|error| (error["code"].as_str().unwrap_or(""), at(&text, error))).collect();
    let expected = [
        ("WH1011", "\"absent.crt\""),
        ("WH1006", "{ file = \"absent\" }"),
        ("WH1006", "{ file = \"token\" }"),
        ("WH1207", "\"test/absent\""),
        ("WH1207", "\"test/innocent\""),
    ];
    assert_eq!(shown, expected, "{report:#}");
}

/// By the check of all secrets, and where its plugin is loaded.
#[test]
fn a_secret_that_is_not_there_is_told_once() {
    let settings = "[services.innocent.config]\nshelves = 2\n";
    let host = TestHost::new().section(GRANTS).section(settings).with(Service::of(&INNOCENT).not_installed());
    let text = fs::read_to_string(host.write()).expect("the configuration can be read");
    install_with(host.path(), &INNOCENT, |manifest| format!("{manifest}\n{ASKS}")).ok();
    let run = wharf(["check", "--format", "json"]).within(host.path()).run();
    let report: serde_json::Value = serde_json::from_str(&run.stderr).expect("the report is JSON");
    let errors = report["errors"].as_array().expect("errors are a list");
    let shown: Vec<(&str, &str)> = errors.iter().map(|error| (error["code"].as_str().unwrap_or(""), at(&text, error))).collect();
    assert_eq!(shown, [("WH1006", "{ file = \"token\" }")], "{report:#}");
}

/// The host would start: nobody reads it.
#[test]
fn a_secret_that_is_not_there_and_not_asked_for_is_a_warning() {
    let host = TestHost::new().section(GRANTS).with(Service::of(&INNOCENT));
    host.write();
    wharf(["plugin", "install", INNOCENT.component, "--manifest", INNOCENT.manifest]).within(host.path()).run().ok();
    let checked = wharf(["check", "--format", "json"]).within(host.path()).run().json();
    let warned = checked["warnings"][0].as_str().unwrap_or_default();
    assert!(warned.contains("`token`, which the plugin `test/innocent` does not ask for"), "{checked:#}");
}

#[test]
fn a_check_of_another_configuration_looks_at_none_but_that() {
    let host = TestHost::new().with(Service::of(&INNOCENT)).start();
    let file = host.path().join("wharf.toml");
    let other = host.path().join("other.toml");
    fs::copy(&file, &other).expect("the configuration can be copied");
    fs::write(&file, "no configuration").expect("a configuration can be written");
    let checked = host.wharf(["check", "--config", "other.toml", "--format", "json"]).json();
    assert_eq!((&checked["services"], &checked["pending"]), (&json!(["innocent"]), &json!([])));
    host.stop();
}

#[test]
fn what_a_plugin_does_not_know_or_get_is_shown_where_it_stands() {
    let config = "[services.innocent.config]\nshelfs = 2\n";
    let host = TestHost::new().section(config).with(Service::of(&INNOCENT).not_installed());
    let text = fs::read_to_string(host.write()).expect("the configuration can be read");
    let refused = |run: crate::support::Run| -> serde_json::Value {
        assert_eq!(run.status, 1, "{}", run.stderr);
        serde_json::from_str(&run.stderr).expect("the report is JSON")
    };
    let manifest = fs::read_to_string(INNOCENT.manifest).expect("the manifest can be read");
    fs::write(host.path().join("plugin.toml"), format!("{manifest}\n{ASKS}")).expect("a manifest can be written");
    let install = ["plugin", "install", INNOCENT.component, "--manifest", "plugin.toml", "--format", "json"];
    let report = refused(wharf(install).within(host.path()).run());
    let place = |report: &serde_json::Value, code: &str| -> String {
        let errors = report["errors"].as_array().expect("errors are a list");
        let error = errors.iter().find(|error| error["code"] == code).unwrap_or_else(|| panic!("no {code}: {report:#}"));
        at(&text, error).to_owned()
    };
    assert_eq!(place(&report, "WH1210"), "\"test/innocent\"");
    // Beside a host its own words cross the socket, and their places with them.
    let host = host.serve_as_it_is();
    let report = refused(host.wharf(install));
    assert_eq!(place(&report, "WH1210"), "\"test/innocent\"");
    host.stop();
}

/// What stands in the configuration where an error says that it is.
#[track_caller]
fn at<'t>(text: &'t str, error: &serde_json::Value) -> &'t str {
    let place = |name: &str| error["at"][name].as_u64().and_then(|number| usize::try_from(number).ok());
    let (Some(line), Some(column)) = (place("line"), place("column")) else { panic!("no place: {error:#}") };
    &text.lines().nth(line - 1).expect("there is such a line")[column - 1..]
}
