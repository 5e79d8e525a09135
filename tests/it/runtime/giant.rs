use wharf_guests::GIANT;

use super::{assert_limit, host};

#[test]
fn giant_arguments_are_refused_before_they_are_copied() {
    let mut host = host(&GIANT, &[]);
    for target in ["line", "field", "name"] {
        host.get(&format!("/s/giant/{target}")).send().assert(502, "WH2306");
        host.assert_serves_others();
    }
    assert_limit(&host.log().code("WH2306"), "host-calls", 2 << 20);
    let peak = host.process().peak_memory();
    for _ in 0..10 {
        host.get("/s/giant/line").send().assert(502, "WH2306");
    }
    let grown = host.process().peak_memory() - peak;
    assert!(grown < 64 << 20, "10 calls left {grown} bytes");
    assert!(host.stop().text().len() < 100_000, "the arguments are in the log");
}
