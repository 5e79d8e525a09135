//! `cargo bench -p wharf --bench load`: the shipped host under load, as ratios to a bare axum server on the same machine.
//!
//! * *base* is `axum::serve` with the headers and the body of `hello`.
//! * *fresh* and *reused* are the binary with the demo's configuration and nothing switched off: `hello` with an Ocean-Auth
//!   header that is opened on each request (`…_auth_rps`), and a guest that answers anybody with one short word (`fresh_rps`,
//!   `reused_rps`).
//! * *neighbour* asks `hello` over 8 connections, alone and while another plugin loops on all of its permits: the ratio of
//!   the two 99th percentiles.
//! * *wasmtime serve* is wasmtime's own server with a stock `wasi:http` component that answers one short word too, its pool on
//!   and one request per instance; only where `wasmtime` 48 is on the PATH (`cargo install wasmtime-cli@48.0.8 --locked`).
//!
//! The driver is `wrk -t1 -c32`, in three interleaved rounds; medians count. `WHARF_BENCH_SECONDS` sets the length of one run
//! (10 by default). The last line is one JSON object.
//!
//! What the stages cost, on 2 cores of a shared Intel Xeon (utime and stime of the host while `wrk` asks `hello` with a header,
//! `perf record -p` for the shares): a reused call takes 32 µs of processor time, a fresh one 49 µs, at an hour when the machine was
//! slow. Its speed decides the ratios too: reused with a header was 0.83 of base when base had 96,000/s, and 0.66 when it had 69,000.
//! On 2 cores of a shared AMD EPYC, of which others took up to 17 %, base went from 29,000 to 50,000/s within one run: there, reused
//! with a header was 0.62, 0.62 and 0.75 of it in three runs, fresh with one 0.39, 0.59 and 0.50, and the neighbour's ratio 0.5 to
//! 0.8.
//! The shares were read when a reused call took 36 µs; what it has lost since was in the request line (counts that two processors
//! fought for, futures that were copied) and in the guest's allocator. A request's future had grown to 4.4 KB since, which were
//! copied three times; with 2.5 KB, a reused call with a header takes 39.2 µs instead of 40.2 (AMD, medians of 24 pairs).
//!
//! | stage of a reused call | share |
//! |---|---|
//! | the kernel: sockets, epoll | 29 % |
//! | hyper, http, tokio, the allocator | 28 % |
//! | the request line around the guest | 24 % |
//! | arguments and results, in and out of the guest | 10 % |
//! | the guest | 9 % |
//!
//! Of the request line, opening the header takes 3.6, making the response 2.9, the headers for the guest 1.7, the route 1.6,
//! budgets and the address 0.9 each; the rest is futures and the way to the lanes and back. What a fresh call takes more is its
//! instance: see `instantiate`.

#![expect(clippy::disallowed_methods, reason = "a bench is set by the environment")]

mod load {
    pub(crate) mod base;
    pub(crate) mod driver;
    pub(crate) mod host;
    pub(crate) mod loopers;
    pub(crate) mod wasmtime_serve;
}

use load::{
    base::Base,
    driver::wrk,
    host::{Bound, Wharf},
    loopers::Loopers,
    wasmtime_serve::WasmtimeServe,
};

/// Interleaved, so that a noisy minute hits all variants alike.
const ROUNDS: usize = 3;

/// As many calls as one instance can ever serve.
const REUSED: u32 = 1_000_000;

/// What is compared, in the order of the last line.
#[derive(Debug, Default)]
struct Rates {
    base: Vec<f64>,
    fresh: Vec<f64>,
    reused: Vec<f64>,
    fresh_auth: Vec<f64>,
    reused_auth: Vec<f64>,
    wasmtime_serve: Vec<f64>,
}

fn main() {
    let seconds = std::env::var("WHARF_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let host = Wharf::prepare();
    let mut rates = Rates::default();
    for round in 1..=ROUNDS {
        let server = Base::start(&runtime, host.sample());
        rates.base.push(wrk(&server.url, &[], 32, seconds).requests_per_second);
        drop(server);
        for (reuse, anybody, proven) in
            [(0, &mut rates.fresh, &mut rates.fresh_auth), (REUSED, &mut rates.reused, &mut rates.reused_auth)]
        {
            let serving = host.serve(&[("hello", Bound::Demo { reuse }), ("innocent", Bound::Guest { reuse })]);
            proven.push(wrk(&serving.url("hello", "hello/Ada"), &host.headers(), 32, seconds).requests_per_second);
            anybody.push(wrk(&serving.url("innocent", ""), &[], 32, seconds).requests_per_second);
        }
        if let Some(serving) = WasmtimeServe::start() {
            rates.wasmtime_serve.push(wrk(&serving.url, &[], 32, seconds).requests_per_second);
        }
        say(&format!("round {round}: {rates:.0?}"));
    }
    let neighbour = neighbour(&host, seconds);
    report(rates, neighbour);
}

/// How much longer the slowest of a hundred calls takes while another plugin loops on all of its permits.
fn neighbour(host: &Wharf, seconds: u64) -> f64 {
    let ask = |serving: &load::host::Serving| wrk(&serving.url("hello", "hello/Ada"), &host.headers(), 8, seconds);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let serving = host.serve(&[("hello", Bound::Demo { reuse: 0 }), ("spin", Bound::Guest { reuse: 0 })]);
        alone.push(ask(&serving).p99_ms);
        let loopers = Loopers::start(serving.address(), "/s/spin/");
        beside.push(ask(&serving).p99_ms);
        say(&format!(
            "neighbour round {round}: p99 {} ms alone, {} ms beside {} loops",
            alone[round - 1],
            beside[round - 1],
            loopers.count()
        ));
    }
    median(beside) / median(alone)
}

fn report(rates: Rates, neighbour: f64) {
    let wasmtime_serve = if rates.wasmtime_serve.is_empty() { None } else { Some(median(rates.wasmtime_serve)) };
    let base = median(rates.base);
    let [fresh, reused, fresh_auth, reused_auth] = [rates.fresh, rates.reused, rates.fresh_auth, rates.reused_auth].map(median);
    for (what, rate) in
        [("fresh", fresh), ("reused", reused), ("fresh with Ocean-Auth", fresh_auth), ("reused with Ocean-Auth", reused_auth)]
    {
        say(&format!("{what}: {:.2} of base", rate / base));
    }
    if let Some(rate) = wasmtime_serve {
        say(&format!("fresh with Ocean-Auth: {:.2} times wasmtime serve", fresh_auth / rate));
    }
    let result = serde_json::json!({
        "driver": "wrk", "base_rps": base.round(), "fresh_rps": fresh.round(), "reused_rps": reused.round(),
        "fresh_auth_rps": fresh_auth.round(), "reused_auth_rps": reused_auth.round(),
        "neighbour_p99_ratio": (neighbour * 100.0).round() / 100.0,
        "wasmtime_serve_rps": wasmtime_serve.map(f64::round),
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
