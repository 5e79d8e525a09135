//! `kill -9` at any moment: what was answered is in the store that the dead host left, is handled, and what the host keeps of it
//! is there exactly once.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "the long form is chosen by the environment and reports")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::Instant,
};

use rustix::process::Signal;
use serde_json::Value;

use super::{journal, message, resolved, told};
use crate::support::{Platform, Running, TestHost, wait::until, wharf};

/// Where a death comes after the claim and before the commit: the plugin may have done its work, and nothing of it is kept.
const BEFORE_THE_COMMIT: [&str; 3] = ["claim.after-sync", "deliver.returned", "done.before-sync"];

/// The id of message `number`, as the platform of these tests gives it.
fn id(number: u32) -> String {
    format!("{number:024x}")
}

/// Starts again after a death.
fn again(mut host: Running) -> TestHost {
    host.process().wait();
    host.after_its_end()
}

/// What the plugin's effects say of each message, by the message's id.
fn noted(host: &Running) -> BTreeMap<String, Value> {
    // As many as fit into one call's limits.
    const PAGE: usize = 1_000;
    let (mut all, mut after) = (BTreeMap::new(), String::new());
    loop {
        let page = host.get(&format!("/s/journal/messages?limit={PAGE}&after={after}")).send().json();
        let page = page.as_array().expect("a list");
        let noted = |noted: &Value| Some((noted["id"].as_str()?.to_owned(), noted.clone()));
        all.extend(page.iter().filter_map(noted));
        match page.last().and_then(|noted| noted["id"].as_str()) {
            Some(last) if page.len() == PAGE => last.clone_into(&mut after),
            _ => return all,
        }
    }
}

/// How often the plugin's effects of each message are stored.
fn effects(host: &Running) -> BTreeMap<String, u64> {
    noted(host).into_iter().map(|(id, noted)| (id, noted["times"].as_u64().expect("a number"))).collect()
}

/// In which attempt the plugin did what is stored of message `number`.
fn attempt(host: &Running, number: u32) -> Option<u64> {
    noted(host).get(&id(number))?["attempt"].as_u64()
}

/// The state of every message in the store of a host, by the message's id.
fn stored(here: &Path) -> BTreeMap<String, String> {
    let messages = wharf(["messages", "list", "--service", "journal", "--format", "json"]).within(here).run().json();
    let state = |message: &Value| Some((message["id"].as_str()?.to_owned(), message["state"].as_str()?.to_owned()));
    messages.as_array().expect("a list").iter().filter_map(state).collect()
}

/// Looks that everything that was answered is in the store that a dead host left. A copy is read, so that the next host is the
/// first to recover what is there; and it is read before that one starts, because the platform lists again what a host lost.
#[track_caller]
fn left_all(dead: &Path, answered: &[u32], when: &str) {
    let copy = tempfile::tempdir().expect("a temporary directory can be made");
    copy_all(dead, copy.path());
    let stored = stored(copy.path());
    let lost: Vec<u32> = answered.iter().copied().filter(|number| !stored.contains_key(&id(*number))).collect();
    assert_eq!(lost, [] as [u32; 0], "{when}, the store lacks messages whose notices were answered");
}

/// Copies files and directories with their rights; sockets are of no use in a copy.
fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the directory can be read") {
        let entry = entry.expect("the directory can be read");
        let (kind, there) = (entry.file_type().expect("an entry has a type"), to.join(entry.file_name()));
        if kind.is_dir() {
            fs::create_dir(&there).expect("a directory can be made");
            let rights = entry.metadata().expect("a directory has rights").permissions();
            fs::set_permissions(&there, rights).expect("rights can be set");
            copy_all(&entry.path(), &there);
        } else if kind.is_file() {
            fs::copy(entry.path(), there).expect("a file can be copied");
        }
    }
}

/// Kills the host at one named place of a message's way, and looks that it really died there.
fn killed_at(place: &str) -> (Platform, Running) {
    let platform = Platform::new();
    let new = TestHost::new().section(&platform.section()).with(journal().set("purge-after-cancel", "\"0s\""));
    let running = new.variable("WHARF_FAILPOINT", place).start();
    // A list that told of the message would keep the host from the places that only a notice comes to.
    platform.wait_for(1, "GET /v1.0/service/messages");
    platform.message(message(1, "app_subscribe_service", 1));
    platform.message(message(2, "app_cancel_service", 1));
    // Dying, it may answer or not; what it answers is on disk.
    let answer = running.post("/m/journal").body(format!("{{\"id\":\"{}\"}}", id(1))).probe();
    let mut running = running;
    running.process().wait();
    let answered: &[u32] = if answer == Some(200) { &[1] } else { &[] };
    left_all(running.path(), answered, place);
    let log = running.log().to_the_end();
    assert!(log.text().contains(&format!("failpoint {place} reached, 1")), "{place}: {}", log.text());
    let host = running.after_its_end().without_variables().serve();
    (platform, host)
}

#[test]
fn a_host_killed_at_any_named_place_loses_nothing_and_repeats_nothing_that_counts() {
    for place in &wharf::failpoint::ALL {
        let (platform, host) = killed_at(place);
        assert_eq!(resolved(&platform, 2), [1, 2].map(id), "{place}");
        let told = until("the app's data is purged", || Some(told(&host, "app-1")).filter(|told| told.len() >= 3));
        let kinds: Vec<&str> = told.iter().map(|told| told.split(' ').next().unwrap_or_default()).collect();
        assert_eq!(kinds, ["subscribed", "cancelled", "purge"], "{place}");
        assert!(effects(&host).values().all(|times| *times == 1), "{place}: {:?}", effects(&host));
        // Killed before the commit, it is handled again; anywhere else, once is enough.
        let expected = if BEFORE_THE_COMMIT.contains(place) { 2 } else { 1 };
        assert_eq!(attempt(&host, 1), Some(expected), "{place}");
    }
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
                    crate::support::Request::new(address, "POST", "/m/journal").body(format!("{{\"id\":\"{}\"}}", id(number)));
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
            let dead = again(running);
            let so_far = answered.lock().expect("nobody panics with it").clone();
            left_all(dead.path(), &so_far, &format!("after kill {kill}"));
            let began = Instant::now();
            let running = dead.serve();
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
    let all: BTreeSet<String> = (1..=sent).map(id).collect();
    assert_eq!(effects.keys().cloned().collect::<BTreeSet<_>>(), all, "what has effects, and what was sent");
    assert!(effects.values().all(|times| *times == 1), "{effects:?}");
    for app in 0..APPS {
        let told = told(&host, &format!("app-{app}"));
        let ids: Vec<&str> = told.iter().filter_map(|told| told.split(' ').nth(1)).collect();
        assert!(ids.is_sorted(), "app-{app} was told out of order: {told:?}");
    }
    let answered = answered.into_inner().expect("nobody panicked with it");
    assert!(!answered.is_empty(), "no notice was ever answered");
    let stored = until("the store says of all that they are resolved", || {
        Some(stored(host.path())).filter(|stored| stored.values().all(|state| state == "resolved"))
    });
    assert_eq!(stored.into_keys().collect::<BTreeSet<_>>(), all, "what is stored, and what was sent");
    restarts.sort();
    let (median, slowest) = (restarts.get(restarts.len() / 2), restarts.last());
    eprintln!("{kills} kills, {sent} messages, {} answered; restart {median:?}, at most {slowest:?}", answered.len());
}

fn host_of(section: &str) -> TestHost {
    TestHost::new().section(section).with(journal().limit("cpu", "10s").set("kv.quota", "\"256MiB\""))
}
