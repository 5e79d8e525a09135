use wharf_guests::SLEEP;

use super::{assert_fails, host};

#[test]
fn a_guest_that_sleeps_past_its_deadline_is_stopped() {
    let host = host(&SLEEP, &[("wall", "200ms")]);
    let line = assert_fails(&host, "/s/sleep/", 504, "WH2303");
    assert_eq!((line.field("limit"), line.field("allowed")), ("wall".to_owned(), "200".to_owned()));
    host.stop();
}
