use wharf_guests::HOARD;

use super::{assert_fails, assert_limit, host};

#[test]
fn a_guest_that_keeps_every_handle_runs_out_of_them() {
    let host = host(&HOARD, &[("handles", "100")]);
    let line = assert_fails(&host, "/s/hoard/", 502, "WH2306");
    assert_limit(&line, "handles", 100);
    host.stop();
}
