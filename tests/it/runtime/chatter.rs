use wharf_guests::CHATTER;

use super::{assert_fails, host};
use crate::limits::{Row, assert_limit};

/// Calls the host without end.
pub(crate) fn over_its_host_calls(row: &Row) {
    let host = host(&CHATTER, &[("host-calls", "1000")]);
    let line = assert_fails(&host, "/s/chatter/", row.status(), row.code());
    assert_limit(&line, "host-calls", 1_000);
    host.stop();
}
