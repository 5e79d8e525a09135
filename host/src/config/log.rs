//! `[log]`: the host's own log.

use std::fmt;

use crate::toml_reader::{
    Table,
    values::{boolean, choice},
};

/// The host's own log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// The least important lines that are written.
    pub level: Level,
    /// Whether every request gets a line, whatever the level.
    pub access: bool,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// How important a line of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something is broken.
    Error,
    /// Something wants attention.
    Warn,
    /// What an operator follows.
    Info,
    /// What explains one request.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// The word in the configuration, which log filters understand too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

pub(super) fn read(table: &Table<'_>) -> Log {
    let levels = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace].map(|level| (level.as_str(), level));
    Log {
        // A person starts the host first; a collector is set up later.
        format: table.or("format", LogFormat::Text, choice(&[("text", LogFormat::Text), ("json", LogFormat::Json)])),
        level: table.or("level", Level::Info, choice(&levels)),
        // A line costs more than many a call, and says whom somebody called: that is for the operator to want.
        access: table.or("access", false, boolean),
    }
}
