use wharf_guests::TRAP;

use super::{assert_fails, host};

#[test]
fn a_trap_is_an_error_of_the_guests() {
    let host = host(&TRAP, &[]);
    let line = assert_fails(&host, "/s/trap/", 502, "WH2302");
    assert!(line.field("failure").contains("unreachable"), "{}", line.text());
    assert!(line.field("at").ends_with("wharf:service/handler@0.1.0#handle"), "{}", line.text());
    host.stop();
}
