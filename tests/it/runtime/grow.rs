use wharf_guests::GROW;

use super::{assert_fails, assert_limit, host};

#[test]
fn a_guest_that_allocates_without_end_runs_into_its_memory_limit() {
    let mut host = host(&GROW, &[("memory", "16MiB")]);
    let line = assert_fails(&host, "/s/grow/", 502, "WH2305");
    assert_limit(&line, "memory", 16 << 20);

    // Memory is given back: many calls take no more than a few did.
    let peak = host.process().peak_memory();
    for _ in 0..20 {
        host.get("/s/grow/").send().assert(502, "WH2305");
    }
    let grown = host.process().peak_memory() - peak;
    assert!(grown < 64 << 20, "20 calls of at most 16 MiB left {grown} bytes");
    host.stop();
}
