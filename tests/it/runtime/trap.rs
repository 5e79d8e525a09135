use wharf_guests::TRAP;

use super::{assert_fails, host};

#[test]
fn a_trap_is_an_error_of_the_guests() {
    let host = host(&TRAP, &[]);
    let line = assert_fails(&host, "/s/trap/", 502, "WH2302");
    let failure = line.field("failure");
    assert!(failure.contains("unreachable"), "{}", line.text());
    assert!(failure.contains("trap"), "the guest's own function is named: {}", line.text());
    host.stop();
}
