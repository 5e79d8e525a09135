use wharf_guests::{DRIP, INNOCENT};

use crate::{
    limits::{Row, assert_limit},
    support::{Service, TestHost},
};

/// Two services stream for ever, and there is room for two calls of all services together: a guest of Rust's tool chain takes
/// three core instances.
pub(crate) fn over_the_permits_of_all(row: &Row) {
    let host = TestHost::new().operation().section("[runtime]\nmax-calls = 6\nwait = \"50ms\"");
    let host = host.with(Service::of(&DRIP)).with(Service::of(&DRIP).named("other")).with(Service::of(&INNOCENT)).start();
    let running = ["/s/drip/", "/s/other/"].map(|target| {
        let mut call = host.get(target).open();
        call.read_until(b"drop\n");
        call
    });
    row.assert(&host.get("/s/innocent/").send());
    let line = host.log().find("which permits", |line| line.field("limit") == "max-calls");
    assert_limit(&line, "max-calls", 6);
    assert_eq!(line.field("of"), "host");
    assert_eq!(host.metric("wharf_limit_hits_total{service=\"innocent\",limit=\"max-calls\"}"), 1);
    for call in running {
        call.leave();
    }
    crate::support::wait::until("there is room again", || host.get("/s/innocent/").probe().filter(|status| *status == 200));
    host.stop();
}
