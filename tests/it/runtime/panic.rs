use wharf_guests::PANIC;

use super::{assert_fails, host};

#[test]
fn a_panics_text_is_in_the_log_and_not_in_the_answer() {
    let host = host(&PANIC, &[]);
    let line = assert_fails(&host, "/s/panic/", 502, "WH2302");
    assert!(line.text().contains("the cargo shifted in hold 7"), "{}", line.text());
    let answer = host.get("/s/panic/").send();
    assert!(!answer.text().contains("cargo"), "{}", answer.text());
    assert_eq!(answer.json()["error"]["request_id"].as_str().map(str::len), Some(24));
    host.stop();
}
