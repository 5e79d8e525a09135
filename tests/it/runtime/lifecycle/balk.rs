use serde_json::json;
use wharf::message::Kind;
use wharf_guests::BALK;

use super::Host;

#[test]
fn nothing_of_a_failed_attempt_is_kept_and_its_wish_is_passed_on() {
    let tables = "[services.balk.config]\nfailures = 2\n[services.balk.kv]\nstores = [\"own\"]\nshared = [\"attempts\"]\n";
    let host = Host::new(&BALK, tables);
    for attempt in [1, 2] {
        let (reason, retry_after_ms) = host.fails(host.message(Kind::Subscribe, "m1", "one", attempt));
        let said = format!("the plugin returned the error `balk.not-yet`: attempt {attempt} is not good enough");
        assert_eq!((reason, retry_after_ms), (said, Some(20)));
    }
    assert_eq!(host.get("/"), json!([]));
    host.handle(host.message(Kind::Subscribe, "m1", "one", 3));
    assert_eq!(host.get("/"), json!(["m1/3"]));
}
