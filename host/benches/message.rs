//! `cargo bench -p wharf --bench message`: what a message costs.
//!
//! Receive (a notice stored and synced) and claim, in stores that hold 10,000 and 1,000,000 resolved messages: microseconds for
//! each message, 64 notices and 32 claims at once, as they come when there is much to do. Rounds are interleaved and the median
//! counts, so that a noisy minute hits all alike. A third store has 10,000 dead letters of another service beside its 10,000
//! messages, each with a message that it holds.
//!
//! `WHARF_BENCH_ROUNDS` shortens it (20 by default). The last line is one JSON object.

#![expect(clippy::disallowed_methods, reason = "a bench is set by the environment")]

mod message {
    pub(crate) mod stored;
}

use message::stored::Stored;

fn main() {
    let rounds = std::env::var("WHARF_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
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
    let result = serde_json::json!({
        "receive_us_1e4": rounded(small.receive_us()), "receive_us_1e6": rounded(large.receive_us()),
        "claim_us_1e4": rounded(small.claim_us()), "claim_us_1e6": rounded(large.claim_us()),
        "claim_us_dead": rounded(dead.claim_us()),
    });
    say(&result.to_string());
}

fn rounded(us: f64) -> f64 {
    (us * 10.0).round() / 10.0
}

#[expect(clippy::print_stdout, reason = "a bench reports on standard output")]
fn say(line: &str) {
    println!("{line}");
}
