//! What came of a call.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, StatusCode};

use super::{meter::Breach, reply::Head};

/// The end of a call, or the head of a response that is still being written.
#[derive(Debug)]
pub enum Outcome {
    /// The guest returned a response; the instance is gone.
    Response {
        status: StatusCode,
        headers: HeaderMap,
        body: Body,
    },
    /// The guest started a streamed response and goes on running, tied to its body.
    Streaming(Head),
    Failed(Failure),
}

/// Why a call gave no response. The text of every variant is for the log alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The guest returned the contract's `error`.
    #[error("the plugin returned the error `{code}`: {message}")]
    Error { code: String, message: String, retry_after: Option<Duration> },
    /// The guest panicked or trapped; `stderr` is what it wrote last.
    #[error("the plugin crashed: {trap}")]
    Trapped { trap: String, stderr: String },
    /// The guest ran into a limit.
    #[error("the plugin ran into its limit `{}`: asked for {}, allowed are {}", .0.limit.as_str(), .0.asked, .0.allowed)]
    Breached(Breach),
    /// The call's time was up.
    #[error("the plugin did not finish within {} ms", allowed.as_millis())]
    Wall { allowed: Duration },
    /// What the guest returned is not HTTP.
    #[error("the plugin's response is not valid: {0}")]
    Invalid(String),
    /// The request's body went over the route's limit while the guest was reading it.
    #[error("the request's body is larger than the route accepts")]
    BodyTooLarge,
    /// The host's own fault.
    #[error("the host failed: {0}")]
    Host(String),
}
