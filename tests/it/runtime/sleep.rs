use wharf_guests::{INNOCENT, SLEEP};

use super::{assert_fails, host};
use crate::{
    limits::{Row, assert_limit},
    support::{Service, TestHost, install_with},
};

/// Sleeps past its deadline: its service's, or its route's where that comes first.
pub(crate) fn over_its_time(row: &Row) {
    let host = host(&SLEEP, &[("wall", "200ms")]);
    let line = assert_fails(&host, "/s/sleep/", row.status(), row.code());
    assert_limit(&line, "wall", 200);
    host.stop();

    let host = TestHost::new().with(Service::of(&SLEEP).not_installed()).with(Service::of(&INNOCENT)).start();
    let shorter = |manifest: String| manifest.replace("auth = \"none\"", "auth = \"none\"\ntimeout = \"150ms\"");
    install_with(host.path(), &SLEEP, shorter).ok();
    let line = assert_fails(&host, "/s/sleep/", row.status(), row.code());
    assert_limit(&line, "wall", 150);
    host.stop();
}
