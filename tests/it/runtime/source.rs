use wharf_guests::SOURCE;

use super::host;
use crate::{
    limits::{Row, assert_limit},
    support::{Service, TestHost},
};

/// A reply that was not begun is an error; one that was is cut.
pub(crate) fn over_its_body(row: &Row) {
    let innocent = Service::of(&wharf_guests::INNOCENT).limit("body-out", "4B");
    let host = TestHost::new().with(innocent).start();
    row.assert(&host.get("/s/innocent/").send());
    assert_limit(&host.log().code(row.code()), "body-out", 4);
    host.stop();
    over_what_may_be_streamed();
}

fn over_what_may_be_streamed() {
    let host = host(&SOURCE, &[("body-out", "100KiB")]);
    for bytes in [0, 1, 100 << 10] {
        let answer = host.get(&format!("/s/source/{bytes}")).send();
        assert_eq!((answer.status, answer.complete, answer.body.len()), (200, true, bytes));
    }
    for bytes in [(100 << 10) + 1, 1 << 30] {
        host.get(&format!("/s/source/{bytes}")).open().breaks_off();
    }
    let line = host.log().find("the limit", |line| line.field("limit") == "body-out");
    assert_limit(&line, "body-out", 100 << 10);
    host.assert_serves_others();
    host.stop();
}
