//! The line between a platform and a plugin that do as they are told, with a time that stands still until a test sets it.

mod dispatch;
mod handling;
mod platform;
mod purge;
mod stage;
