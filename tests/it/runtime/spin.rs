use wharf_guests::{INNOCENT, SPIN};

use super::{assert_fails, host};
use crate::{
    limits::{Row, assert_limit},
    support::{
        Service, TestHost,
        threads::{LANES, computed},
    },
};

/// Loops.
pub(crate) fn over_its_processor_time(row: &Row) {
    let host = host(&SPIN, &[("cpu", "200ms")]);
    let line = assert_fails(&host, "/s/spin/", row.status(), row.code());
    assert_limit(&line, "cpu", 200);
    host.stop();
}

#[test]
fn a_guest_that_loops_is_stopped_by_the_clock_on_the_wall() {
    let host = host(&SPIN, &[("cpu", "10s"), ("wall", "200ms")]);
    let line = assert_fails(&host, "/s/spin/", 504, "WH2303");
    assert_limit(&line, "wall", 200);
    host.stop();
}

#[test]
fn a_crowd_of_looping_guests_does_not_keep_others_from_being_served() {
    let spin = Service::of(&SPIN).limit("cpu", "1s");
    let mut host = TestHost::new().with(spin).with(Service::of(&INNOCENT)).start();
    let before = LANES.map(|name| computed(host.process(), name));
    let crowd: Vec<_> = (0..16).map(|_| host.get("/s/spin/").open()).collect();
    for _ in 0..20 {
        host.assert_serves_others();
    }
    for call in crowd {
        assert_eq!(call.finish().status, 504);
    }
    // They left where requests are served after their first ticks.
    let after = LANES.map(|name| computed(host.process(), name));
    let [requests, slow, last] = std::array::from_fn(|lane| after[lane] - before[lane]);
    assert!(slow + last > 4 * requests, "{requests} where requests are served, {slow} and {last} on the lanes");
    host.stop();
}

#[test]
fn a_caller_who_leaves_ends_the_guest() {
    let host = host(&SPIN, &[("cpu", "10s"), ("wall", "5m")]);
    let busy = host.get("/s/spin/").open();
    host.log().expect(1, "that the guest runs", |line| line.message() == "spinning");
    busy.leave();
    // It would hold the one permit for ten seconds, and a call waits one: so the next call runs only if it has ended.
    let next = host.get("/s/spin/").open();
    host.log().expect(2, "that the guest runs", |line| line.message() == "spinning");
    next.leave();
    host.stop();
}
