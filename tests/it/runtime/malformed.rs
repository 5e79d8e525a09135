use wharf_guests::MALFORMED;

use super::{assert_fails, host};
use crate::limits::Row;

#[test]
fn what_is_not_http_does_not_leave_the_host() {
    let host = host(&MALFORMED, &[]);
    for (target, why) in [("status", "99"), ("name", "header name"), ("value", "x-value")] {
        host.get(&format!("/s/malformed/{target}")).send().assert(502, "WH2307");
        let line = host.log().find(why, |line| line.field("code") == "WH2307" && line.text().contains(why));
        assert!(!line.text().contains('\n'), "{}", line.text());
    }
    host.assert_serves_others();
    host.stop();
}

pub(crate) fn over_its_headers(row: &Row) {
    let [most] = row.numbers::<1>();
    let host = host(&MALFORMED, &[]);
    let line = assert_fails(&host, "/s/malformed/many", row.status(), row.code());
    assert!(line.text().contains(&format!("may have {most} headers, and this one has 30000")), "{}", line.text());
    host.stop();
}

#[test]
fn an_interim_status_cannot_be_started() {
    let host = host(&MALFORMED, &[]);
    host.get("/s/malformed/twice").send().assert(502, "WH2301");
    assert!(host.log().code("WH2301").text().contains("reply.invalid"));
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_reply_that_is_never_finished_is_no_clean_end() {
    let host = host(&MALFORMED, &[]);
    // Whether its head still left is a matter of chance.
    host.get("/s/malformed/nothing").open().breaks_off();
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_failures_text_is_for_the_log_alone() {
    let host = host(&MALFORMED, &[]);
    let answer = host.get("/s/malformed/failure").send();
    answer.assert(502, "WH2301");
    assert!(!answer.text().contains("operator"), "{}", answer.text());
    let line = host.log().code("WH2301").text();
    assert!(line.contains("hold.flooded") && line.contains("a text for the operator only"), "{line}");
    host.stop();
}
