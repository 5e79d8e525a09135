//! `cargo bench -p wharf --bench message`: what a message costs, and what another service's messages cost it.
//!
//! * Receive (a notice stored and synced) and claim, in stores that hold 10,000 and 1,000,000 resolved messages: microseconds
//!   for each message, 64 notices and 32 claims at once, as they come when there is much to do. Rounds are interleaved and the
//!   median counts, so that a noisy minute hits all alike. A third store has 10,000 dead letters of another service beside its
//!   10,000 messages, each with a message that it holds.
//! * Drain: the shipped binary finds 10,000 messages of 1,000 apps at a platform in this process, hands them to a plugin that
//!   writes them down, and resolves them, all over HTTP and with every commit synced.
//! * Neighbour: 1,000 such messages while another service's plugin loops, traps, is not there, or 10,000 of its messages are
//!   dead, in times of what they take alone.
//!
//! `WHARF_BENCH_ROUNDS` shortens the first part (20 by default). The last line is one JSON object.

#![expect(clippy::disallowed_methods, reason = "a bench is set by the environment")]

mod message {
    pub(crate) mod host;
    pub(crate) mod platform;
    pub(crate) mod stored;
}

use std::time::Duration;

use message::{
    host::{BAD, GOOD, Host},
    platform::{Messages, Platform},
    stored::Stored,
};
use tokio::runtime::Runtime;

const TURNS: &[&str] = &["app_subscribe_service", "app_cancel_service"];

fn main() {
    let rounds = std::env::var("WHARF_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let stored = stored(&runtime, rounds);
    let (drain_per_s, drain_mib) = drain(&runtime);
    let alone = neighbour(&runtime, Beside::Nothing);
    let mut result = serde_json::json!({"drain_per_s": drain_per_s.round(), "drain_mib": drain_mib.round()});
    for (name, us) in stored {
        result[name] = rounded(us).into();
    }
    for (name, beside) in
        [("loops", Beside::Loops), ("traps", Beside::Traps), ("stopped", Beside::Stopped), ("dead", Beside::Dead)]
    {
        let ratio = neighbour(&runtime, beside).as_secs_f64() / alone.as_secs_f64();
        say(&format!("neighbour {name}: {ratio:.2} times {:.2} s", alone.as_secs_f64()));
        result[format!("neighbour_{name}")] = rounded(ratio).into();
    }
    say(&result.to_string());
}

/// Microseconds for each message, by what was measured.
fn stored(runtime: &Runtime, rounds: u32) -> [(&'static str, f64); 5] {
    let mut stores = [Stored::with(10_000, 0), Stored::with(1_000_000, 0), Stored::with(10_000, 10_000)];
    for round in 0..rounds {
        for store in &mut stores {
            runtime.block_on(store.round(round));
        }
    }
    let [small, large, dead] = &stores;
    say(&format!(
        "receive: {:.0} µs, {:.2} times that with 1,000,000 stored; claim: {:.0} µs, {:.2} times that with 1,000,000 stored, {:.2} \
         with another service's dead letters",
        small.receive_us(),
        large.receive_us() / small.receive_us(),
        small.claim_us(),
        large.claim_us() / small.claim_us(),
        dead.claim_us() / small.claim_us(),
    ));
    [
        ("receive_us_1e4", small.receive_us()),
        ("receive_us_1e6", large.receive_us()),
        ("claim_us_1e4", small.claim_us()),
        ("claim_us_1e6", large.claim_us()),
        ("claim_us_dead", dead.claim_us()),
    ]
}

/// Messages in a second, and by how much the host grew, in MiB.
fn drain(runtime: &Runtime) -> (f64, f64) {
    const COUNT: usize = 10_000;
    let platform = Platform::start(runtime);
    let host = Host::start(&platform.url, false);
    let (_, before) = host.memory_mib();
    platform.has(GOOD, &Messages { count: COUNT, apps: 1_000, app: "app", kinds: TURNS });
    let took = platform.until_resolved(GOOD, COUNT).as_secs_f64();
    let (most, _) = host.memory_mib();
    let per_s = COUNT as f64 / took;
    say(&format!("drain: {COUNT} messages in {took:.2} s, {per_s:.0}/s; memory {before:.0} to {most:.0} MiB"));
    let booked = runtime.block_on(host.booked());
    assert!(booked.len() == COUNT && booked.iter().all(|times| *times == 1), "the plugin's book is wrong");
    (per_s, most - before)
}

/// What another service is at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    Loops,
    Traps,
    Stopped,
    Dead,
}

/// How long 1,000 messages take beside that.
fn neighbour(runtime: &Runtime, beside: Beside) -> Duration {
    const COUNT: usize = 1_000;
    let platform = Platform::start(runtime);
    let _host = Host::start(&platform.url, beside != Beside::Stopped);
    let bad = match beside {
        Beside::Nothing => None,
        Beside::Loops | Beside::Stopped => Some(("spin", 1_000, TURNS)),
        Beside::Traps => Some(("trap", 1_000, TURNS)),
        // Of a type that nobody knows.
        Beside::Dead => Some(("app", 10_000, &["app_renamed"][..])),
    };
    if let Some((app, count, kinds)) = bad {
        platform.has(BAD, &Messages { count, apps: count, app, kinds });
        platform.until_listed(BAD);
    }
    platform.has(GOOD, &Messages { count: COUNT, apps: 100, app: "app", kinds: TURNS });
    platform.until_resolved(GOOD, COUNT)
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[expect(clippy::print_stdout, reason = "a bench reports on standard output")]
fn say(line: &str) {
    println!("{line}");
}
