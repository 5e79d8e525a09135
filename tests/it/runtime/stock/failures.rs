//! What a stock component does wrong is its own failure, told to the operator and not to the caller.

use wharf_guests::PROXY;

use super::{super::assert_fails, each, host};
use crate::support::Service;

#[test]
fn a_panic() {
    each(&[], |host, root| {
        let line = assert_fails(host, &format!("{root}/panic"), 502, "WH2302");
        assert!(line.text().contains("the stock shifted in hold 7"), "{}", line.text());
        assert!(!host.get(&format!("{root}/panic")).send().text().contains("hold 7"));
    });
}

#[test]
fn an_error_code() {
    each(&[], |host, root| {
        let line = assert_fails(host, &format!("{root}/failure"), 502, "WH2301");
        assert!(line.text().contains("a text for the operator only"), "{}", line.text());
        assert!(!host.get(&format!("{root}/failure")).send().text().contains("operator"));
    });
}

#[test]
fn a_status_that_is_none() {
    each(&[], |host, root| {
        for status in [100, 103] {
            host.get(&format!("{root}/status/{status}")).send().assert(502, "WH2307");
        }
        assert_eq!(host.get(&format!("{root}/status/404")).send().status, 404);
        assert!(host.log().code("WH2307").text().contains("not a final HTTP status"));
    });
}

#[test]
fn a_body_that_is_not_what_was_announced() {
    each(&[], |host, root| {
        let answer = host.get(&format!("{root}/length/12")).send();
        assert_eq!((answer.status, answer.text().as_str(), answer.complete), (200, "twelve bytes", true));
        for length in [0, 3, 11, 13, 1_000] {
            host.get(&format!("{root}/length/{length}")).open().breaks_off_or(502);
        }
    });
}

#[test]
fn a_body_that_is_left_unfinished() {
    // Where nothing tells that nobody will write on, the call's time does.
    each(&[("wall", "2s")], |host, root| {
        for unfinished in ["unfinished", "leak"] {
            host.get(&format!("{root}/{unfinished}")).open().breaks_off_or(502);
        }
        host.log().find("that the first one was", |line| line.field("failure").contains("is not valid: its body"));
    });
}

#[test]
fn no_response_at_all() {
    let host = host(Service::of(&PROXY));
    host.get("/s/proxy/nothing").send().assert(502, "WH2307");
    assert!(host.log().code("WH2307").text().contains("no response was set"));
    host.stop();
}

#[test]
fn a_crash_after_the_head() {
    each(&[], |host, root| {
        // Whether its head still left is a matter of chance.
        host.get(&format!("{root}/cut")).open().breaks_off_or(502);
        host.log().find("the panic's text", |line| line.text().contains("the line was cut"));
    });
}

#[test]
fn headers_that_are_not_its_own_do_not_leave() {
    each(&[], |host, root| {
        let answer = host.get(&format!("{root}/headers")).send();
        assert_eq!((answer.status, answer.header("x-mine")), (200, Some("1")));
        for name in ["x-wharf-caller-app", "te", "set-cookie"] {
            assert_eq!(answer.header(name), None);
        }
    });
}
