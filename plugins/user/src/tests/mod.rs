//! The service as the clients of 2015 and later ones use it, natively, on a host whose platform and clock the tests hold.

mod hostile;
mod lifecycle;
mod login;
mod register;
mod reset;
mod update;

use serde_json::{Value, json};
use wharf_sdk::testing::{TestHost, TestResponse};

use super::*;

/// When all this happens.
const NOW_MS: u64 = 1_440_750_000_000;

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

/// The app `diary`, subscribed, its callers anonymous.
fn host() -> TestHost {
    let host = TestHost::new(routes())
        .lifecycle(crate::lifecycle())
        .setting("error-status", 401)
        .setting("service-key", "user")
        .setting("reset-link", json!({"diary": "https://diary.example/#/reset/{token}"}))
        .setting("failed-logins", 3)
        .setting("failed-login-minutes", 15)
        .at(NOW_MS)
        .app("diary");
    host.subscribe().unwrap();
    host
}

fn send(host: &TestHost, method: &str, path: &str, body: &Value) -> TestResponse {
    let response = host.request(method, path).json(body).send();
    assert_eq!(response.header("content-type"), Some("application/json"), "{response:?}");
    response
}

fn form(host: &TestHost, method: &str, path: &str, body: &str) -> TestResponse {
    host.request(method, path).header("Content-Type", FORM).body(body).send()
}

/// Status and code of a refusal.
fn refused(response: &TestResponse) -> (u16, String) {
    let body: Value = response.json();
    assert_eq!((&body["success"], &body["err"]["name"]), (&json!(false), &json!("USER Error")), "{body}");
    (response.status, body["err"]["errCode"].as_str().unwrap().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn ada() -> Value {
    json!({"accountName": "ada", "password": "s3cret", "displayName": "Ada", "email": "ada@mail.example", "cellphone": "1"})
}

/// Registers Ada; returns her account id at the platform.
fn registered(host: &TestHost) -> String {
    assert_eq!(send(host, "POST", "/register", &ada()).status, 200);
    host.app_users("diary")[0].id.clone()
}

fn try_login(host: &TestHost, name: &str, password: &str) -> TestResponse {
    send(host, "POST", "/login", &json!({"accountName": name, "password": password}))
}

/// The same host, called by this user as the user service knows it.
fn as_user(host: &TestHost, id: &str) -> TestHost {
    known_by(host, id, "user")
}

fn known_by(host: &TestHost, id: &str, service: &str) -> TestHost {
    let mut caller = Caller::anonymous();
    caller.scheme = Scheme::OceanAuth;
    caller.app = Some(App { key: "diary".into(), id: None });
    let text = || id.to_owned();
    caller.user = Some(AppUser { id: text(), account: "x".into(), name: "x".into(), authenticated_by: service.into() });
    host.clone().caller(caller)
}
