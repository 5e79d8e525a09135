//! What is counted: once for the host, and once for each service.

use super::metric::{ByWord, Counter, Gauge, Histogram, MEMORY, WORK};

/// The host's numbers.
#[derive(Debug, Default)]
pub struct Metrics {
    pub connections: std::sync::Arc<Connections>,
    /// Requests that were answered before their service was known: they named none, or were refused or answered without one.
    pub unaddressed: Requests,
    /// Compilations, by how they ended.
    pub compilations: ByWord,
    pub compile_seconds: Histogram,
}

/// What goes on at the listener.
#[derive(Debug, Default)]
pub struct Connections {
    pub open: Gauge,
    pub accepted: Counter,
    /// Closed at once, by the limit that was reached.
    pub refused: ByWord,
    /// Ended by the host before their time, by the limit that was hit.
    pub ended: ByWord,
    /// Requests that could not be read; their clients got a bare answer, if any.
    pub unreadable: Counter,
    /// TLS handshakes that came to nothing.
    pub handshakes_failed: Counter,
    /// New certificates, `replaced` or `refused`.
    pub certificates: ByWord,
    /// Bytes from and to clients, without the overhead of TLS.
    pub bytes_in: Counter,
    pub bytes_out: Counter,
}

/// The requests of one service, and its plugin's calls.
#[derive(Debug)]
pub struct Requests {
    pub in_flight: Gauge,
    /// Answers by the first digit of their status, from 1 on.
    pub answers: [Counter; 5],
    /// Those that were not answered: the client left, or its connection was cut.
    pub abandoned: Counter,
    /// From the end of the request's head to the last byte of the answer.
    pub seconds: Histogram,
    /// Processor time of calls, those of messages too.
    pub cpu: Histogram,
    /// The most that a call's memories and tables came to.
    pub memory: Histogram,
    /// Requests that were refused before a plugin ran, by cause.
    pub refusals: ByWord,
    /// Calls that gave no answer, or not all of it, by kind; all [`FAILURES`] are shown from the start.
    pub failures: ByWord,
    /// Limits that requests or calls ran into, by the limit's name in the configuration.
    pub limit_hits: ByWord,
}

/// What a call may fail with, as `Failure::kind` of the runtime says it.
pub const FAILURES: [&str; 6] = ["error", "trap", "limit", "body", "invalid", "host"];

impl Default for Requests {
    fn default() -> Self {
        Self {
            in_flight: Gauge::default(),
            answers: Default::default(),
            abandoned: Counter::default(),
            seconds: Histogram::default(),
            cpu: Histogram::new(&WORK),
            memory: Histogram::new(&MEMORY),
            refusals: ByWord::default(),
            failures: ByWord::starting(&FAILURES),
            limit_hits: ByWord::default(),
        }
    }
}

impl Requests {
    /// Counts an answer by its status.
    pub fn answered(&self, status: http::StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, self.answers.len());
        self.answers[class - 1].add(1);
    }

    /// Counts a call that gave no answer, or not all of it, and the limit it ran into, if it did.
    pub fn failed(&self, kind: &'static str, limit: Option<&'static str>) {
        self.failures.add(kind);
        if let Some(limit) = limit {
            self.limit_hits.add(limit);
        }
    }
}
