//! How the host is told to stop: once in order, a second time at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// SIGINT and SIGTERM, watched from when this is made: none is lost between two waits. SIGHUP, which would end a process that
/// does not watch for it, means to look at the TLS certificate again, and nothing where there is none.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    _hang_up: Signal,
}

impl Signals {
    /// Fails if the system does not let this process watch for them.
    pub fn watch() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            _hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one and returns its name. Cancelling loses none.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// What a listener is told.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Take nothing new, finish what is in flight.
    pub drain: CancellationToken,
    /// End now.
    pub cut: CancellationToken,
}
