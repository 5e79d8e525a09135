use wharf_guests::PANIC;

use super::{assert_fails, host};

#[test]
fn a_panics_text_is_in_the_log_and_not_in_the_answer() {
    let host = host(&PANIC, &[]);
    let line = assert_fails(&host, "/s/panic/", 502, "WH2302");
    let said = line.field("said");
    assert!(said.contains("panicked at ") && said.ends_with(": the cargo shifted in hold 7"), "{}", line.text());
    // Its own functions, and none of those that make a panic of it.
    assert!(line.field("at").starts_with("<panic::panic as "), "{}", line.text());
    let answer = host.get("/s/panic/").send();
    assert!(!answer.text().contains("cargo"), "{}", answer.text());
    assert_eq!(answer.json()["error"]["request_id"].as_str().map(str::len), Some(24));
    host.stop();
}
