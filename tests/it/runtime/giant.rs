use wharf_guests::GIANT;

use super::{assert_fails, host};
use crate::limits::{Row, assert_limit};

/// Giant arguments are refused before they are copied, and so is what is returned.
pub(crate) fn over_its_arguments(row: &Row) {
    let [most] = row.numbers();
    over_what_may_be_returned(row, most);
    let mut host = host(&GIANT, &[]);
    for target in ["line", "field", "name"] {
        row.assert(&host.get(&format!("/s/giant/{target}")).send());
        host.assert_serves_others();
    }
    assert_limit(&host.log().code(row.code()), "host-call-bytes", most as u64);
    let peak = host.process().peak_memory();
    for _ in 0..10 {
        row.assert(&host.get("/s/giant/line").send());
    }
    let grown = host.process().peak_memory() - peak;
    assert!(grown < 64 << 20, "10 calls left {grown} bytes");
    assert!(host.stop().text().len() < 100_000, "the arguments are in the log");
}

/// However large a body may be: one that is larger than this is to be streamed.
fn over_what_may_be_returned(row: &Row, most: usize) {
    let host = host(&GIANT, &[("body-out", "64MiB")]);
    // Its head counts too.
    let fits = most - 1_024;
    assert_eq!(host.get(&format!("/s/giant/returned/{fits}")).send().body.len(), fits);
    let line = assert_fails(&host, &format!("/s/giant/returned/{}", most + 1), row.status(), row.code());
    assert_limit(&line, "host-call-bytes", most as u64);
    host.stop();
}
