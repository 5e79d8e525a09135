//! What commands about plugins answer, as a person reads it.

use std::{fmt::Write as _, time::Duration};

use serde_json::Value;

use crate::units::{show_duration, show_size, show_time};

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn array<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn list(value: &Value, key: &str) -> Vec<String> {
    array(value, key).map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
}

pub(super) fn report(report: &Value) -> String {
    let known = if report.get("new").and_then(Value::as_bool) == Some(false) { "was installed already" } else { "installed" };
    let runs = runs(report);
    let mut shown = format!("{} {} {known}; {runs}", text(report, "id"), text(report, "version"));
    for lacking in array(report, "not_granted") {
        let (service, what, reason) = (text(lacking, "service"), text(lacking, "what"), text(lacking, "reason"));
        // Writing to a string cannot fail.
        let _ = write!(
            shown,
            "\nthe service `{service}` does not grant {what} (optional: {reason})\n  to grant it: {}",
            text(lacking, "fix")
        );
    }
    shown
}

/// `the service a`, `the services a, b`; empty for none.
fn services(report: &Value, name: &str) -> String {
    let services = list(report, name);
    match services.len() {
        0 => String::new(),
        1 => format!("the service {}", services.join("")),
        _ => format!("each of the services {}", services.join(", ")),
    }
}

/// For which services it runs, or will.
fn runs(report: &Value) -> String {
    let host_runs = report.get("host_runs").and_then(Value::as_bool) != Some(false);
    let (now, next) = (services(report, "services"), services(report, "at_next_start"));
    match (host_runs, now.is_empty(), next.is_empty()) {
        (true, false, true) => format!("running for {now}"),
        (true, false, false) => format!("running for {now}; once the host is started anew, for {next} too"),
        (true, true, true) => "no service of the running host is bound to it".to_owned(),
        (true, true, false) => format!("the running host has to be started anew, then it runs for {next}"),
        (false, _, false) => format!("no host is running; from its next start on it runs for {next}"),
        (false, _, true) => "no host is running, and no service of the configuration is bound to it".to_owned(),
    }
}

pub(super) fn list_of_plugins(plugins: &Value) -> String {
    let Some(plugins) = plugins.as_array().filter(|plugins| !plugins.is_empty()) else {
        return "no plugins are installed; `wharf plugin install FILE` installs one".to_owned();
    };
    let mut shown = format!("{:<30} {:<12} {:<8} {:>10}  {}\n", "PLUGIN", "VERSION", "ACTIVE", "BYTES", "SERVICES");
    for plugin in plugins {
        let active = if plugin.get("active").and_then(Value::as_bool) == Some(true) { "yes" } else { "no" };
        let size = plugin.get("size").and_then(Value::as_u64).unwrap_or_default();
        let mut services = list(plugin, "services").join(", ");
        let unserved = list(plugin, "unserved").join(", ");
        if !unserved.is_empty() {
            services.push_str(&format!(" (not running for {unserved}: see the log)"));
        }
        // Writing to a string cannot fail.
        let _ = writeln!(shown, "{:<30} {:<12} {active:<8} {size:>10}  {services}", text(plugin, "id"), text(plugin, "version"));
    }
    shown
}

pub(super) fn removed(removed: &Value) -> String {
    let versions = list(removed, "removed").join(", ");
    let mut shown = match removed.get("active").and_then(Value::as_str) {
        Some(active) => format!("{} {versions} removed; {active} is active", text(removed, "id")),
        None => format!("{} {versions} removed", text(removed, "id")),
    };
    let unserved = services(removed, "unserved");
    if !unserved.is_empty() {
        let _ = write!(shown, "; from now on {unserved} answers 503");
    }
    for problem in array(removed, "left_without") {
        // Writing to a string cannot fail.
        let _ = write!(
            shown,
            "\nits services are left without a plugin: {}: {}\n  {}",
            text(problem, "what"),
            text(problem, "why"),
            text(problem, "fix")
        );
    }
    shown
}

pub(super) fn plugin(plugin: &Value) -> String {
    let mut shown = format!(
        "{} {}: {}\n{}\n",
        text(plugin, "id"),
        text(plugin, "version"),
        text(plugin, "name"),
        text(plugin, "description")
    );
    let _ = write!(shown, "{}", origin(plugin));
    let _ = writeln!(shown, "\nroutes:");
    for route in array(plugin, "routes") {
        let (method, path) = (text(route, "method"), text(route, "path"));
        let _ = writeln!(shown, "  {method:<7} {path:<30} {}{}", text(route, "auth"), of_route(route));
    }
    let settings: Vec<String> = array(plugin, "settings").map(setting).collect();
    let _ = writeln!(shown, "\nsettings:{}", lines(&settings, "none"));
    let _ = writeln!(shown, "\nlimits:{}", lines(&limits(plugin), "the defaults"));
    let permissions: Vec<&Value> = array(plugin, "permissions").collect();
    let _ = writeln!(shown, "\nasks for:{}", if permissions.is_empty() { " nothing" } else { "" });
    for permission in permissions {
        let need = if permission.get("required").and_then(Value::as_bool) == Some(true) { "required" } else { "optional" };
        let _ = writeln!(shown, "  {} ({need}): {}", text(permission, "asks"), text(permission, "reason"));
        for service in array(permission, "services") {
            let key = text(service, "service");
            if service.get("granted").and_then(Value::as_bool) == Some(true) {
                let _ = writeln!(shown, "    the service `{key}` grants it");
            }
            for lacking in array(service, "missing") {
                let (what, fix) = (text(lacking, "what"), text(lacking, "fix"));
                let _ = writeln!(shown, "    the service `{key}` does not grant {what}; to grant it: {fix}");
            }
        }
    }
    shown
}

/// Whose it is, and which bytes: what an admin compares with what its author publishes.
fn origin(plugin: &Value) -> String {
    let number = |key: &str| plugin.get(key).and_then(Value::as_u64);
    let said =
        |name: &str, key: &str| Some(text(plugin, key)).filter(|said| !said.is_empty()).map(|said| format!("{name} {said}"));
    let lines = [
        said("made for the service key", "service"),
        said("licence", "license"),
        said("repository", "repository"),
        said("sha256", "digest"),
        number("size").map(|bytes| format!("{bytes} bytes")),
        number("installed_ms").map(|ms| format!("installed {}", show_time(ms))),
    ];
    let lines: String = lines.into_iter().flatten().map(|line| format!("  {line}\n")).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// What follows a heading: a line each, or the word for none.
fn lines(lines: &[String], none: &str) -> String {
    if lines.is_empty() { format!(" {none}") } else { lines.iter().map(|line| format!("\n  {line}")).collect() }
}

/// What a route needs beside its `auth`, and what it takes.
fn of_route(route: &Value) -> String {
    let scopes = list(route, "scopes").join(" ");
    let mut shown = if scopes.is_empty() { String::new() } else { format!(" ({scopes})") };
    let number = |key: &str| route.get(key).and_then(Value::as_u64);
    shown.extend(number("timeout_ms").map(|ms| format!(", timeout {}", show_duration(Duration::from_millis(ms)))));
    shown.extend(number("body_limit").map(|bytes| format!(", body-limit {}", show_size(bytes))));
    shown
}

/// `max-notes (integer from 1, default 100): How many notes there may be.`
fn setting(setting: &Value) -> String {
    let number = |key: &str| setting.get(key).and_then(Value::as_i64);
    let mut kind = text(setting, "type").to_owned();
    kind.extend(number("min").map(|min| format!(" from {min}")));
    kind.extend(number("max").map(|max| format!(" to {max}")));
    let choices: Vec<String> = array(setting, "choices").map(Value::to_string).collect();
    if !choices.is_empty() {
        kind.push_str(&format!(" of {}", choices.join(", ")));
    }
    let otherwise = match setting.get("default").filter(|default| !default.is_null()) {
        Some(default) => format!("default {default}"),
        None if setting.get("required").and_then(Value::as_bool) == Some(true) => "required".to_owned(),
        None => "optional".to_owned(),
    };
    format!("{} ({kind}, {otherwise}): {}", text(setting, "name"), text(setting, "description"))
}

/// What a plugin asks for itself, by the names of its manifest.
fn limits(plugin: &Value) -> Vec<String> {
    let asked = |key: &str| plugin.get("limits")?.get(key)?.as_u64();
    let size = |name: &str, key: &str| Some(format!("{name} {}", show_size(asked(key)?)));
    let time = |name: &str, key: &str| Some(format!("{name} {}", show_duration(Duration::from_millis(asked(key)?))));
    let number = |name: &str, key: &str| Some(format!("{name} {}", asked(key)?));
    let limits = [
        size("memory", "memory"),
        time("cpu", "cpu_ms"),
        time("wall", "wall_ms"),
        number("concurrency", "concurrency"),
        size("body-in", "body_in"),
        size("body-out", "body_out"),
        number("host-calls", "host_calls"),
        number("handles", "handles"),
        number("log-lines", "log_lines"),
    ];
    limits.into_iter().flatten().collect()
}
