use serde_json::json;
use wharf::message::{Deliver as _, Kind};
use wharf_guests::UNRULY;

use super::Host;
use crate::{limits::Row, support::wait::until};

/// Of which each call finds the one permit, if the last one gave it back.
fn host(limits: &str) -> Host {
    let tables =
        format!("reuse = 1000\n[services.unruly.limits]\nconcurrency = 1\n{limits}\n[services.unruly.kv]\nshared = [\"kept\"]\n");
    Host::new(&UNRULY, &tables)
}

#[test]
fn each_failure_has_its_reason_and_nothing_of_it_is_left() {
    // A thousand changes may take a slow machine longer than a loop is worth waiting for.
    let (host, hasty) = (host(""), host("cpu = \"100ms\""));
    for (host, app, begins, says) in [
        (&host, "panic", "the plugin crashed and said last: ", "at message m1"),
        (&host, "trap", "the plugin crashed", "unreachable"),
        (&hasty, "spin", "the plugin ran into its limit `cpu`: asked for ", "allowed are 100"),
        (&host, "grow", "the plugin ran into its limit `memory`: asked for ", "allowed are 67108864"),
        (&host, "hoard", "the plugin returned the error `kv.too-large`: ", "would be 1025 changes"),
    ] {
        for attempt in 1..3 {
            let (reason, _) = host.fails(host.message(Kind::Subscribe, "m1", app, attempt));
            assert!(reason.starts_with(begins) && reason.contains(says), "{app}: {reason}");
            assert!(reason.len() < 4_096 && !reason.contains('\n'), "{app}: {reason}");
            assert_eq!(host.get("/"), json!([]), "{app}");
        }
    }
    for host in [host, hasty] {
        host.handle(host.message(Kind::Subscribe, "m1", "calm", 3));
        assert_eq!(host.get("/"), json!(["m1"]));
    }
}

#[test]
fn a_delivery_has_the_plugins_time_and_no_more() {
    let host = host("wall = \"100ms\"");
    let (reason, retry_after_ms) = host.fails(host.message(Kind::Subscribe, "m1", "spin", 1));
    assert_eq!((reason.as_str(), retry_after_ms), ("the plugin did not finish within 100 ms", None));
    assert_eq!(host.get("/"), json!([]));
}

#[test]
fn a_delivery_that_is_given_up_ends_the_plugin() {
    let host = host("cpu = \"10s\"\nwall = \"5m\"");
    let task = host.runtime.spawn({
        let (app, message) = (host.app.clone(), host.message(Kind::Subscribe, "m1", "spin", 1));
        async move { app.deliver(message).await }
    });
    let installed = host.installed();
    until("the plugin runs", || (installed.permits.available() == 0).then_some(()));
    task.abort();
    until("the plugin has ended", || (installed.permits.available() == 1).then_some(()));
    assert_eq!(host.get("/"), json!([]));
}

pub(crate) fn over_its_changes(row: &Row) {
    let [changes, bytes] = row.numbers();
    let host = host("");
    let (reason, _) = host.fails(host.message(Kind::Subscribe, "m1", "hoard", 1));
    assert!(reason.starts_with(&format!("the plugin returned the error `{}`: ", row.error())), "{reason}");
    let (asked, value) = (changes + 1, 1 << 20);
    let says = [format!("would be {asked} changes"), format!("may be {changes} of {} bytes", bytes + value)];
    assert!(says.iter().all(|says| reason.contains(says)), "{reason}");
    assert_eq!(host.get("/"), json!([]));
}
