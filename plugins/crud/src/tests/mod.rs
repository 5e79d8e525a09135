//! The service as the clients of 2015 and later ones use it, natively.

mod console;
mod hostile;
mod ownership;
mod properties;
mod queries;
mod rights;
mod schemas;

use std::time::Duration;

use serde_json::json;
use wharf_sdk::testing::{TestHost, TestResponse};

use super::*;

/// When all this happens.
const NOW_MS: u64 = 1_440_750_000_000;

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

/// The entities of the two clients of 2015, and a few more.
fn entities() -> Value {
    json!({
        "sample_app": {
            "blog": {"fields": {"title": "String", "content": "String"}},
            "thing": {"fields": {
                "n": "Number", "s": "String", "b": "Boolean", "d": "Date", "o": "ObjectId", "raw": "Buffer", "any": "Mixed",
                "tags": ["String"], "at": {"street": "String", "no": "Number"}, "rows": [{"k": "String", "v": "Number"}],
            }},
        },
        "diary": {"diary": {"fields": {"date": "String", "passCheck": "String", "content": "String"}}},
    })
}

/// The app `sample_app`, its callers anonymous.
fn host() -> TestHost {
    with(&entities())
}

fn with(entities: &Value) -> TestHost {
    TestHost::new(routes())
        .lifecycle(crate::lifecycle())
        .setting("error-status", 401)
        .setting("max-scan", 10_000)
        .setting("entities", entities.clone())
        .at(NOW_MS)
        .app("sample_app")
}

/// A host with the one entity `thing` of these fields and rights.
fn declared(fields: Value, rights: Value) -> TestHost {
    with(&json!({"sample_app": {"thing": {"fields": fields, "rights": rights}}}))
}

/// The same host, called by a user who logged in with Weibo.
fn ada(host: &TestHost) -> TestHost {
    user(host, "ada")
}

fn user(host: &TestHost, id: &str) -> TestHost {
    let mut caller = Caller::anonymous();
    caller.scheme = Scheme::OceanAuth;
    caller.app = Some(App { key: "sample_app".into(), id: None });
    let account = format!("account-of-{id}");
    caller.user = Some(AppUser { id: id.into(), account, name: id.into(), authenticated_by: "weibo".into() });
    host.clone().caller(caller)
}

fn send(host: &TestHost, method: &str, path: &str, body: &Value) -> TestResponse {
    checked(host.request(method, path).json(body).send())
}

fn form(host: &TestHost, method: &str, path: &str, body: &str) -> TestResponse {
    checked(host.request(method, path).header("Content-Type", FORM).body(body).send())
}

fn get(host: &TestHost, path: &str) -> TestResponse {
    checked(host.get(path))
}

fn checked(response: TestResponse) -> TestResponse {
    assert_eq!(response.header("content-type"), Some("application/json"), "{response:?}");
    response
}

/// Status and code of a refusal.
fn refused(response: &TestResponse) -> (u16, String) {
    let body: Value = response.json();
    assert_eq!((&body["success"], &body["err"]["name"]), (&json!(false), &json!("Ocean Error")), "{body}");
    (response.status, body["err"]["errCode"].as_str().unwrap().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn entity(response: &TestResponse) -> Value {
    let body: Value = response.json();
    assert_eq!((response.status, &body["success"]), (200, &json!(true)), "{body}");
    body["entity"].clone()
}

fn rows(response: &TestResponse) -> Vec<Value> {
    let body: Value = response.json();
    assert_eq!((response.status, &body["success"]), (200, &json!(true)), "{body}");
    let rows = body["entities"].as_array().unwrap().clone();
    assert_eq!(body["rows"], rows.len());
    rows
}

/// Creates a document, a millisecond after the one before.
fn make(host: &TestHost, entity_name: &str, document: &Value) -> Value {
    host.advance(Duration::from_millis(1));
    entity(&send(host, "POST", &format!("/sample_app/{entity_name}"), document))
}

fn search(host: &TestHost, entity: &str, search: &Value) -> TestResponse {
    send(host, "POST", &format!("/sample_app/{entity}/find/query"), search)
}

/// The values of `n` of what is found.
fn found(host: &TestHost, asked: &Value) -> Vec<i64> {
    rows(&search(host, "thing", asked)).iter().map(|row| row["n"].as_i64().unwrap()).collect()
}
