//! What the host tells of itself: its [`log`], and the numbers behind `/metrics`.
//!
//! Every layer may count and log, so this is below all of them and knows none: [`metric`] has the three kinds of numbers, each
//! [`striped`]; [`metrics`] has those of the host and of a service, [`exposition`] writes them down. The page itself is put
//! together, and served, by `operation/`.
//!
//! **Guarantees.** A number costs a few nanoseconds to count and no lock, but for those of refusals and failures. Labels are
//! service keys of the configuration and words of this program: no client or plugin can make a new one. Neither secrets nor
//! bodies nor queries are logged.

pub mod log;
mod queue;
pub mod line;
pub mod json;
pub mod striped;
pub mod metric;
pub mod metrics;
pub mod exposition;
