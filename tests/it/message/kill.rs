//! `kill -9` at any moment: what was answered is handled, and what the host keeps of it is there exactly once.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "the long form is chosen by the environment and reports")]

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
};

use rustix::process::Signal;
use serde_json::Value;

use super::{journal, message, resolved, told};
use crate::support::{Platform, Running, TestHost, wait::until};

/// Starts again after a death.
fn again(mut host: Running) -> TestHost {
    host.process().wait();
    host.after_its_end()
}

/// How often the plugin's effects of each message are stored, by the message's id.
fn effects(host: &Running) -> BTreeMap<String, u64> {
    let messages = host.get("/s/journal/messages").send().json();
    let effect = |noted: &Value| Some((noted["id"].as_str()?.to_owned(), noted["times"].as_u64()?));
    messages.as_array().expect("a list").iter().filter_map(effect).collect()
}

/// Kills the host at one named place of a message's way, and looks that it really died there.
fn killed_at(place: &str) -> (Platform, Running) {
    let platform = Platform::new();
    let section = format!("{}\npoll-interval = \"1s\"", platform.section());
    let new = TestHost::new().section(&section).with(journal().set("purge-after-cancel", "\"0s\""));
    let running = new.variable("WHARF_FAILPOINT", place).start();
    platform.message(message(1, "app_subscribe_service", 1));
    platform.message(message(2, "app_cancel_service", 1));
    // Dying, it may answer or not.
    let _ = running.post("/m/journal").body(format!("{{\"id\":\"{:024x}\"}}", 1)).probe();
    let mut running = running;
    running.process().wait();
    let log = running.log().to_the_end();
    assert!(log.text().contains(&format!("failpoint {place} reached, 1")), "{place}: {}", log.text());
    let host = running.after_its_end().without_variables().serve();
    (platform, host)
}

#[test]
fn a_host_killed_at_any_named_place_loses_nothing_and_repeats_nothing_that_counts() {
    for place in wharf::failpoint::ALL {
        let (platform, host) = killed_at(place);
        assert_eq!(resolved(&platform, 2), [1, 2].map(|number| format!("{number:024x}")), "{place}");
        let told = until("the app's data is purged", || Some(told(&host, "app-1")).filter(|told| told.len() >= 3));
        let kinds: Vec<&str> = told.iter().map(|told| told.split(' ').next().unwrap_or_default()).collect();
        assert_eq!(kinds, ["subscribed", "cancelled", "purge"], "{place}");
        assert!(effects(&host).values().all(|times| *times == 1), "{place}: {:?}", effects(&host));
    }
}

/// After the commit only the platform is told again; the plugin is not called.
#[test]
fn a_host_killed_after_the_commit_does_not_call_the_plugin_again() {
    let (platform, host) = killed_at("done.after-sync");
    resolved(&platform, 2);
    let messages = host.get("/s/journal/messages").send().json();
    let first =
        messages.as_array().expect("a list").iter().find(|noted| noted["id"] == format!("{:024x}", 1)).expect("it is there");
    assert_eq!((first["attempt"].as_u64(), first["times"].as_u64()), (Some(1), Some(1)));
}

/// 30 kills at random moments under a steady stream of notices; `WHARF_KILLS` sets another number.
#[test]
fn a_host_killed_again_and_again_balances_its_ledger() {
    const APPS: u32 = 20;
    // The stream waits for a host that falls so far behind.
    const BEHIND: usize = 200;
    let kills: u32 = std::env::var("WHARF_KILLS").ok().map_or(30, |kills| kills.parse().expect("a number"));
    let platform = Platform::new();
    let section = format!("{}\npoll-interval = \"1s\"", platform.section());
    let mut host = Some(host_of(&section).start());
    let sent = AtomicU32::new(0);
    let mut restarts = Vec::new();
    let ended = AtomicBool::new(false);
    // Where the host is now, if it is.
    let address = Mutex::new(host.as_ref().map(|host| host.address));
    let answered = Mutex::new(Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let waiting = sent.load(Ordering::Relaxed) as usize - platform.resolved().len();
                let Some(address) = *address.lock().expect("nobody panics with it") else {
                    thread::yield_now();
                    continue;
                };
                if waiting > BEHIND {
                    thread::yield_now();
                    continue;
                }
                let number = sent.fetch_add(1, Ordering::Relaxed) + 1;
                let kind = if (number / APPS).is_multiple_of(2) { "app_subscribe_service" } else { "app_cancel_service" };
                platform.message(message(number, kind, number % APPS));
                let notice =
                    crate::support::Request::new(address, "POST", "/m/journal").body(format!("{{\"id\":\"{number:024x}\"}}"));
                if notice.probe() == Some(200) {
                    answered.lock().expect("nobody panics with it").push(number);
                }
            }
        });
        for kill in 0..kills {
            let mut running = host.take().expect("it runs");
            // Some way into the stream, a different one each time.
            let until_then = sent.load(Ordering::Relaxed) + 3 + (kill * 7) % 23;
            until("the stream goes on", || Some(()).filter(|()| sent.load(Ordering::Relaxed) >= until_then));
            *address.lock().expect("nobody panics with it") = None;
            running.process().signal(Signal::KILL);
            let began = std::time::Instant::now();
            let running = again(running).serve();
            restarts.push(began.elapsed());
            *address.lock().expect("nobody panics with it") = Some(running.address);
            host = Some(running);
        }
        ended.store(true, Ordering::Relaxed);
    });
    let host = host.expect("it runs");
    let sent = sent.load(Ordering::Relaxed);
    let resolved = resolved(&platform, sent as usize);
    assert_eq!(resolved.len(), sent as usize, "each is resolved, and none that was never sent");
    let effects = effects(&host);
    assert_eq!(effects.len(), sent as usize);
    assert!(effects.values().all(|times| *times == 1), "{effects:?}");
    for app in 0..APPS {
        let told = told(&host, &format!("app-{app}"));
        let ids: Vec<&str> = told.iter().filter_map(|told| told.split(' ').nth(1)).collect();
        assert!(ids.is_sorted(), "app-{app} was told out of order: {told:?}");
    }
    let answered = answered.into_inner().expect("nobody panicked with it");
    assert!(!answered.is_empty(), "no notice was ever answered");
    restarts.sort();
    let (median, slowest) = (restarts.get(restarts.len() / 2), restarts.last());
    eprintln!("{kills} kills, {sent} messages, {} answered; restart {median:?}, at most {slowest:?}", answered.len());
}

fn host_of(section: &str) -> TestHost {
    TestHost::new().section(section).with(journal().limit("cpu", "10s").set("kv.quota", "\"256MiB\""))
}
