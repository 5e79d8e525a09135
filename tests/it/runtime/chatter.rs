use wharf_guests::CHATTER;

use super::{assert_fails, assert_limit, host};

#[test]
fn a_guest_that_calls_the_host_without_end_runs_into_its_limit() {
    let host = host(&CHATTER, &[("host-calls", "1000")]);
    let line = assert_fails(&host, "/s/chatter/", 502, "WH2306");
    assert_limit(&line, "host-calls", 1_000);
    host.stop();
}
