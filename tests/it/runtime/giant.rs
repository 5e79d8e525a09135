use wharf_guests::GIANT;

use super::host;
use crate::limits::{Row, assert_limit};

/// Giant arguments are refused before they are copied.
pub(crate) fn over_its_arguments(row: &Row) {
    let mut host = host(&GIANT, &[]);
    for target in ["line", "field", "name"] {
        row.assert(&host.get(&format!("/s/giant/{target}")).send());
        host.assert_serves_others();
    }
    assert_limit(&host.log().code(row.code()), "host-calls", 2 << 20);
    let peak = host.process().peak_memory();
    for _ in 0..10 {
        row.assert(&host.get("/s/giant/line").send());
    }
    let grown = host.process().peak_memory() - peak;
    assert!(grown < 64 << 20, "10 calls left {grown} bytes");
    assert!(host.stop().text().len() < 100_000, "the arguments are in the log");
}
