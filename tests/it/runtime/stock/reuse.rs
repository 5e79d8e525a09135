//! Instances of stock components.

use wharf_guests::PROXY;

use super::{each, host};
use crate::support::Service;

#[test]
fn every_call_has_an_instance_of_its_own() {
    each(&[], |host, root| {
        for _ in 0..3 {
            assert_eq!(host.get(&format!("{root}/tally")).send().text(), "1");
        }
        host.log().expect(3, "what was printed", |line| line.message() == "call 1");
    });
}

#[test]
fn one_that_may_be_reused_is_replaced_after_its_calls_and_after_a_crash() {
    // With one permit, no call begins before the last one has given its instance back.
    let host = host(Service::of(&PROXY).set("reuse", "3").limit("concurrency", "1"));
    let count = || host.get("/s/proxy/tally").send().text();
    assert_eq!([count(), count(), count(), count()], ["1", "2", "3", "1"]);
    host.get("/s/proxy/panic").send().assert(502, "WH2302");
    assert_eq!(count(), "1");
    host.log().find("what was printed", |line| line.message() == "call 3");
    // A longer answer, of which the component still writes while it is read; it counts nothing.
    assert_eq!(host.get("/s/proxy/source/300000").send().body.len(), 300_000);
    assert_eq!(count(), "2");
    host.stop();
}

#[test]
fn one_that_still_holds_something_of_its_call_is_not() {
    let host = host(Service::of(&PROXY).set("reuse", "3"));
    let keep = || host.get("/s/proxy/keep").send().text();
    assert_eq!([keep(), keep()], ["1", "1"]);
    host.stop();
}
