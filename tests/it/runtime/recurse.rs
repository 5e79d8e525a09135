use wharf_guests::RECURSE;

use super::{assert_fails, host};

#[test]
fn a_guest_that_recurses_without_end_traps() {
    let host = host(&RECURSE, &[]);
    let line = assert_fails(&host, "/s/recurse/", 502, "WH2302");
    let failure = line.field("failure");
    assert!(failure.contains("call stack exhausted") || failure.contains("out of bounds"), "{}", line.text());
    host.stop();
}
