use wharf_guests::CANARY;

use super::host;

#[test]
fn no_instance_finds_what_another_left_in_memory() {
    let host = host(&CANARY, &[]);
    for _ in 0..10 {
        let leaving = host.get("/s/canary/leave").open();
        host.assert_serves_others();
        assert_eq!(leaving.finish().text(), "131072", "the guest cannot find its own marks");
        assert_eq!(host.get("/s/canary/look").send().text(), "0");
    }
    host.assert_serves_others();
    host.stop();
}
