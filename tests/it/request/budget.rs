use wharf_guests::{IDENTITY, INNOCENT};

use crate::{
    limits::{Row, assert_limit},
    support::{Service, TestHost, wait::until},
};

/// Who is over its budget is told when to come back, and others are served.
pub(crate) fn over_its_budget(row: &Row) {
    let budgeted = Service::of(&IDENTITY).named("budgeted").security_key("a key of the budgeted service's own");
    let host = TestHost::new().section("[runtime]\ncaller-rate = 1\ncaller-burst = 2").with(budgeted);
    let host = host.with(Service::of(&INNOCENT)).start();
    let header = |app| {
        let run = host.wharf(["ocean-auth", "mint", "--key-file", "budgeted.key", "--app", app]);
        run.ok().trim().to_owned()
    };
    let (busy, quiet) = (header("busy"), header("quiet"));
    // However slow this machine is: one a second is less than it asks.
    let refused = until("the budget is used up", || {
        let answer = host.get("/s/budgeted/").header("Ocean-Auth", &busy).send();
        (answer.status != 200).then_some(answer)
    });
    row.assert(&refused);
    let line = host.log().find("whose budget", |line| line.field("limit") == "caller-rate");
    assert_limit(&line, "caller-rate", 2);
    let seconds: u64 = refused.header("retry-after").and_then(|after| after.parse().ok()).expect("seconds to wait");
    assert!((1..=2).contains(&seconds), "{seconds}");
    assert_eq!(host.get("/s/budgeted/").header("Ocean-Auth", &quiet).send().status, 200, "another app has a budget of its own");
    host.assert_serves_others();
    host.stop();
}
