//! What stands on `/metrics`. The table for its readers is in `docs/operation.md`.

use std::{iter, time::Duration};

use super::Health;
use crate::{
    message::{Status, TROUBLES},
    observe::{
        exposition::{Family, Page},
        log,
        metric::ByWord,
        metrics::Requests,
    },
    store::messages::State,
};

/// How long the page waits for the store.
const PATIENCE: Duration = Duration::from_secs(5);

/// All numbers of the host, as they are now.
///
/// Cancellation: harmless.
pub(super) async fn page(health: &Health) -> String {
    let told = told(health).await;
    let mut page = Page::default();
    host(&mut page, health);
    connections(&mut page, health);
    requests(&mut page, health);
    permits(&mut page, health);
    compilations(&mut page, health);
    messages(&mut page, &told);
    platform(&mut page, health);
    store(&mut page, health);
    page.into_text()
}

fn host(page: &mut Page, health: &Health) {
    page.gauge("wharf_info", "The version of the host; always 1.").sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    let ready = u8::from(health.unready().is_empty());
    page.gauge("wharf_ready", "Whether clients may come, as /readyz says.").sample(&[], ready);
    if let Some(bytes) = resident() {
        page.gauge("wharf_resident_memory_bytes", "Memory of the process that is in RAM.").sample(&[], bytes);
    }
    page.counter("wharf_log_lines_lost_total", "Lines of the log that nobody read in time, or that could not be written.")
        .sample(&[], log::lost());
}

fn connections(page: &mut Page, health: &Health) {
    let connections = &health.app.metrics.connections;
    page.gauge("wharf_connections", "Connections that are open.").sample(&[], connections.open.get());
    page.counter("wharf_connections_accepted_total", "Connections that were let in.").sample(&[], connections.accepted.get());
    let mut refused = page.counter("wharf_connections_refused_total", "Connections closed at once, by the limit reached.");
    by_word(&mut refused, &[], "limit", &connections.refused);
    let mut ended = page.counter("wharf_connections_ended_total", "Connections and bodies given up, by the limit hit.");
    by_word(&mut ended, &[], "limit", &connections.ended);
    page.counter("wharf_requests_unreadable_total", "Requests that could not be read, and got a bare answer if any.")
        .sample(&[], connections.unreadable.get());
    page.counter("wharf_tls_handshakes_failed_total", "TLS handshakes that came to nothing.")
        .sample(&[], connections.handshakes_failed.get());
    let mut certificates =
        page.counter("wharf_tls_certificates_total", "New certificates that were found, by what became of them.");
    by_word(&mut certificates, &[], "result", &connections.certificates);
    let mut bytes = page.counter("wharf_bytes_total", "Bytes from (in) and to (out) clients, without TLS.");
    bytes.sample(&[("direction", "in")], connections.bytes_in.get());
    bytes.sample(&[("direction", "out")], connections.bytes_out.get());
}

/// `-`, which has the requests that named no service, and each service with its own.
fn services(health: &Health) -> Vec<(&str, &Requests)> {
    let addressed = health.app.services.iter().map(|service| (service.key.as_str(), &*service.requests));
    iter::once(("-", &health.app.metrics.unaddressed)).chain(addressed).collect()
}

fn requests(page: &mut Page, health: &Health) {
    let services = services(health);
    let mut answers = page.counter("wharf_requests_total", "Requests, by the class of their answer's status.");
    for (service, requests) in &services {
        for (class, answers_of) in ["1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().zip(&requests.answers).skip(1) {
            answers.sample(&[("service", service), ("status", class)], answers_of.get());
        }
        answers.sample(&[("service", service), ("status", "abandoned")], requests.abandoned.get());
    }
    let mut seconds = page.histogram("wharf_request_seconds", "From the end of a request's head to the last byte of its answer.");
    for (service, requests) in &services {
        seconds.observed(&[("service", service)], &requests.seconds);
    }
    let mut in_flight = page.gauge("wharf_requests_in_flight", "Requests that are not yet answered to the last byte.");
    for (service, requests) in &services {
        in_flight.sample(&[("service", service)], requests.in_flight.get());
    }
    // What names no service calls no plugin.
    let mut cpu = page.histogram("wharf_call_cpu_seconds", "Processor time of calls of the plugin.");
    for (service, requests) in &services[1..] {
        cpu.observed(&[("service", service)], &requests.cpu);
    }
    let mut memory = page.histogram("wharf_call_memory_bytes", "The most memory that a call of the plugin had.");
    for (service, requests) in &services[1..] {
        memory.observed(&[("service", service)], &requests.memory);
    }
    let mut refusals = page.counter("wharf_refusals_total", "Requests refused before a plugin ran, by cause.");
    for (service, requests) in &services {
        by_word(&mut refusals, &[("service", service)], "cause", &requests.refusals);
    }
    let mut failures = page.counter("wharf_failures_total", "Calls without an answer, or not all of it, by kind.");
    for (service, requests) in &services {
        by_word(&mut failures, &[("service", service)], "kind", &requests.failures);
    }
    let mut limits = page.counter("wharf_limit_hits_total", "Limits that requests and calls ran into.");
    for (service, requests) in &services {
        by_word(&mut limits, &[("service", service)], "limit", &requests.limit_hits);
    }
}

fn permits(page: &mut Page, health: &Health) {
    let host = &health.app.permits;
    let mut permits = page.gauge("wharf_pool_permits", "Permits of the host, counted in core instances.");
    permits.sample(&[("state", "free")], host.available());
    permits.sample(&[("state", "taken")], host.all().saturating_sub(host.available()));
    let loaded: Vec<_> =
        health.app.services.iter().filter_map(|service| Some((service.key.as_str(), service.current.load_full()?))).collect();
    let mut permits = page.gauge("wharf_service_permits", "Permits of a service's plugin: calls that could run, and do.");
    for (service, installed) in &loaded {
        let (free, all) = (installed.permits.available(), installed.permits.all());
        permits.sample(&[("service", service), ("state", "free")], free);
        permits.sample(&[("service", service), ("state", "taken")], all.saturating_sub(free));
    }
    let mut waiting = page.gauge("wharf_service_waiting", "Requests that wait for a permit of their service.");
    for (service, installed) in &loaded {
        waiting.sample(&[("service", service)], installed.permits.waiting());
    }
}

fn compilations(page: &mut Page, health: &Health) {
    let metrics = &health.app.metrics;
    let mut total = page.counter("wharf_compilations_total", "Components compiled, by result.");
    by_word(&mut total, &[], "result", &metrics.compilations);
    page.histogram("wharf_compile_seconds", "How long compiling a component took.").observed(&[], &metrics.compile_seconds);
}

/// The services that have messages; none of them where the store cannot be read. It keeps their counts, so that a page costs the
/// same however many there are.
async fn told(health: &Health) -> Vec<Status> {
    let Some(messages) = health.app.messages.get() else { return Vec::new() };
    match tokio::time::timeout(PATIENCE, messages.status()).await {
        Ok(Ok(services)) => services,
        Ok(Err(error)) => {
            tracing::error!(error = %error.problem(), "the numbers of messages cannot be read, and are not on the page");
            Vec::new()
        }
        Err(_) => {
            tracing::error!("the numbers of messages cannot be read in {PATIENCE:?}, and are not on the page");
            Vec::new()
        }
    }
}

fn messages(page: &mut Page, services: &[Status]) {
    let mut messages = page.gauge("wharf_messages", "Messages of a service that are stored, by their state.");
    for service in services {
        for state in State::ALL {
            let count = service.counts.get(&state).copied().unwrap_or_default();
            messages.sample(&[("service", &service.service), ("state", state.as_str())], count);
        }
    }
    let mut paused = page.gauge("wharf_messages_paused", "Whether the platform does not accept the service's access token.");
    for service in services {
        paused.sample(&[("service", &service.service)], u8::from(service.paused.is_some()));
    }
    let mut trouble = page.gauge(
        "wharf_messages_trouble",
        "Whether calls of this kind to the platform fail at present, or its list is longer than is read.",
    );
    for service in services {
        for call in TROUBLES {
            trouble.sample(&[("service", &service.service), ("call", call)], u8::from(service.trouble.contains_key(call)));
        }
    }
}

fn platform(page: &mut Page, health: &Health) {
    let mut calls = page.counter("wharf_platform_calls_total", "Calls to the platform, by what came of them.");
    for (call, outcomes) in health.app.platform.calls().get() {
        by_word(&mut calls, &[("call", call)], "outcome", outcomes);
    }
}

fn store(page: &mut Page, health: &Health) {
    let (stats, well) = (health.store.stats(), u8::from(health.store.is_well()));
    page.gauge("wharf_store_well", "Whether the store takes writes.").sample(&[], well);
    page.counter("wharf_store_writes_total", "Writes that were committed.").sample(&[], stats.writes.get());
    page.counter("wharf_store_refused_writes_total", "Writes that were refused or failed.").sample(&[], stats.refused.get());
    page.histogram("wharf_store_commit_seconds", "How long a commit took, of one write or of many, with its sync.")
        .observed(&[], &stats.commit_seconds);
}

fn by_word(family: &mut Family<'_>, labels: &[(&str, &str)], name: &str, counters: &ByWord) {
    for (word, count) in counters.get() {
        let mut labels = labels.to_vec();
        labels.push((name, word));
        family.sample(&labels, count);
    }
}

/// What the kernel says; `None` where it does not say it this way.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB")?.trim().parse::<u64>().ok())?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The words that begin with `wharf_` after each `mark`.
    fn names(text: &str, mark: char) -> BTreeSet<&str> {
        let begin = format!("{mark}wharf_");
        let starts = text.match_indices(&begin).map(|(at, _)| &text[at + 1..]);
        starts.filter_map(|rest| rest.split_once(mark).map(|(name, _)| name)).filter(|name| name.len() > 6).collect()
    }

    #[test]
    fn the_documentation_names_every_metric() {
        let code = names(include_str!("page.rs"), '"');
        assert_eq!(code, names(include_str!("../../../docs/operation.md"), '`'));
        assert!(code.len() > 20, "{code:?}");
    }
}
