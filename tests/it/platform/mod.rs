//! What this host asks of a platform, and what it makes of the answers.

mod client;
mod embedded;
pub(crate) mod failures;
