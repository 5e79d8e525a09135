//! What those who run a host see of it.

use std::{collections::BTreeSet, fs, path::Path, thread};

use rustix::{
    process::Signal,
    thread::{CpuSet, sched_getaffinity},
};
use wharf_guests::{DRIP, GROW, IDENTITY, INNOCENT, SPIN, TRAP};

use crate::support::{
    Running, Service, TestHost, install_with,
    threads::{stat, threads},
    wait::until,
};

fn host() -> Running {
    let identity = Service::of(&IDENTITY).security_key("a key of the tests");
    let host = TestHost::new().operation().with(Service::of(&INNOCENT)).with(Service::of(&TRAP)).with(identity);
    host.with(Service::of(&SPIN).limit("cpu", "100ms")).start()
}

#[test]
fn numbers_follow_what_happened() {
    let host = host();
    for _ in 0..3 {
        assert_eq!(host.get("/s/innocent/").send().status, 200);
    }
    assert_eq!(host.get("/s/innocent/nowhere").send().status, 404);
    assert_eq!(host.get("/s/nobody/").send().status, 404);
    assert_eq!(host.get("/s/identity/").header("ocean-auth", "00").send().status, 401);
    assert_eq!(host.get("/s/trap/").send().status, 502);
    assert_eq!(host.get("/s/spin/").send().status, 504);
    for (name, value) in [
        ("wharf_requests_total{service=\"innocent\",status=\"2xx\"}", 3),
        ("wharf_requests_total{service=\"innocent\",status=\"4xx\"}", 1),
        ("wharf_requests_total{service=\"-\",status=\"4xx\"}", 1),
        ("wharf_request_seconds_count{service=\"innocent\"}", 4),
        ("wharf_request_seconds_bucket{service=\"innocent\",le=\"+Inf\"}", 4),
        ("wharf_requests_in_flight{service=\"innocent\"}", 0),
        ("wharf_refusals_total{service=\"innocent\",cause=\"no-route\"}", 1),
        ("wharf_refusals_total{service=\"-\",cause=\"no-service\"}", 1),
        ("wharf_refusals_total{service=\"identity\",cause=\"bad-ocean-auth\"}", 1),
        ("wharf_failures_total{service=\"trap\",kind=\"trap\"}", 1),
        ("wharf_failures_total{service=\"spin\",kind=\"limit\"}", 1),
        ("wharf_limit_hits_total{service=\"spin\",limit=\"cpu\"}", 1),
        ("wharf_pool_permits{state=\"taken\"}", 0),
        ("wharf_service_permits{service=\"innocent\",state=\"free\"}", 64),
        ("wharf_connections_accepted_total", 8),
        ("wharf_store_well", 1),
        ("wharf_ready", 1),
    ] {
        assert_eq!(host.metric(name), value, "{name}");
    }
    host.stop();
}

#[test]
fn a_call_is_in_flight_until_its_last_byte() {
    let host = TestHost::new().operation().with(Service::of(&DRIP)).start();
    let in_flight = "wharf_requests_in_flight{service=\"drip\"}";
    assert_eq!(host.metric(in_flight), 0);
    let connection = host.get("/s/drip/").open();
    until("a call is in flight", || (host.metric(in_flight) == 1).then_some(()));
    drop(connection);
    until("none is any more", || (host.metric(in_flight) == 0).then_some(()));
    host.stop();
}

#[test]
fn what_calls_cost_is_counted_however_they_end() {
    let grow = Service::of(&GROW).limit("memory", "16MiB");
    let left = Service::of(&SPIN).named("left").limit("cpu", "10s");
    let host = TestHost::new().operation().with(Service::of(&INNOCENT).set("reuse", "10")).with(grow).with(left);
    let host = host.with(Service::of(&SPIN).limit("cpu", "100ms")).start();
    for _ in 0..2 {
        assert_eq!(host.get("/s/innocent/").send().status, 200);
    }
    host.get("/s/grow/").send().assert(502, "WH2305");
    host.get("/s/spin/").send().assert(504, "WH2304");
    let connection = host.get("/s/left/").open();
    until("a call is in flight", || (host.metric("wharf_requests_in_flight{service=\"left\"}") == 1).then_some(()));
    drop(connection);
    let ended = "wharf_call_cpu_seconds_count{service=\"left\"}";
    until("the call that nobody waits for has ended", || (host.metric(ended) == 1).then_some(()));
    for (name, value) in [
        ("wharf_failures_total{service=\"left\",kind=\"limit\"}", 0),
        ("wharf_call_cpu_seconds_count{service=\"innocent\"}", 2),
        ("wharf_call_cpu_seconds_bucket{service=\"spin\",le=\"0.1\"}", 0),
        ("wharf_call_cpu_seconds_bucket{service=\"spin\",le=\"+Inf\"}", 1),
        // Of both calls, of which the second found the first one's instance.
        ("wharf_call_memory_bytes_bucket{service=\"innocent\",le=\"131072\"}", 0),
        ("wharf_call_memory_bytes_bucket{service=\"innocent\",le=\"2097152\"}", 2),
        ("wharf_call_memory_bytes_bucket{service=\"grow\",le=\"8388608\"}", 0),
        ("wharf_call_memory_bytes_bucket{service=\"grow\",le=\"16777216\"}", 1),
    ] {
        assert_eq!(host.metric(name), value, "{name}");
    }
    host.stop();
}

/// As the text format lays it down: each family once, its help and type before its samples, and no sample twice.
#[test]
fn the_numbers_can_be_read_and_stand_in_the_documents() {
    let host = host();
    host.get("/s/trap/").send();
    host.get("/s/innocent/nowhere").send();
    let page = host.operation("GET", "/metrics").send().text();
    assert!(page.contains("\nwharf_failures_total{service=\"innocent\",kind=\"trap\"} 0\n"), "a rate has nothing to grow from");
    let (mut families, mut samples) = (Vec::new(), BTreeSet::new());
    for line in page.lines() {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, help] => {
                assert!(!help.is_empty() && !families.contains(&name), "{line}");
                families.push(name);
            }
            ["#", "TYPE", name, kind] => {
                assert!(families.last() == Some(&name) && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
            }
            _ => {
                let (sample, value) = line.rsplit_once(' ').expect("a sample and its value");
                assert!(value.parse::<f64>().is_ok_and(f64::is_finite) && samples.insert(sample), "{line}");
                let family = families.last().expect("a family before its samples");
                let (name, labels) = sample.split_once('{').unwrap_or((sample, "}"));
                let part = name.strip_prefix(family);
                assert!(part.is_some_and(|part| ["", "_bucket", "_sum", "_count"].contains(&part)), "{line} is of {family}");
                assert!(labels.ends_with('}') && labels.matches('"').count().is_multiple_of(2), "{line}");
            }
        }
    }
    let documents = include_str!("../../docs/operation.md");
    for family in families {
        assert!(documents.contains(&format!("\n| `{family}` |")), "{family} is not in the documents");
    }
    host.stop();
}

#[test]
fn whoever_asks_for_health_gets_it_and_plugins_have_no_part_in_it() {
    let host = host();
    for (target, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = host.operation("GET", target).send();
        assert_eq!((answer.status, answer.text().as_str()), (200, text));
        assert_eq!(host.operation("HEAD", target).send().status, 200);
        assert_eq!(host.operation("POST", target).send().status, 405);
        host.get(target).send().assert(404, "WH2101");
    }
    assert_eq!(host.operation("GET", "/s/innocent/").send().status, 404);
    assert_eq!(host.operation("GET", "/").send().status, 404);
    assert_eq!(host.get("/metrics").send().status, 404);
    let page = host.operation("GET", "/metrics").send();
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    host.stop();
}

#[test]
fn what_one_service_lacks_leaves_the_others_of_its_plugin_alone() {
    let asks = "[permissions.optional.secrets]\nnames = [\"token\"]\nreason = \"to send it\"\n";
    let lacking = Service::of(&INNOCENT).named("lacking").set("secrets", "{ token = { file = \"absent\" } }");
    let host = TestHost::new().operation().with(Service::of(&INNOCENT).not_installed()).with(lacking.not_installed());
    host.write();
    install_with(host.path(), &INNOCENT, |manifest| format!("{manifest}\n{asks}")).ok();
    let host = host.serve_as_it_is();
    assert_eq!(host.get("/s/innocent/").send().status, 200);
    host.get("/s/lacking/").send().assert(503, "WH2105");
    let ready = host.operation("GET", "/readyz").send().text();
    for words in ["the service `lacking` has no plugin that runs: WH1006 ", "`services.lacking.secrets.token` cannot be read"] {
        assert!(ready.contains(words) && ready.lines().count() == 1, "{ready}");
    }
    let listed = host.wharf(["plugin", "list"]).ok();
    assert!(listed.contains("innocent, lacking (not running for lacking: see the log)"), "{listed}");
    let line = host.log().code("WH1006");
    assert_eq!((line.field("level").as_str(), line.field("services").as_str()), ("ERROR", "lacking"), "{}", line.text());
    host.stop();
}

#[test]
fn a_service_without_its_plugin_is_not_ready_and_says_which() {
    let host = TestHost::new().operation().with(Service::of(&INNOCENT)).with(Service::of(&TRAP).not_installed()).start();
    let answer = host.operation("GET", "/readyz").send();
    let reason = answer.text();
    assert_eq!((answer.status, reason.lines().count()), (503, 1), "{reason}");
    assert!(reason.starts_with("the service `trap` has no plugin that runs: WH1207 wharf.toml:"), "{reason}");
    assert!(reason.ends_with(": plugin `test/trap` is not installed\n"), "{reason}");
    assert_eq!(host.operation("GET", "/healthz").send().status, 200);
    assert_eq!(host.metric("wharf_ready"), 0);
    host.stop();
}

#[test]
fn a_hang_up_ends_nothing() {
    let mut host = host();
    host.process().signal(Signal::HUP);
    host.assert_serves_others();
    host.stop();
}

#[test]
fn the_page_tells_no_secret_and_no_name_of_a_client() {
    let host = host();
    host.get("/s/innocent/?token=hunter2").header("authorization", "Bearer hunter2").send();
    host.get("/hunter2/path").send();
    let page = host.operation("GET", "/metrics").send().text();
    assert!(!page.contains("hunter2") && !page.contains("127.0.0.1"), "{page}");
    let log = host.stop().text();
    assert!(!log.contains("hunter2"), "{log}");
}

/// Policies as sched(7) numbers them.
const SCHED_OTHER: i64 = 0;
const SCHED_IDLE: i64 = 5;
/// The numbers of a thread's nice value and policy in `stat`.
const NICE_AND_POLICY: [usize; 2] = [19, 41];

/// The processors that a thread may run on, as the system lists them: `0-3,5`. `None` if it has ended.
fn processors(thread: &Path) -> Option<String> {
    let status = fs::read_to_string(thread.join("status")).ok()?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    Some(list.expect("a thread has processors").trim().to_owned())
}

#[test]
fn threads_have_the_priorities_and_processors_of_the_documents() {
    let mut host = host();
    let documents = include_str!("../../docs/operation.md");
    let (_, after) = documents.split_once("\n## Threads and processors\n").expect("a chapter");
    let rows = after.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `wharf-"));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split('|').map(str::trim).collect()).collect();
    assert_eq!(rows.len(), 4);
    for row in rows {
        let (name, nice_expected) = (row[1].trim_matches('`'), row[3].parse().expect("a number"));
        let expected = [nice_expected, if row[2].contains("SCHED_IDLE") { SCHED_IDLE } else { SCHED_OTHER }];
        until(name, || {
            let threads = threads(host.process(), name);
            let found: Vec<_> = threads.iter().filter_map(|thread| stat(thread, NICE_AND_POLICY)).collect();
            (!found.is_empty() && found.iter().all(|found| *found == expected)).then_some(())
        });
    }
    let all = sched_getaffinity(None).expect("this thread has processors");
    let mut own: Vec<String> = (0..CpuSet::MAX_CPU).filter(|one| all.is_set(*one)).map(|one| one.to_string()).collect();
    own.sort();
    // With a quota, no thread is bound.
    let is_bound = thread::available_parallelism().is_ok_and(|threads| threads.get() == own.len());
    let unbound = processors(Path::new("/proc/self")).expect("this process goes on");
    until("each request thread has its processor", || {
        let threads = threads(host.process(), "wharf-request");
        let mut found: Vec<_> = threads.iter().filter_map(|thread| processors(thread)).collect();
        found.sort();
        let is_well = if is_bound { found == own } else { found.iter().all(|processors| *processors == unbound) };
        (!found.is_empty() && is_well).then_some(())
    });
    host.stop();
}
