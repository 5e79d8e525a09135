//! What every answer has in common, whatever was asked: a browser's page of any origin can read it, and a 2015 client takes it
//! for an answer.

use serde_json::json;

use super::{Embedded, assert_readable, host, refused};
use crate::{
    limits::Row,
    support::{Answer, Running, Service, TestHost, http::Connection},
};

/// Requests that go wrong, each in another way, and their codes.
fn refusals(host: &Running) -> Vec<(Answer, u16, &'static str)> {
    let platform = Embedded(host);
    let post =
        |path: &str, kind: &str, body: &str| platform.call("POST", path, "").header("content-type", kind).body(body).send();
    vec![
        (platform.get("/public/ocean_context/none", "null"), 404, "common.appKeyNotExists"),
        (platform.get("/nothing", ""), 404, "common.404"),
        (platform.get("/public", ""), 404, "common.404"),
        (platform.get("/public/ocean_context/", ""), 404, "common.404"),
        (platform.get("/public/ocean_context/a/b", ""), 404, "common.404"),
        (platform.get("/", ""), 404, "common.404"),
        (platform.call("DELETE", "/public/services", "").send(), 404, "common.404"),
        (platform.call("PATCH", "/developer/me", "").send(), 404, "common.404"),
        (host.get("/v1/ocean/other").send(), 404, "common.404"),
        (platform.get("/service/messages", ""), 401, "accessToken.NotEmpty"),
        (platform.get("/service/messages", "null"), 401, "accessToken.NotExist"),
        (post("/public/login", "application/json", "{"), 400, "wharf.badRequest"),
        (post("/public/login", "application/json", "{}"), 401, "passport.loginFailed"),
    ]
}

#[test]
fn every_refusal_is_an_envelope_with_a_fitting_status() {
    let host = host().start();
    for (answer, status, code) in refusals(&host) {
        refused(&answer, status, code);
    }
    host.stop();
}

#[test]
fn clients_of_2015_are_answered_200_where_the_operator_says_so() {
    let host = host().section("error-status = 200").start();
    for (answer, _, code) in refusals(&host) {
        refused(&answer, 200, code);
    }
    host.stop();
}

#[test]
fn a_preflight_is_answered_whatever_it_asks_for() {
    let host = host().start();
    for path in ["/v1.0/public/ocean_context/sample_app", "/v1.0/nothing", "/v1/ocean/x"] {
        let asked = host
            .request("OPTIONS", path)
            .header("origin", "null")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "accesstoken");
        for answer in [asked.send(), host.request("OPTIONS", path).send()] {
            assert!((200..300).contains(&answer.status), "{}", answer.text());
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
            assert!(answer.header("access-control-allow-headers").unwrap_or_default().contains("AccessToken"));
            assert!(answer.header("access-control-allow-methods").unwrap_or_default().contains("DELETE"));
        }
    }
    host.stop();
}

#[test]
fn without_an_embedded_platform_its_paths_are_nobodys() {
    let remote = "[platform]\nmode = \"remote\"\napi-base = \"http://127.0.0.1:9\"";
    for host in [TestHost::new(), TestHost::new().section(remote)] {
        let host = host.with(Service::of(&wharf_guests::INNOCENT)).start();
        host.get("/v1.0/public/services").send().assert(404, "WH2101");
        host.assert_serves_others();
        host.wharf(["platform", "app", "list"]).refused("WH1451", "platform");
        host.stop();
    }
}

#[test]
fn a_service_keeps_the_paths_of_its_own_host_name() {
    let service = Service::of(&wharf_guests::INNOCENT).set("hosts", "[\"own.example.com\"]");
    let host = super::host_with(service).start();
    let ask = |name: &str| {
        let text = format!("GET /v1.0/public/services HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n");
        let mut connection = Connection::to(host.address);
        connection.write(text.as_bytes());
        connection.finish()
    };
    ask("own.example.com").assert(404, "WH2102");
    assert_eq!(super::entities(&ask("other.example.com")).len(), 0, "a service without a securityKey is none of the platform's");
    host.stop();
}

#[test]
fn who_asks_too_often_is_told_so_in_the_same_shape() {
    let host = host().section("[runtime]\ncaller-rate = 1\ncaller-burst = 3").start();
    let platform = Embedded(&host);
    let answers: Vec<_> = (0..10).map(|_| platform.get("/public/services", "")).collect();
    assert!(answers.iter().any(|answer| answer.status == 200));
    let too_many = answers.iter().find(|answer| answer.status != 200).expect("ten at once are too many");
    refused(too_many, 429, "wharf.tooManyRequests");
    answers.iter().for_each(assert_readable);
    host.stop();
}

pub(crate) fn over_its_body(row: &Row) {
    let host = host().start();
    let platform = Embedded(&host);
    let login = || platform.call("POST", "/public/login", "");
    let [most] = row.numbers();
    let body = |length: usize| [b"{}".as_slice(), &vec![b' '; length - 2]].concat();
    for answer in [login().body(body(most + 1)).send(), login().chunked(body(most + 1)).send()] {
        assert_readable(&answer);
        row.assert_refused(&answer);
    }
    refused(&login().body(body(most)).send(), 401, "passport.loginFailed");
    host.stop();
}

/// Only the transport within the process names a service without a token.
#[test]
fn no_header_makes_a_caller_a_service() {
    let host = host().start();
    let platform = Embedded(&host);
    for name in ["ServiceIdentity", "x-wharf-service", "x-service-identity", "forwarded"] {
        let answer = platform.call("GET", "/service/messages", "").header(name, "user").send();
        refused(&answer, 401, "accessToken.NotEmpty");
    }
    let answer = platform.send("GET", "/service/messages", "", &json!({"service": "user"}));
    refused(&answer, 401, "accessToken.NotEmpty");
    host.stop();
}
