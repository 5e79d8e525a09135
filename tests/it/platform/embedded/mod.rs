//! The platform in this host, as its clients of 2015 meet it: every call with what it answers, every refusal with its code, and
//! that an answer is always JSON that a page of any origin may read.

mod app;
mod context;
pub(crate) mod developer;
mod document;
mod end;
mod fields;
mod forced;
mod in_process;
pub(crate) mod mail;
mod notices;
mod restart;
mod secrets;
mod service;
mod tokens;
pub(crate) mod wire;

use serde_json::{Value, json};
use wharf_guests::IDENTITY;

use crate::support::{Answer, Request, Running, Service, TestHost};

/// The keys of the services `user` and `crud`.
const USER_KEY: &str = "the securityKey of the service user";
const CRUD_KEY: &str = "the securityKey of the service crud";

/// A moment at which the clocks of these tests stand.
const NOW: u64 = 1_440_750_000_000;

/// A host with a platform in it and the services `user`, which may make app users, and `crud`. Both are the guest that says
/// who calls.
fn host() -> TestHost {
    let user = Service::of(&IDENTITY).named("user").security_key(USER_KEY).set("app-users", "true");
    host_with(user).with(Service::of(&IDENTITY).named("crud").security_key(CRUD_KEY))
}

/// The same with services that have no plugin yet: messages to them wait, so a test can play the service.
fn silent_host() -> TestHost {
    let user = Service::of(&IDENTITY).named("user").security_key(USER_KEY).set("app-users", "true").not_installed();
    host_with(user).with(Service::of(&IDENTITY).named("crud").security_key(CRUD_KEY).not_installed())
}

fn host_with(service: Service) -> TestHost {
    TestHost::new().section("[platform]\nmode = \"embedded\"").with(service)
}

/// The platform of a host.
pub(super) struct Embedded<'a>(pub(super) &'a Running);

impl Embedded<'_> {
    /// A call with a token, or without one.
    pub(super) fn call(&self, method: &str, path: &str, token: &str) -> Request {
        let request = self.0.request(method, &format!("/v1.0{path}"));
        if token.is_empty() { request } else { request.header("AccessToken", token) }
    }

    pub(super) fn get(&self, path: &str, token: &str) -> Answer {
        self.call("GET", path, token).send()
    }

    pub(super) fn post(&self, path: &str, token: &str) -> Answer {
        self.call("POST", path, token).send()
    }

    /// A call with a body, sent as JSON.
    pub(super) fn send(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let request = self.call(method, path, token).header("content-type", "application/json;charset=utf-8");
        request.body(body.to_string()).send()
    }

    /// The same, sent as the form of a 2015 client.
    pub(super) fn form(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        let kind = "application/x-www-form-urlencoded; charset=UTF-8";
        self.call(method, path, token).header("content-type", kind).body(body).send()
    }

    /// What an operator's command prints as JSON.
    #[track_caller]
    pub(super) fn wharf<'b>(&self, arguments: impl IntoIterator<Item = &'b str>) -> Value {
        let arguments: Vec<&str> = ["platform"].into_iter().chain(arguments).chain(["--format", "json"]).collect();
        self.0.wharf(arguments).json()
    }

    /// A registered app: its id and its token.
    #[track_caller]
    pub(super) fn app(&self, key: &str) -> (String, String) {
        let id = text(&self.wharf(["app", "create", key])["id"]);
        (id, text(&self.wharf(["app", "token", key])["token"]))
    }

    /// The token of a service.
    #[track_caller]
    pub(super) fn service_token(&self, key: &str) -> String {
        text(&self.wharf(["service", "token", key])["token"])
    }

    #[track_caller]
    pub(super) fn service_id(&self, key: &str) -> String {
        text(&self.wharf(["service", "show", key])["id"])
    }

    /// A subscription that holds, whatever the service makes of it.
    #[track_caller]
    pub(super) fn subscribed(&self, app: &str, service: &str) {
        assert_eq!(self.wharf(["subscription", "force", app, service])["state"], "subscribed");
    }

    /// An app user of `app`, made by the service `user`: its id.
    #[track_caller]
    pub(super) fn user(&self, app_id: &str, account: &str) -> String {
        let body = json!({"accountName": account, "displayName": "张三"});
        let answer = self.send("POST", &format!("/service/app/{app_id}/users"), &self.service_token("user"), &body);
        text(&entity(&answer)["_id"])
    }
}

/// A text of an answer, which must be there.
#[track_caller]
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Asserts that an answer is one that a page of any origin, and a client of 2015, can read.
#[track_caller]
fn assert_readable(answer: &Answer) {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let headers = answer.header("access-control-allow-headers").unwrap_or_default();
    assert!(["Content-Type", "Ocean-Auth", "AccessToken"].iter().all(|header| headers.contains(header)), "{headers}");
    let methods = answer.header("access-control-allow-methods").unwrap_or_default();
    assert!(["GET", "POST", "PUT", "DELETE", "OPTIONS"].iter().all(|method| methods.contains(method)), "{methods}");
}

/// The fields of an answer that says success: exactly these.
#[track_caller]
fn success(answer: &Answer, fields: &[&str]) -> Value {
    assert_readable(answer);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let keys: Vec<&String> = body.as_object().expect("an envelope is an object").keys().collect();
    assert_eq!(keys, fields, "{body}");
    assert_eq!(body["success"], true);
    body
}

/// The one record of an answer.
#[track_caller]
pub(super) fn entity(answer: &Answer) -> Value {
    success(answer, &["entity", "success"])["entity"].take()
}

/// The records of an answer.
#[track_caller]
pub(super) fn entities(answer: &Answer) -> Vec<Value> {
    let mut body = success(answer, &["entities", "rows", "success"]);
    let Value::Array(entities) = body["entities"].take() else { panic!("no list: {body}") };
    assert_eq!(body["rows"], entities.len());
    entities
}

/// Asserts an answer that has nothing to tell but success.
#[track_caller]
pub(super) fn done(answer: &Answer) {
    success(answer, &["success"]);
}

/// Asserts a refusal by its status and code.
#[track_caller]
pub(super) fn refused(answer: &Answer, status: u16, code: &str) {
    assert_readable(answer);
    let body = answer.json();
    assert_eq!((answer.status, &body["err"]["errCode"]), (status, &code.into()), "{body}");
    let keys: Vec<&String> = body.as_object().expect("an envelope is an object").keys().collect();
    assert_eq!(keys, ["err", "success"], "{body}");
    assert_eq!(body["success"], false);
    let keys: Vec<&String> = body["err"].as_object().expect("an error is an object").keys().collect();
    assert_eq!(keys, ["errCode", "errorMessage", "name"], "{body}");
    assert_eq!(body["err"]["name"], "Ocean Error");
    assert!(!text(&body["err"]["errorMessage"]).contains('<'), "{body}");
}

/// Who a service takes a caller with this header for.
#[track_caller]
pub(super) fn who(host: &Running, api: &str, header: &str) -> Value {
    let path = api.strip_prefix(&format!("http://{}", host.address)).expect("the service is on this host");
    let answer = host.get(&format!("{path}/")).header("Ocean-Auth", header).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}
