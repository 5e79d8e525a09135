//! A session's life: across restarts, to its time, to logging out.

use super::{APP_ID, CODE, HOST, NOW, assert_page, assert_private, configured, get, open, unstarted};
use crate::{
    limits::Row,
    support::{Platform, Running},
};

fn logout(host: &Running, cookie: &str) -> crate::support::Request {
    host.post("/.wharf/logout").at(HOST).header("cookie", cookie)
}

fn own_origin(host: &Running) -> String {
    format!("http://{HOST}:{}", host.address.port())
}

#[test]
fn a_session_outlives_a_restart_and_not_its_time() {
    const MINUTES: u64 = 30 * 60_000;
    let platform = Platform::new();
    let host = configured(&platform, "", |desk| desk.set("console-lifetime", "\"30m\"")).clock(NOW).start();
    let cookie = open(&host, CODE);
    assert_eq!(get(&host, "/", &cookie).send().status, 200);
    let host = host.stopped().clock(NOW + MINUTES - 1).serve();
    assert_eq!(get(&host, "/", &cookie).send().status, 200);
    let host = host.stopped().clock(NOW + MINUTES).serve();
    assert_page(&get(&host, "/", &cookie).send(), 403, "WH2006");
    host.log().find("that it is over", |line| line.field("detail") == "over");
    host.stop();
}

#[test]
fn a_session_that_is_used_outlives_its_idle_time_and_no_other_does() {
    const MINUTES: u64 = 30 * 60_000;
    let platform = Platform::new();
    let other = "1".repeat(40);
    platform.auth_code(&other, APP_ID);
    let host = configured(&platform, "", |desk| desk.set("console-idle", "\"30m\"")).clock(NOW).start();
    let (used, unused) = (open(&host, CODE), open(&host, &other));
    let host = host.stopped().clock(NOW + MINUTES - 1).serve();
    assert_eq!(get(&host, "/", &used).send().status, 200);
    let host = host.stopped().clock(NOW + 2 * MINUTES - 2).serve();
    assert_eq!(get(&host, "/", &used).send().status, 200);
    assert_page(&get(&host, "/", &unused).send(), 403, "WH2006");
    host.stop();
}

#[test]
fn logging_out_holds_from_the_next_request_on() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookie = open(&host, CODE);
    // Only from the console's own pages, and not by a link.
    assert_page(&logout(&host, &cookie).send(), 403, "WH2008");
    assert_page(&logout(&host, &cookie).header("origin", "http://evil.example").send(), 403, "WH2008");
    let by_link = get(&host, "/.wharf/logout", &cookie).send();
    assert_page(&by_link, 405, "WH2103");
    assert_eq!(by_link.header("allow"), Some("POST"));
    assert_eq!(get(&host, "/", &cookie).send().status, 200);

    let answer = logout(&host, &cookie).header("origin", own_origin(&host)).send();
    assert_eq!((answer.status, answer.header("location")), (303, Some("/.wharf/logged-out")), "{}", answer.text());
    assert_eq!(answer.header("set-cookie"), Some("wharf-desk=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
    assert_private(&answer);
    assert_page(&get(&host, "/", &cookie).send(), 403, "WH2006");
    let page = host.get("/.wharf/logged-out").at(HOST).send();
    assert!(page.status == 200 && page.text().contains("You are logged out"), "{}", page.text());
    assert_private(&page);
    assert_page(&get(&host, "/.wharf/other", &cookie).send(), 404, "WH2102");

    // The same after a restart, and for the code that had opened it.
    let host = host.stopped().serve();
    assert_page(&get(&host, "/", &cookie).send(), 403, "WH2006");
    assert_page(&host.get(&format!("/?appAuthCode={CODE}")).at(HOST).send(), 403, "WH2007");
    host.stop();
}

#[test]
fn the_next_link_takes_the_place_of_what_was_open() {
    const OTHER_APP: &str = "55b88eef4df03bab3307c0fe";
    let platform = Platform::new();
    platform.app(OTHER_APP, "other_app", "Other");
    let (same, other) = ("1".repeat(40), "2".repeat(40));
    platform.auth_code(&same, APP_ID);
    platform.auth_code(&other, OTHER_APP);
    let host = unstarted(&platform).start();
    let mut cookie = open(&host, CODE);
    for (code, app) in [(same, "test_app"), (other, "other_app")] {
        let answer = get(&host, &format!("/?appAuthCode={code}"), &cookie).send();
        let next = super::cookie(&answer).expect("a cookie is set");
        assert_page(&get(&host, "/", &cookie).send(), 403, "WH2006");
        assert!(get(&host, "/", &next).send().text().contains(&format!("app {app} ")));
        cookie = next;
    }
    host.stop();
}

/// One app, at one service.
pub(crate) fn over_its_sessions(row: &Row) {
    let [most, _] = row.numbers();
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookies: Vec<String> = (0..=most)
        .map(|number| {
            let code = format!("{number:040}");
            platform.auth_code(&code, APP_ID);
            open(&host, &code)
        })
        .collect();
    let closed: Vec<_> =
        cookies.iter().map(|cookie| get(&host, "/", cookie).send()).filter(|answer| answer.status != 200).collect();
    let [closed] = &closed[..] else { panic!("{} are closed", closed.len()) };
    assert_page(closed, row.status(), row.code());
    host.stop();
}
