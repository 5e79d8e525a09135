//! Consoles against the binary: how one is opened, by whom, and what may be done there.
//!
//! The guest `desk` has console routes that show the caller and all it was given, and one route that is none of a console's.

mod cookies;
mod cross_site;
mod headers;
mod open;
mod place;
pub(crate) mod refused;
pub(crate) mod session;
mod tls;

use crate::support::{
    Answer, Platform, Request, Running, Service, TestHost,
    platform::{APP_ID, TOKEN},
};

/// Of the acceptance scenario.
const CODE: &str = "0efc46c1584e5d51c58a0f3317491f09f9047c55";
const BY_CODE: &str = "GET /v1.0/service/app/by_auth_code/*";
const HOST: &str = "desk-console.localhost";
const NOW: u64 = 1_800_000_000_000;
/// Of the second service, `reception`.
const OTHER_TOKEN: &str = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1f";
const OTHER_HOST: &str = "reception-console.localhost";

/// Two services with a console, on a platform that knows them and [`CODE`].
fn unstarted(platform: &Platform) -> TestHost {
    configured(platform, "", |desk| desk)
}

/// The same, with more in the platform's table, and in that of the service `desk`.
fn configured(platform: &Platform, more: &str, desk: impl FnOnce(Service) -> Service) -> TestHost {
    platform.service(OTHER_TOKEN);
    platform.auth_code(CODE, APP_ID);
    let service = |key: &str, token: &str, host: &str| {
        let service = Service::of(&wharf_guests::DESK).named(key).access_token(token);
        service.set("console-host", &format!("{host:?}"))
    };
    let section = format!("{}{more}\n", platform.section());
    let host = TestHost::new().section(&section).operation().log("level", "\"trace\"").log("access", "true");
    let first = desk(service("desk", TOKEN, HOST).set("hosts", "[\"desk.localhost\"]"));
    host.with(first).with(service("reception", OTHER_TOKEN, OTHER_HOST))
}

/// The cookie that an answer sets, as a request sends it back.
fn cookie(answer: &Answer) -> Option<String> {
    let value = answer.header("set-cookie")?;
    value.split(';').next().map(str::to_owned)
}

/// Opens the console of the service `desk`.
#[track_caller]
fn open(host: &Running, code: &str) -> String {
    let answer = host.get(&format!("/?appAuthCode={code}")).at(HOST).send();
    assert_eq!(answer.status, 303, "{}\n{}", answer.text(), host.log().text());
    cookie(&answer).expect("a cookie is set")
}

fn get(host: &Running, target: &str, cookie: &str) -> Request {
    host.get(target).at(HOST).header("cookie", cookie)
}

/// Asserts that a person is told, by a page that is whole in itself, and that nothing else happened.
#[track_caller]
fn assert_page(answer: &Answer, status: u16, code: &str) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{text}");
    assert!(text.starts_with("<!doctype html>") && text.contains(&format!("{code} · request ")), "{text}");
    for foreign in ["http:", "https:", "src=", "<link", "<script", "url(", "@import"] {
        assert!(!text.contains(foreign), "{foreign} in {text}");
    }
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_private(answer);
}

/// What holds for every answer of a console.
#[track_caller]
fn assert_private(answer: &Answer) {
    let cors: Vec<_> = answer.headers.iter().filter(|(name, _)| name.starts_with("access-control-")).collect();
    assert!(cors.is_empty(), "{cors:?}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
    let policies: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "content-security-policy").collect();
    for directive in ["frame-ancestors 'none'", "base-uri 'none'", "form-action '"] {
        assert!(policies.iter().any(|(_, policy)| policy.contains(directive)), "{policies:?}");
    }
    assert!(answer.header("referrer-policy").is_some() && answer.header("cache-control").is_some());
}
