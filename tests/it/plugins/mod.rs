//! The shipped plugins as what they are installed as: components, in the real host, called as their clients call them.

mod notes;
mod crud;
mod user;
mod together;
mod blog;
mod console;
mod readmes;

use std::fs;

use crate::support::{Answer, Request, Running, TestHost, platform::TOKEN, wharf};

/// The key that a test's service shares with its platform.
const KEY: &str = "a securityKey of good length";

/// A host with one shipped plugin, under its own name. `tables` is what its service has beside plugin and keys.
fn start(name: &str, component: &str, sections: &str, tables: &str) -> Running {
    let service =
        format!("{sections}\n[services.{name}]\nplugin = \"wharf/{name}\"\nsecurity-key = {{ file = \"{name}.key\" }}\n{tables}");
    let host = TestHost::new().section(&service);
    for (file, secret) in [("key", KEY), ("token", TOKEN)] {
        fs::write(host.path().join(format!("{name}.{file}")), secret).expect("a secret can be written");
    }
    host.write();
    wharf(["plugin", "install", component]).within(host.path()).run().ok();
    host.serve()
}

/// An Ocean-Auth header of an app, or of one of its users as a service knows it.
fn header(host: &Running, name: &str, app: &str, user: Option<(&str, &str)>) -> String {
    let key = format!("{name}.key");
    let mut mint = vec!["ocean-auth", "mint", "--key-file", &key, "--service", name, "--app", app];
    if let Some((id, service)) = user {
        mint.extend(["--user-id", id, "--account", "a@b.c", "--auth-service", service]);
    }
    host.wharf(mint).ok().trim().to_owned()
}

/// As jQuery sends an object.
fn form(request: Request, header: &str, body: &str) -> Answer {
    request
        .header("ocean-auth", header)
        .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
        .body(body)
        .send()
}

fn json(request: Request, header: &str, body: impl ToString) -> Answer {
    request.header("ocean-auth", header).header("content-type", "application/json; charset=UTF-8").body(body.to_string()).send()
}

/// What is answered, which a page of another origin may read.
#[track_caller]
fn told(answer: &Answer) -> serde_json::Value {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    answer.json()
}
