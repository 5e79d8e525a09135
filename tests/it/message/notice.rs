//! Notices: hints that anybody can send.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use super::{host, journal, notify, resolved};
use crate::{
    limits::{Row, assert_rate},
    support::{Platform, platform::Message, wait::PATIENCE},
};

#[test]
fn fifty_notices_at_once_are_one_delivery_and_one_resolve() {
    let platform = Platform::new();
    let host = host(&platform, journal()).start();
    platform.wait_for(1, "GET /v1.0/service/messages");
    platform.message(Message::subscribe());
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| assert_eq!(notify(&host, "journal", "55b89ba34df03bab3307c10f"), 200));
        }
    });
    resolved(&platform, 1);
    assert_eq!(notify(&host, "journal", "55b89ba34df03bab3307c10f"), 200);
    let messages = host.get("/s/journal/messages").send().json();
    assert_eq!((messages.as_array().map(Vec::len), messages[0]["times"].as_u64()), (Some(1), Some(1)));
    host.stop();
    assert_eq!(platform.count("POST /v1.0/service/message/*/resolved"), 1);
}

#[test]
fn hostile_notices_are_refused_and_nobody_is_asked() {
    let platform = Platform::new();
    let host = host(&platform, journal()).start();
    platform.wait_for(1, "GET /v1.0/service/messages");
    let before = platform.calls().len();
    let long = format!(r#"{{"id":"{}"}}"#, "a".repeat(10 << 20));
    for (body, status, code) in [
        ("", 400, "WH2106"),
        ("{", 400, "WH2106"),
        ("null", 400, "WH2106"),
        ("[]", 400, "WH2106"),
        (r#"{"id":"../x"}"#, 400, "WH2106"),
        (r#"{"id":"55b89ba34df03bab3307c10"}"#, 400, "WH2106"),
        (r#"{"id":"55b89ba34df03bab3307c10g"}"#, 400, "WH2106"),
        (r#"{"id":"55b89ba34df03bab3307c10f\u0000"}"#, 400, "WH2106"),
        (r#"{"id":{"$ne":null}}"#, 400, "WH2106"),
        (r#"{"id":["55b89ba34df03bab3307c10f"]}"#, 400, "WH2106"),
        (r#"{"id":1}"#, 400, "WH2106"),
        (r#"{"ids":"55b89ba34df03bab3307c10f"}"#, 400, "WH2106"),
        ("id=55b89ba34df03bab3307c10f", 400, "WH2106"),
        (&long, 413, "WH2201"),
    ] {
        host.post("/m/journal").body(body).send().assert(status, code);
    }
    host.get("/m/journal").send().assert(405, "WH2103");
    // No such service, and one without a platform.
    for key in ["nobody", "innocent", "", "journal/", "../s/journal"] {
        host.post(&format!("/m/{key}")).body(r#"{"id":"55b89ba34df03bab3307c10f"}"#).send().assert(404, "WH2101");
    }
    host.assert_serves_others();
    host.stop();
    assert_eq!(platform.calls().len(), before, "{:?}", platform.lines());
}

/// Each unknown id is asked for once, however often it is sent.
#[test]
fn an_id_that_the_platform_does_not_know_is_remembered_as_such() {
    let platform = Platform::new();
    let host = host(&platform, journal()).log("level", "\"debug\"").start();
    platform.wait_for(1, "GET /v1.0/service/messages");
    assert_eq!(notify(&host, "journal", "00000000000000000000dead"), 200);
    host.log().find("that it is dropped", |line| line.field("message_id") == "00000000000000000000dead");
    for _ in 0..10 {
        assert_eq!(notify(&host, "journal", "00000000000000000000dead"), 200);
    }
    host.stop();
    assert_eq!(platform.count("GET /v1.0/service/message/*"), 1);
}

/// Judged by what came of its body, not by what it said of itself.
pub(crate) fn over_its_length(row: &Row) {
    let [most] = row.numbers();
    let platform = Platform::new();
    let host = host(&platform, journal()).start();
    let notice = |length: usize| {
        let id = r#"{"id":"55b89ba34df03bab3307c10f"}"#;
        format!("{id}{}", " ".repeat(length - id.len()))
    };
    assert_eq!(host.post("/m/journal").body(notice(most)).send().status, 200);
    row.assert(&host.post("/m/journal").body(notice(most + 1)).send());
    row.assert(&host.post("/m/journal").chunked(notice(most + 1)).send());
    host.log().expect(2, "how long a notice may be", |line| line.field("limit") == "body-in");
    host.assert_serves_others();
    host.stop();
}

/// What is turned away is found all the same: see [`super::poll`].
pub(crate) fn over_their_rate(row: &Row) {
    let [at_once, a_second] = row.numbers();
    let platform = Platform::new();
    let host = host(&platform, journal()).start();
    let (next, taken, refused) = (AtomicU32::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !refused.load(Ordering::Relaxed) {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    assert!(id < 100_000 && began.elapsed() < PATIENCE, "{id} notices are taken");
                    let answer = host.post("/m/journal").body(format!("{{\"id\":\"{id:024x}\"}}")).send();
                    if answer.status == 200 {
                        taken.fetch_add(1, Ordering::Relaxed);
                    } else {
                        row.assert(&answer);
                        refused.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_rate(taken.into_inner(), at_once, began.elapsed().as_secs_f64() * a_second as f64);
    host.log().find("which limit it was", |line| line.field("limit") == "notice-rate");
    host.assert_serves_others();
}
