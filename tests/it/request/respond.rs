//! Pages of plugins: on the origin that services share each is put into a sandbox, so that none of them can act for another.

use wharf_guests::{INNOCENT, PAGE};

use crate::support::{Answer, Request, Running, Service, TestHost};

const SANDBOX: &str = "sandbox allow-scripts allow-forms allow-popups";

/// The guest both below `/s/` and at a host name of its own.
fn host() -> Running {
    let page = Service::of(&PAGE).set("hosts", "[\"page.localhost\"]");
    TestHost::new().with(page).with(Service::of(&INNOCENT)).start()
}

/// What it answers when it is asked for these content types.
#[track_caller]
fn typed(request: Request, types: &[&str]) -> Answer {
    let answer = types.iter().fold(request, |request, one| request.header("x-type", one)).send();
    let sent: Vec<&str> = values(&answer, "content-type");
    assert_eq!((answer.status, sent.as_slice()), (200, types), "{}", answer.text());
    assert_eq!(values(&answer, "x-content-type-options"), ["nosniff"], "{types:?}");
    answer
}

fn values<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    answer.headers.iter().filter(|(one, _)| one == name).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn what_may_run_scripts_on_a_shared_origin_is_in_a_sandbox() {
    let host = host();
    for types in [
        &["text/html; charset=utf-8"][..],
        &["TEXT/HTML"],
        &["image/svg+xml"],
        &["application/xhtml+xml"],
        &["text/xml"],
        &["application/pdf"],
        &["text/javascript"],
        &["anything/else"],
        &["text"],
        &[""],
        &[],
        // Of several types browsers take the last one.
        &["application/json", "text/html"],
        &["text/html", "application/json"],
        &["application/json, text/html"],
        &["application/json; charset=utf-8, text/html"],
    ] {
        let answer = typed(host.get("/s/page/"), types);
        assert_eq!(values(&answer, "content-security-policy"), [SANDBOX], "{types:?}");
    }
    // A service's own host name has nothing of anybody else.
    for kind in ["text/html; charset=utf-8", "image/svg+xml"] {
        let answer = typed(host.get("/").at("page.localhost"), &[kind]);
        assert_eq!(values(&answer, "content-security-policy"), Vec::<&str>::new(), "{kind}");
    }
    host.assert_serves_others();
    host.stop();
}

#[test]
fn what_runs_no_scripts_is_left_as_it_is() {
    let host = host();
    for kind in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "text/plain",
        "application/octet-stream",
        "text/css",
        "image/png",
        "image/jpeg",
        "image/webp",
        "text/event-stream",
    ] {
        let answer = typed(host.get("/s/page/"), &[kind]);
        assert_eq!(values(&answer, "content-security-policy"), Vec::<&str>::new(), "{kind}");
    }
    host.stop();
}

#[test]
fn a_policy_of_the_plugins_own_holds_beside_it_and_does_not_lift_it() {
    let host = host();
    for own in ["default-src 'none'", "sandbox allow-scripts allow-same-origin"] {
        let page = |request: Request| typed(request.header("x-policy", own), &["text/html"]);
        // HTML takes the last sandbox.
        assert_eq!(values(&page(host.get("/s/page/")), "content-security-policy"), [own, SANDBOX]);
        assert_eq!(values(&page(host.get("/").at("page.localhost")), "content-security-policy"), [own]);
    }
    host.stop();
}

/// A browser puts the headers of a 304 in the place of those of the page it has, and leaves its type as it was.
#[test]
fn what_adds_to_a_page_is_in_a_sandbox_whatever_its_type_is() {
    let host = host();
    for status in ["304", "206"] {
        let add =
            |request: Request| request.header("x-status", status).header("x-type", "text/plain").header("x-policy", "x").send();
        assert_eq!(values(&add(host.get("/s/page/")), "content-security-policy"), ["x", SANDBOX], "{status}");
        assert_eq!(values(&add(host.get("/").at("page.localhost")), "content-security-policy"), ["x"], "{status}");
    }
    host.stop();
}

#[test]
fn no_plugin_speaks_for_all_of_a_shared_origin() {
    let host = host();
    let names = ["clear-site-data", "nel", "report-to", "reporting-endpoints", "alt-svc", "accept-ch", "critical-ch"];
    let ask = |request: Request| names.iter().fold(request, |request, name| request.header(&format!("x-as-{name}"), "a")).send();
    let (shared, own) = (ask(host.get("/s/page/")), ask(host.get("/").at("page.localhost")));
    for name in names {
        assert_eq!((shared.header(name), own.header(name)), (None, Some("a")), "{name}");
    }
    host.stop();
}

/// A name below another's is no reason to reach it.
#[test]
fn a_plugin_sets_cookies_for_its_own_host_name_alone() {
    let host = host();
    for (cookie, own) in
        [("a=1; Path=/; HttpOnly", true), ("a=1; Domain=localhost", false), ("a=1; domain=page.localhost", false)]
    {
        let sent = host.get("/").at("page.localhost").header("x-as-set-cookie", cookie).send();
        assert_eq!(values(&sent, "set-cookie"), if own { vec![cookie] } else { vec![] });
        let shared = host.get("/s/page/").header("x-as-set-cookie", cookie).send();
        assert_eq!(values(&shared, "set-cookie"), Vec::<&str>::new(), "{cookie}");
    }
    host.stop();
}
