//! The host's own log: on standard error, as text or as JSON lines.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Level, Log, LogFormat};

/// Starts logging. The second call in a process changes nothing, which only tests do.
pub fn start(log: &Log) {
    let level = match log.level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    // The engine's and the HTTP library's own chatter is for their developers.
    let filter = EnvFilter::new(format!("warn,wharf={level},plugin={level}"));
    let writer = std::io::stderr;
    let registry = tracing_subscriber::registry().with(filter);
    let started = match log.format {
        LogFormat::Json => registry.with(fmt::layer().json().flatten_event(true).with_writer(writer)).try_init(),
        LogFormat::Text => registry.with(fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(writer)).try_init(),
    };
    drop(started);
}
