//! Lines for the operator's log: `info!("saved {id}")`, by the usual macros.
//!
//! ```
//! use wharf_sdk::prelude::*;
//!
//! #[delete("/items/{id}")]
//! fn delete_item(id: String) -> Result<()> {
//!     info!("deleting {id}");
//!     if !kv::store("items")?.delete(&id)? {
//!         // Fields before the semicolon: what a program searches for.
//!         warn!(item = id; "there was nothing to delete");
//!     }
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! The text is made only when somebody reads that level. The host adds plugin and request; it cuts long lines and drops floods,
//! both with a count. What a plugin prints, a panic's text included, reaches the same log.

use std::fmt;

use crate::sys;

#[doc(no_inline)]
pub use crate::{debug, error, info, trace, warn};

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// What helps to find a mistake.
    Debug,
    /// What happened.
    Info,
    /// What should not happen.
    Warn,
    /// What went wrong.
    Error,
}

/// Whether anybody reads lines of this level: worth asking before costly preparations only.
#[must_use]
pub fn enabled(level: Level) -> bool {
    sys::log::enabled(level)
}

/// Behind the macros.
#[doc(hidden)]
pub fn write(level: Level, message: fmt::Arguments<'_>, fields: &[(&str, &dyn fmt::Display)]) {
    let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
    sys::log::write(level, &message.to_string(), &fields);
}

/// Writes a line at level `error`: something went wrong. See [`log`](crate::log).
#[macro_export]
macro_rules! error {
    ($($line:tt)+) => { $crate::__log!($crate::log::Level::Error, $($line)+) };
}

/// Writes a line at level `warn`: something that should not happen. See [`log`](crate::log).
#[macro_export]
macro_rules! warn {
    ($($line:tt)+) => { $crate::__log!($crate::log::Level::Warn, $($line)+) };
}

/// Writes a line at level `info`: something happened. See [`log`](crate::log).
#[macro_export]
macro_rules! info {
    ($($line:tt)+) => { $crate::__log!($crate::log::Level::Info, $($line)+) };
}

/// Writes a line at level `debug`: what helps to find a mistake. See [`log`](crate::log).
#[macro_export]
macro_rules! debug {
    ($($line:tt)+) => { $crate::__log!($crate::log::Level::Debug, $($line)+) };
}

/// Writes a line at level `trace`: every step. See [`log`](crate::log).
#[macro_export]
macro_rules! trace {
    ($($line:tt)+) => { $crate::__log!($crate::log::Level::Trace, $($line)+) };
}

// The arguments stand behind the question, so that they are not even computed for a line nobody reads.
#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:expr, $($name:ident = $value:expr),+ ; $($message:tt)+) => {
        if $crate::log::enabled($level) {
            $crate::log::write(
                $level,
                ::core::format_args!($($message)+),
                &[$((::core::stringify!($name), &$value as &dyn ::core::fmt::Display)),+],
            );
        }
    };
    ($level:expr, $($message:tt)+) => {
        if $crate::log::enabled($level) {
            $crate::log::write($level, ::core::format_args!($($message)+), &[]);
        }
    };
}
