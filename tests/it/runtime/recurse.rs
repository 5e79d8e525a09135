use wharf_guests::RECURSE;

use super::{assert_fails, host};
use crate::limits::Row;

/// Calls itself without end, and uses up nothing but the native frames of it.
pub(crate) fn over_its_stack(row: &Row) {
    let host = host(&RECURSE, &[]);
    let line = assert_fails(&host, "/s/recurse/frames", row.status(), row.code());
    assert!(line.field("failure").contains("call stack exhausted"), "{}", line.text());
    host.stop();
}

#[test]
fn a_guest_that_recurses_without_end_traps() {
    let host = host(&RECURSE, &[]);
    let line = assert_fails(&host, "/s/recurse/", 502, "WH2302");
    let failure = line.field("failure");
    assert!(failure.contains("call stack exhausted") || failure.contains("out of bounds"), "{}", line.text());
    host.stop();
}
