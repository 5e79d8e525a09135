//! `cargo bench -p wharf --bench instantiate`: what one call costs on one thread, and what verifying an Ocean-Auth header does.
//!
//! A call is everything from a permit to the outcome: store, instantiate, call, drop, and around them meter, lanes and
//! deadline. Making the request is not in it. The plugin is the shipped `hello`, the caller has app and user, the request 8
//! headers, the allocator is the shipped one. With `pagemap_scan` and without it: guests linked with a 64 KiB stack hardly need
//! it.
//!
//! On 2 cores of a shared Intel Xeon whose speed changes by half from minute to minute. At its quietest: fresh 8.2 µs with
//! `pagemap_scan` and 10.3 µs without, reused 3.1 µs, a header 0.65 µs. In a bad hour: 14.3, 16.9, 6.3 and 1.33. A quarter of a
//! fresh call without `pagemap_scan` is memset and memcpy, most of it of the instance's 128 KiB (`perf record`).
//!
//! On 2 cores of a shared AMD EPYC (Zen 3, Linux 6.18), medians of twelve runs: 17.8, 16.9, 5.2 and 1.1; at its quietest 12.8,
//! 13.5, 4.1 and 0.86. There, asking the kernel which pages were touched takes as long as the memset that it saves.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Runtime;
use wharf::{
    caller::{AppUser, Caller, Scheme},
    capabilities::log::Running,
    limits::Limits,
    ocean_auth::{Identity, Policy, Settings},
    runtime::{
        artifact::Artifact,
        call::{Incoming, Request, call},
        engine::{Mode, Pool},
        inspect::inspect,
        instance::IdlePlaces,
        lanes::Lanes,
        outcome::Outcome,
        permit::{HostPermits, PluginPermits},
        plugin::{Loader, Parts, Plugin, Reuse},
    },
    secret::Secret,
};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELLO: &[u8] = include_bytes!(env!("WHARF_PLUGIN_HELLO"));

fn calls(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("threads");
    let lanes = Arc::new(Lanes::new(runtime.handle().clone()).expect("threads"));
    for (name, pagemap_scan, reuse) in [
        ("call hello, fresh, pagemap_scan", true, 0),
        ("call hello, fresh, memset", false, 0),
        ("call hello, reused", true, u32::MAX),
    ] {
        let plugin = load(pagemap_scan, reuse);
        let permits = PluginPermits::new(100, HostPermits::new(100));
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|calls| {
                runtime.block_on(async {
                    let mut took = Duration::ZERO;
                    for _ in 0..calls {
                        let (caller, request) = (caller(), request());
                        let permit = permits.acquire(plugin.core_instances, Duration::ZERO).await.expect("a permit");
                        let began = Instant::now();
                        let outcome = call(&lanes, &plugin, permit, &caller, request).await;
                        took += began.elapsed();
                        match outcome {
                            Outcome::Response { status, body, .. } if status == 200 => drop(black_box(body)),
                            other => panic!("{other:?}"),
                        }
                    }
                    took
                })
            });
        });
    }
}

fn load(pagemap_scan: bool, reuse: u32) -> Arc<Plugin> {
    let pool = Pool { core_instances: 100, per_component: 20, max_memory: 64 << 20, pagemap_scan };
    let loader = Loader::new(Mode::Synchronous, pool, true).expect("an engine");
    let artifact = Artifact::compiled_by_this_host(loader.engine().precompile_component(HELLO).expect("it compiles"));
    let reuse = Reuse { calls: reuse, places: IdlePlaces::new(10) };
    let parts = Parts {
        artifact: &artifact,
        inspected: &inspect(HELLO).expect("a component"),
        running: Arc::new(Running { plugin: "wharf/hello@bench".into(), service: "hello".into(), requests: Arc::default() }),
        limits: Limits::DEFAULT,
        reuse,
        ready: Arc::default(),
    };
    Arc::new(loader.load(parts).expect("it loads"))
}

fn caller() -> Caller {
    Caller {
        scheme: Scheme::OceanAuth,
        app: Some("sample_app".into()),
        app_id: None,
        user: Some(user()),
        scopes: Vec::new(),
        address: [127, 0, 0, 1].into(),
    }
}

fn user() -> AppUser {
    AppUser {
        id: "55b750bf4de03bab3307c0e5".into(),
        account: "test".into(),
        name: "test".into(),
        authenticated_by: "user".into(),
    }
}

fn request() -> Request<'static> {
    let names = ["host", "user-agent", "accept", "accept-language", "accept-encoding", "referer", "origin", "x-requested-with"];
    let headers: HeaderMap = names
        .into_iter()
        .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("a value of some length")))
        .collect();
    Request {
        id: "0123456789abcdef",
        method: "GET",
        path_with_query: "/hello/Ada".into(),
        route: "/hello/{name}",
        params: vec![("name".into(), "Ada".into())],
        headers,
        authority: None,
        secure: false,
        body: Incoming::Empty,
        timeout: Duration::from_secs(10),
    }
}

fn ocean_auth(criterion: &mut Criterion) {
    let policy = Policy::new("user", &Secret::new("sample_signKey"), &Settings::default()).expect("a key");
    let now_ms = 1_440_750_000_000;
    let header =
        policy.mint_legacy(&Identity { app_key: "sample_app".into(), user: Some(user()), expires_ms: Some(now_ms + 3_600_000) });
    criterion.bench_function("open Ocean-Auth, logged in", |bencher| {
        bencher.iter(|| black_box(policy.open(header.as_bytes(), now_ms).expect("it opens")));
    });
}

criterion_group!(benches, calls, ocean_auth);
criterion_main!(benches);
