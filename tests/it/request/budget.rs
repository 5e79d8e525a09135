//! What one caller may send: the app, each user of it, and each address have a budget of their own.

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
    let header = |whose: &[&'static str]| {
        let run = host.wharf([&["ocean-auth", "mint", "--key-file", "budgeted.key", "--app"], whose].concat());
        run.ok().trim().to_owned()
    };
    let ask = |header: &str| host.get("/s/budgeted/").header("Ocean-Auth", header).send();
    // However slow this machine is: one a second is less than it asks.
    let exhaust = |header: &str| {
        until("the budget is used up", || {
            let answer = ask(header);
            (answer.status != 200).then_some(answer)
        })
    };
    let (busy, quiet) = (header(&["busy"]), header(&["quiet"]));
    let refused = exhaust(&busy);
    row.assert(&refused);
    let line = host.log().find("whose budget", |line| line.field("limit") == "caller-rate");
    assert_limit(&line, "caller-rate", 2);
    let seconds: u64 = refused.header("retry-after").and_then(|after| after.parse().ok()).expect("seconds to wait");
    assert!((1..=2).contains(&seconds), "{seconds}");
    assert_eq!(ask(&quiet).status, 200, "another app has a budget of its own");
    let user = |id: &'static str| header(&["busy", "--user-id", id, "--auth-service", "user"]);
    let (ada, bob) = (user("41"), user("42"));
    row.assert(&exhaust(&ada));
    assert_eq!(ask(&bob).status, 200, "another user of the same app has a budget of its own");
    host.assert_serves_others();
    host.stop();
}
