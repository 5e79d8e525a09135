use wharf_guests::GROW;

use super::{assert_fails, host};
use crate::limits::{Row, assert_limit};

/// Allocates without end.
pub(crate) fn over_its_memory(row: &Row) {
    let mut host = host(&GROW, &[("memory", "16MiB")]);
    let line = assert_fails(&host, "/s/grow/", row.status(), row.code());
    assert_limit(&line, "memory", 16 << 20);

    // Memory is given back: many calls take no more than a few did.
    let peak = host.process().peak_memory();
    for _ in 0..20 {
        row.assert(&host.get("/s/grow/").send());
    }
    let grown = host.process().peak_memory() - peak;
    assert!(grown < 64 << 20, "20 calls of at most 16 MiB left {grown} bytes");
    host.stop();
}

#[test]
fn a_call_that_lives_through_one_limit_ends_by_the_one_that_ends_it() {
    let host = host(&GROW, &[("memory", "16MiB"), ("cpu", "200ms")]);
    let line = assert_fails(&host, "/s/grow/refused", 504, "WH2304");
    assert_limit(&line, "cpu", 200);
    let line = assert_fails(&host, "/s/grow/refused/giant", 502, "WH2306");
    assert_limit(&line, "host-call-bytes", 2 << 20);
    host.stop();
}
