//! The host's own log: on standard error, as text or as JSON lines.
//!
//! One event is one line, whatever a client or a plugin put into it: see [`super::line`]. Identifiers are fields of the
//! lines and not of spans: a span would be made, entered and left for every request, and hardly any request writes a line.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, IsTerminal},
    panic,
    time::Duration,
};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::{
    json::JsonLines,
    line::OneLine,
    queue::{Lines, PATIENCE, Queue},
};
use crate::config::{Level, Log, LogFormat};

/// The target of the line that each request gets at level "debug", or with `access = true`.
pub const ACCESS: &str = "wharf::access";

static QUEUE: Queue = Queue::new();

/// Starts logging. Fails when the system gives no thread for it. The second call in a process changes nothing, which only tests
/// do.
pub fn start(log: &Log) -> io::Result<()> {
    let level = log.level;
    let access = if log.access { Level::Debug } else { level };
    // The engine's and the HTTP library's own chatter is for their developers. hyper warns of each slow client, which the
    // host has already said better.
    let filter = EnvFilter::new(format!("warn,hyper=error,wharf={level},plugin={level},{ACCESS}={access}"));
    let writer = || OneLine(Lines(&QUEUE));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match log.format {
        LogFormat::Json => registry.with(fmt::layer().event_format(JsonLines).with_writer(writer)).try_init(),
        LogFormat::Text => registry.with(fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(writer)).try_init(),
    };
    match started {
        Ok(()) => QUEUE.start()?,
        Err(_) => return Ok(()),
    }
    // A panic ends the process: it is a line of the log, after all that led to it.
    panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| tracing::field::display(&backtrace));
        tracing::error!(backtrace, "{panic}");
        QUEUE.settle();
    }));
    Ok(())
}

/// Lines that were lost because nobody read them, or that could not be written.
pub fn lost() -> u64 {
    QUEUE.lost()
}

/// How long [`end`] takes at most.
pub const END: Duration = PATIENCE;

/// Waits until the log is written: the last thing that a process does.
pub fn end() {
    QUEUE.settle();
}
