//! The platform's records as text.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{toml_reader::names::is_shown, units::show_time};

pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn time(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_u64).map(show_time).unwrap_or_default()
}

/// Text that people or plugins wrote, as a terminal may be shown it: nothing of it may act there.
fn plain(text: &str) -> String {
    text.chars().map(|c| if is_shown(c) || c == '\n' { c } else { '\u{fffd}' }).collect()
}

/// A column of a table: its head, its width, and what stands in it.
type Column<'a> = (&'a str, usize, &'a dyn Fn(&Value) -> String);

/// A table, or what to say where there is nothing to show.
fn table(rows: &[Value], none: &str, columns: &[Column<'_>]) -> String {
    if rows.is_empty() {
        return none.to_owned();
    }
    let line = |cells: Vec<String>| {
        let mut line = String::new();
        for ((_, width, _), cell) in columns.iter().zip(cells.iter().map(|cell| plain(cell))) {
            // Writing to a string cannot fail.
            let _ = write!(line, "{cell:<width$} ");
        }
        line.trim_end().to_owned()
    };
    let mut lines = vec![line(columns.iter().map(|(head, ..)| (*head).to_owned()).collect())];
    lines.extend(rows.iter().map(|row| line(columns.iter().map(|(_, _, cell)| cell(row)).collect())));
    lines.join("\n")
}

fn field(key: &'static str) -> impl Fn(&Value) -> String {
    move |row| text(row, key).to_owned()
}

fn at(key: &'static str) -> impl Fn(&Value) -> String {
    move |row| time(row, key)
}

pub(super) fn apps(apps: &[Value]) -> String {
    table(
        apps,
        "there are no apps; `wharf platform app create` makes one",
        &[("KEY", 24, &field("key")), ("ID", 24, &field("id")), ("CREATED", 17, &at("created_ms")), ("NAME", 0, &field("name"))],
    )
}

pub(super) fn services(services: &[Value]) -> String {
    let from = |row: &Value| if row["configured"] == true { "configuration" } else { "a developer" }.to_owned();
    table(
        services,
        "there are no services; those of the configuration that have a `security-key` appear by themselves",
        &[
            ("KEY", 24, &field("key")),
            ("ID", 24, &field("id")),
            ("TYPE", 8, &field("type")),
            ("FROM", 14, &from),
            ("ADDRESS", 0, &field("service_api")),
        ],
    )
}

pub(super) fn service(service: &Value) -> String {
    let mut shown = format!("service `{}`: {}\n", text(service, "key"), text(service, "name"));
    for (label, key) in [
        ("id", "id"),
        ("type", "type"),
        ("clients call", "service_api"),
        ("notices go to", "message_api"),
        ("console", "manage_address"),
        ("about", "description"),
    ] {
        if !text(service, key).is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(shown, "  {label:<14} {}", text(service, key));
        }
    }
    let users = if service["allow_user_api"] == true { "may make app users" } else { "may not make app users" };
    let key = if service["configured"] == true { "its securityKey is the configuration's" } else { "its securityKey is sealed" };
    shown.push_str(&format!("  {users}; {key}"));
    shown
}

pub(super) fn subscriptions(subscriptions: &[Value]) -> String {
    table(
        subscriptions,
        "there are no subscriptions; `wharf platform subscription add` makes one",
        &[
            ("APP", 24, &field("app")),
            ("SERVICE", 24, &field("service")),
            ("STATE", 18, &field("state")),
            ("SINCE", 17, &at("created_ms")),
            ("ID", 0, &field("id")),
        ],
    )
}

pub(super) fn state(now: &Value) -> String {
    let (app, service) = (text(now, "app"), text(now, "service"));
    match text(now, "state") {
        "" => format!("app `{app}` has no subscription to the service `{service}` any more"),
        "subscribed" => format!("app `{app}` has subscribed to the service `{service}`"),
        "pending_cancel" => format!("app `{app}` is leaving the service `{service}`, which has to handle that"),
        _ => format!("app `{app}` waits for the service `{service}` to say yes"),
    }
}

pub(super) fn messages(messages: &[Value]) -> String {
    let notices = |row: &Value| match (row["failed_notices"].as_u64(), row["next_notice_ms"].as_u64()) {
        (Some(0) | None, _) => String::new(),
        (Some(failed), None) => format!("{failed} failed, left to polling"),
        (Some(failed), Some(next)) => format!("{failed} failed, next {}", show_time(next)),
    };
    table(
        messages,
        "there are no messages",
        &[
            ("ID", 24, &field("id")),
            ("STATE", 9, &field("state")),
            ("SERVICE", 20, &field("service")),
            ("APP", 20, &field("app")),
            ("TYPE", 22, &field("type")),
            ("CREATED", 17, &at("created_ms")),
            ("NOTICES", 0, &notices),
        ],
    )
}

pub(super) fn developers(developers: &[Value]) -> String {
    table(
        developers,
        "there are no developers; `wharf platform developer create` makes one",
        &[
            ("E-MAIL", 32, &field("email")),
            ("ID", 24, &field("id")),
            ("CREATED", 17, &at("created_ms")),
            ("NAME", 0, &field("name")),
        ],
    )
}

pub(super) fn letters(letters: &[Value]) -> String {
    let state =
        |row: &Value| row["sent_ms"].as_u64().map_or_else(|| "waiting".to_owned(), |sent| format!("sent {}", show_time(sent)));
    table(
        letters,
        "the outbox is empty",
        &[
            ("ID", 24, &field("id")),
            ("STATE", 22, &state),
            ("SERVICE", 16, &field("service")),
            ("APP", 16, &field("app")),
            ("KIND", 18, &field("kind")),
            ("WRITTEN", 17, &at("created_ms")),
            ("TO", 28, &field("to")),
            ("SUBJECT", 0, &field("subject")),
        ],
    )
}

pub(super) fn letter(letter: &Value) -> String {
    let mut shown = String::new();
    for (label, key) in
        [("To", "to"), ("Subject", "subject"), ("Kind", "kind"), ("Service", "service"), ("App", "app"), ("Link", "link")]
    {
        if !text(letter, key).is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(shown, "{label}: {}", plain(text(letter, key)));
        }
    }
    format!("{shown}\n{}", plain(text(letter, "text")))
}
