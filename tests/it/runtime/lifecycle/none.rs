//! Nobody is told: there is no plugin, no permit, or no export.

use std::time::Duration;

use wharf::message::{DeliverError, Kind};
use wharf_guests::{INNOCENT, JOURNAL};

use super::Host;

const STORES: &str =
    "[services.journal.limits]\nconcurrency = 1\n[services.journal.kv]\nshared = [\"journal\"]\nstores = [\"own\"]\n";

#[test]
fn a_message_waits_for_its_plugin() {
    let host = Host::without_plugin(&JOURNAL, STORES);
    let message = host.message(Kind::Subscribe, "m1", "one", 1);
    assert_eq!(host.deliver(message.clone()).expect_err("there is no plugin"), DeliverError::NotReady);
    host.install();
    host.handle(message.clone());
    // Nor is a service that the configuration does not have any more a mistake of the message.
    let elsewhere = wharf::message::Delivery { service: "elsewhere".to_owned(), ..message };
    assert_eq!(host.deliver(elsewhere).expect_err("there is no service"), DeliverError::NotReady);
}

#[test]
fn a_message_waits_for_a_permit() {
    let host = Host::new(&JOURNAL, &format!("{STORES}[runtime]\nwait = \"1ms\"\n"));
    let installed = host.installed();
    let take = installed.permits.acquire(1, Duration::ZERO);
    let taken = host.runtime.block_on(take).expect("it is free");
    let message = host.message(Kind::Subscribe, "m1", "one", 1);
    assert_eq!(host.deliver(message.clone()).expect_err("the permit is taken"), DeliverError::Busy);
    drop(taken);
    host.handle(message);
}

#[test]
fn a_plugin_that_has_no_lifecycle_is_not_disturbed() {
    let host = Host::new(&INNOCENT, "[services.innocent.limits]\nconcurrency = 1\n");
    let installed = host.installed();
    let take = installed.permits.acquire(1, Duration::ZERO);
    let _taken = host.runtime.block_on(take).expect("it is free");
    let delivered = host.deliver(host.message(Kind::Purge, "m1", "one", 1)).expect("nobody is to be told");
    assert!(delivered.effects.effects.is_empty());
}
