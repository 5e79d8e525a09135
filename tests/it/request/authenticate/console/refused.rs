//! Whom a console stays closed to, and how it is told.

use std::time::Instant;

use super::{BY_CODE, CODE, HOST, NOW, assert_page, assert_private, get, open, unstarted};
use crate::{
    limits::{Row, assert_limit, assert_rate},
    support::{Answer, Platform, Running, platform::error, server::Reply},
};

fn show(host: &Running, code: &str) -> Answer {
    host.get(&format!("/?appAuthCode={code}")).at(HOST).send()
}

/// The acceptance scenario of consoles, to its bad ends.
#[test]
fn a_code_that_opens_nothing_gets_a_page_and_no_cookie_and_is_not_shown_again() {
    let platform = Platform::new();
    let host = unstarted(&platform).clock(NOW).start();
    for (number, word) in ["Expired", "NotExist", "TypeNotRight"].into_iter().enumerate() {
        let code = format!("{number:040}");
        platform.on(BY_CODE).always(error(&format!("authCode.{word}")));
        let pages: Vec<String> = (0..3)
            .map(|_| {
                let answer = show(&host, &code);
                assert_page(&answer, 403, "WH2007");
                let text = answer.text();
                assert!(text.contains("Go back to the platform") && !text.contains(&code), "{text}");
                text
            })
            .collect();
        assert_eq!(platform.count(BY_CODE), number + 1, "{word}");
        assert!(pages.iter().all(|page| page.len() == pages[0].len()));
        platform.as_ever();
    }
    let log = host.stop();
    let causes = log.lines().iter().map(|line| line.field("detail")).filter(|detail| !detail.is_empty()).collect::<Vec<_>>();
    assert_eq!(
        causes,
        ["expired", "expired", "expired", "not_exist", "not_exist", "not_exist"]
            .iter()
            .chain(&["type_not_right"; 3])
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    );
    assert_eq!(log.count("desk runs"), 0);
}

#[test]
fn a_code_is_good_for_one_visit() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookie = open(&host, CODE);
    // Who has it from a history or a log gets nothing by it, and who reloads the page sees it again.
    for _ in 0..3 {
        assert_page(&show(&host, CODE), 403, "WH2007");
        let again = get(&host, &format!("/?appAuthCode={CODE}"), &cookie).send();
        assert_eq!((again.status, again.header("location"), again.header("set-cookie")), (303, Some("/"), None));
    }
    let host = host.stopped().serve();
    assert_page(&show(&host, CODE), 403, "WH2007");
    assert_eq!(platform.count(BY_CODE), 1);
    host.stop();
}

#[test]
fn what_cannot_be_a_code_is_shown_to_nobody() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    for code in ["", "x", "..%2f..%2fmessages", &CODE[1..], &format!("{CODE}0"), &CODE.replace('c', "g"), &"0".repeat(5_000)] {
        assert_page(&show(&host, code), 403, "WH2007");
    }
    assert_page(&show(&host, &format!("{CODE}&authCode={CODE}")), 403, "WH2007");
    assert_page(&host.get(&format!("//evil.example/?appAuthCode={CODE}")).at(HOST).send(), 400, "WH2104");
    let head = host.request("HEAD", &format!("/?appAuthCode={CODE}")).at(HOST).send();
    assert_eq!(head.status, 400);
    assert_eq!(platform.asked(), []);
    open(&host, CODE);
    host.stop();
}

#[test]
fn when_the_platform_fails_the_same_code_may_still_work() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    for (reply, why) in [
        (Reply::new("200 OK", "no JSON"), "cannot be asked"),
        (Reply::Cut, "cannot be asked"),
        (error("accessToken.Expired"), "said no"),
        (error("backService.doNotHaveRight"), "said no"),
    ] {
        platform.on(BY_CODE).always(reply);
        let answer = show(&host, CODE);
        assert_page(&answer, 503, "WH2009");
        assert!(answer.header("retry-after").is_some());
        host.log().find(why, |line| line.field("detail").contains(why));
        platform.as_ever();
    }
    open(&host, CODE);
    let log = host.stop();
    assert!(!log.text().contains(CODE));
}

#[test]
fn without_a_session_there_is_a_page_for_people_and_json_for_programs() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let unknown = format!("wharf-desk={}", "0".repeat(64));
    for cookie in ["a=b", "wharf-desk=", "wharf-desk=x", &unknown, &format!("{unknown}; wharf-desk=x"), "wharf-desk=\"\""] {
        assert_page(&get(&host, "/", cookie).send(), 403, "WH2006");
        assert_page(&get(&host, "/no/such/route", cookie).send(), 403, "WH2006");
    }
    for accept in ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*", "application/json, text/html"] {
        assert_page(&host.get("/").at(HOST).header("accept", accept).send(), 403, "WH2006");
    }
    let answer = host.get("/").at(HOST).header("accept", "application/json").send();
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (403, Some("WH2006")));
    assert_private(&answer);
    // Other credentials mean nothing here, and are not passed over.
    for (name, value) in [("authorization", "Bearer wharf_x"), ("authorization", "Basic YTpi"), ("ocean-auth", "00")] {
        assert_page(&host.get("/").at(HOST).header(name, value).send(), 400, "WH2002");
    }
    assert_eq!(host.stop().count("desk runs"), 0);
}

/// One address, to one platform.
pub(crate) fn over_its_codes(row: &Row) {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let [at_once, a_second] = row.numbers();
    let (began, mut refused) = (Instant::now(), 0);
    for number in 0..120 {
        let answer = show(&host, &format!("{number:040x}"));
        match answer.status {
            429 => {
                assert_page(&answer, row.status(), row.code());
                assert!(row.sees().contains("Retry-After") && answer.header("retry-after").is_some());
                refused += 1;
            }
            _ => assert_page(&answer, 403, "WH2007"),
        }
    }
    assert_eq!(platform.count(BY_CODE) + refused, 120);
    assert!(refused > 0);
    assert_rate(120 - refused, at_once, began.elapsed().as_secs_f64() * a_second as f64);
    let log = host.stop();
    assert_limit(&log.find("that they were too many", |line| line.field("limit") == "auth-codes"), "auth-codes", at_once as u64);
}
