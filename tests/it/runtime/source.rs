use wharf_guests::SOURCE;

use super::host;

#[test]
fn a_streamed_reply_ends_cleanly_within_its_limit_and_is_cut_above_it() {
    let host = host(&SOURCE, &[("body-out", "100KiB")]);
    for bytes in [0, 1, 100 << 10] {
        let answer = host.get(&format!("/s/source/{bytes}")).send();
        assert_eq!((answer.status, answer.complete, answer.body.len()), (200, true, bytes));
    }
    for bytes in [(100 << 10) + 1, 1 << 30] {
        host.get(&format!("/s/source/{bytes}")).open().breaks_off();
    }
    let line = host.log().find("the limit", |line| line.field("limit") == "body-out");
    assert_eq!(line.field("allowed"), (100 << 10).to_string());
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_returned_body_over_its_limit_is_an_error() {
    use crate::support::{Service, TestHost};
    let innocent = Service::of(&wharf_guests::INNOCENT).limit("body-out", "4B");
    let host = TestHost::new().with(innocent).start();
    host.get("/s/innocent/").send().assert(502, "WH2308");
    super::assert_limit(&host.log().code("WH2308"), "body-out", 4);
    host.stop();
}
