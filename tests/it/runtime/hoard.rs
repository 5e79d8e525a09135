use wharf_guests::HOARD;

use super::{assert_fails, host};
use crate::limits::{Row, assert_limit};

/// Keeps every handle that WASI gives it.
pub(crate) fn over_its_handles(row: &Row) {
    let host = host(&HOARD, &[("handles", "100")]);
    let line = assert_fails(&host, "/s/hoard/", row.status(), row.code());
    assert_limit(&line, "handles", 100);
    host.stop();
}
