//! What this host asks of a platform, what it makes of the answers, and the platform in this host.

mod client;
pub(crate) mod embedded;
pub(crate) mod failures;
mod modes;
