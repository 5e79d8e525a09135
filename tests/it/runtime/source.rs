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
    over_what_may_be_handed_on(row);
}

/// The guest is gone by then. What the caller announces is known beforehand, and so is the first of what he does not.
fn over_what_may_be_handed_on(row: &Row) {
    let sink = Service::of(&wharf_guests::SINK).limit("body-out", "1MiB");
    let host = TestHost::new().with(sink).with(Service::of(&wharf_guests::INNOCENT)).start();
    let back = |bytes: usize| (host.post("/s/sink/back"), vec![b'x'; bytes]);
    for bytes in [0, 1, 100 << 10, 1 << 20] {
        let ((one, body), (other, _)) = (back(bytes), back(bytes));
        for answer in [one.body(&body).send(), other.chunked(&body).send()] {
            assert_eq!((answer.status, answer.complete, answer.body.len()), (200, true, bytes));
        }
    }
    let (request, body) = back((1 << 20) + 1);
    row.assert(&request.body(&body).send());
    let (request, body) = back(3 << 20);
    request.chunked(&body).open().breaks_off();
    host.log().expect(2, "the limit", |line| line.field("limit") == "body-out");
    host.assert_serves_others();
    host.stop();
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
