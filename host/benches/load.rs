//! `cargo bench -p wharf --bench load`: the shipped host under load, as ratios to a bare axum server on the same machine.
//!
//! Base is `axum::serve` with the same headers and body. Wharf is the binary with the demo's configuration and nothing
//! switched off. The driver is `wrk -t1 -c32`, in three interleaved rounds; medians count. The neighbour test asks `hello`
//! over 8 connections, with and without another plugin of the same host looping on all of its permits.
//!
//! `WHARF_BENCH_SECONDS` shortens a run (10 by default). The last line is one JSON object.

#![expect(clippy::disallowed_methods, reason = "a bench is set by the environment")]

mod load {
    pub(crate) mod base;
    pub(crate) mod driver;
    pub(crate) mod host;
}

use load::{base::Base, driver::wrk, host::Wharf};

/// Interleaved, so that a noisy minute hits all variants alike.
const ROUNDS: usize = 3;

fn main() {
    let seconds = std::env::var("WHARF_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let host = Wharf::prepare();
    let (mut base, mut fresh, mut reused) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let server = Base::start(&runtime, host.sample());
        base.push(wrk(&server.url, &[], 32, seconds).requests_per_second);
        drop(server);
        for (reuse, results) in [(0, &mut fresh), (1_000_000, &mut reused)] {
            let serving = host.serve(reuse);
            results.push(wrk(&serving.hello_url(), &host.headers(), 32, seconds).requests_per_second);
        }
        say(&format!(
            "round {round}: base {:.0}/s, fresh with Ocean-Auth {:.0}/s, reused with Ocean-Auth {:.0}/s",
            base[round - 1],
            fresh[round - 1],
            reused[round - 1]
        ));
    }
    let (base, fresh, reused) = (median(base), median(fresh), median(reused));
    say(&format!("fresh {:.2} of base, reused {:.2} of base", fresh / base, reused / base));
    let result = serde_json::json!({
        "driver": "wrk", "base_rps": base.round(), "fresh_auth_rps": fresh.round(), "reused_auth_rps": reused.round(),
    });
    say(&result.to_string());
}

#[expect(clippy::print_stdout, reason = "a bench reports on standard output")]
fn say(line: &str) {
    println!("{line}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
