//! A console is where its host name is, and nowhere else.

use super::{CODE, HOST, OTHER_HOST, assert_page, get, open, unstarted};
use crate::support::Platform;

#[test]
fn routes_of_the_console_are_there_and_nowhere_else() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookie = open(&host, CODE);
    for (name, target) in [("desk.localhost", "/"), ("desk.localhost", "/items/7"), ("other.localhost", "/s/desk/")] {
        let answer = host.get(target).at(name).header("cookie", &cookie).send();
        answer.assert(404, "WH2102");
    }
    host.get("/s/desk/").header("cookie", &cookie).send().assert(404, "WH2102");
    host.get("/").at("other.localhost").header("cookie", &cookie).send().assert(404, "WH2101");
    // Nor do routes of the service's own say that they are there for another method.
    host.post("/s/desk/change").header("cookie", &cookie).send().assert(404, "WH2102");
    host.get("/s/desk/change").send().assert(404, "WH2102");
    // And none of the API is in the console, with a path that leads into another service least of all.
    for target in ["/api", "/s/desk/api", "/s/reception/api"] {
        assert_page(&get(&host, target, &cookie).send(), 404, "WH2102");
    }
    assert_eq!(host.get("/s/desk/api").send().status, 200);
    assert_eq!(host.get("/api").at("desk.localhost").send().status, 200);
    let log = host.stop();
    assert_eq!(log.count("desk runs"), 2);
}

#[test]
fn a_cookie_opens_one_service() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookie = open(&host, CODE);
    let (_, token) = cookie.split_once('=').expect("a cookie has a value");
    for cookie in [&cookie, &format!("wharf-reception={token}"), &format!("__Host-wharf-reception={token}")] {
        assert_page(&host.get("/").at(OTHER_HOST).header("cookie", cookie).send(), 403, "WH2006");
    }
    assert_eq!(get(&host, "/", &cookie).send().status, 200);
    host.stop();
}

#[test]
fn the_name_is_read_in_any_case_and_with_any_port() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookie = open(&host, CODE);
    for name in [HOST.to_uppercase(), format!("{HOST}:1")] {
        let target = format!("http://{name}/");
        assert_eq!(host.get(&target).header("cookie", &cookie).send().status, 200, "{name}");
    }
    host.stop();
}
