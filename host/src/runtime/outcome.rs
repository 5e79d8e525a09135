//! What came of a call.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, StatusCode};

use super::{meter::Breach, reply::Head};
use crate::{bindings::types, capabilities::log, reader::ReadError, units::millis};

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
    /// The guest panicked or trapped: why, in which of its functions, and what it said last.
    #[error("the plugin crashed: {trap}")]
    Trapped { trap: String, at: String, said: String },
    /// The guest ran into a limit.
    #[error("the plugin ran into its limit `{}`: asked for {}, allowed are {}", .0.limit.as_str(), .0.asked, .0.allowed)]
    Breached(Breach),
    /// The call's time was up.
    #[error("the plugin did not finish within {} ms", allowed.as_millis())]
    Wall { asked: Duration, allowed: Duration },
    /// The call's time was up while the guest waited for the request's body.
    #[error("the request's body had not arrived when the call's {} ms were up", allowed.as_millis())]
    BodyLate { asked: Duration, allowed: Duration },
    /// What the guest returned is not HTTP.
    #[error("the plugin's response is not valid: {0}")]
    Invalid(String),
    /// The request's body went over the route's limit while the guest was reading it.
    #[error("the request's body is larger than the route accepts")]
    BodyTooLarge { asked: u64, allowed: u64 },
    /// The request's body broke off, or was given up because it came too slowly, while the guest was reading it.
    #[error("{0}")]
    BodyLost(ReadError),
    /// The host's own fault.
    #[error("the host failed: {0}")]
    Host(String),
}

impl From<types::Error> for Failure {
    fn from(error: types::Error) -> Self {
        let types::Error { code, message, retry_after_ms } = error;
        Self::Error { code, message, retry_after: retry_after_ms.map(Duration::from_millis) }
    }
}

/// What the log shows of a failure beside its text, as fields.
#[derive(Debug, Default)]
pub struct Details {
    /// The limit it is about, by its name in the configuration.
    pub limit: Option<&'static str>,
    /// What the call wanted to have, in the limit's unit.
    pub asked: Option<u64>,
    pub allowed: Option<u64>,
    /// What a crashed guest said last: its panic's text.
    pub said: Option<String>,
    /// The functions in which it crashed.
    pub at: Option<String>,
}

impl Failure {
    pub fn details(&self) -> Details {
        match self {
            Self::Breached(Breach { limit, asked, allowed }) => {
                Details { limit: Some(limit.as_str()), asked: Some(*asked), allowed: Some(*allowed), ..Details::default() }
            }
            // Rounded up, so that what was asked for is more than what is allowed.
            Self::Wall { asked, allowed } | Self::BodyLate { asked, allowed } => Details {
                limit: Some("wall"),
                asked: Some(millis(*asked).saturating_add(1)),
                allowed: Some(millis(*allowed)),
                ..Details::default()
            },
            Self::BodyTooLarge { asked, allowed } => {
                Details { limit: Some("body-in"), asked: Some(*asked), allowed: Some(*allowed), ..Details::default() }
            }
            Self::Trapped { said, at, .. } => {
                let told = |text: &str| (!text.is_empty()).then(|| log::cut(text, log::MAX_TEXT));
                Details { said: told(the_last(said, log::MAX_TEXT)), at: told(at), ..Details::default() }
            }
            Self::BodyLost(ReadError::Slow(limit)) => Details { limit: Some(limit), ..Details::default() },
            Self::Error { .. } | Self::BodyLost(_) | Self::Invalid(_) | Self::Host(_) => Details::default(),
        }
    }

    /// Its text for the log, of bounded length and without control characters: much of it can be the guest's.
    pub fn text(&self) -> String {
        log::cut(&self.to_string(), log::MAX_TEXT)
    }

    /// Whether it is the client's doing: then nobody has to look at the plugin.
    pub fn is_clients(&self) -> bool {
        matches!(self, Self::BodyTooLarge { .. } | Self::BodyLate { .. } | Self::BodyLost(_))
    }

    /// All of it in one text for the operator, of bounded length and without control characters: of a crash the guest's last
    /// words first, then why, then where.
    pub fn reason(&self) -> String {
        /// Of a text that a guest has made.
        const MOST: usize = 1 << 10;
        let Self::Trapped { trap, at, said } = self else { return log::cut(&self.to_string(), MOST) };
        let mut reason = match said.as_str() {
            "" => "the plugin crashed: ".to_owned(),
            said => format!("the plugin crashed and said last: {}; ", log::cut(the_last(said, MOST), MOST)),
        };
        reason.push_str(&log::cut(trap, MOST));
        if !at.is_empty() {
            reason.push_str(&format!("; in {}", log::cut(at, MOST)));
        }
        reason
    }

    /// One word for each kind, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Error { .. } => "error",
            Self::Trapped { .. } => "trap",
            Self::Breached(_) | Self::Wall { .. } | Self::BodyTooLarge { .. } => "limit",
            Self::BodyLate { .. } | Self::BodyLost(_) => "body",
            Self::Invalid(_) => "invalid",
            Self::Host(_) => "host",
        }
    }
}

/// The last bytes of a text, `most` of them at most: a panic comes last.
fn the_last(text: &str, most: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(most))..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_bounded_and_has_the_panic() {
        let said = format!("{}panicked: no room", "at work | ".repeat(9_000));
        let crashed = Failure::Trapped { trap: "unreachable".to_owned(), at: String::new(), said };
        let Details { said, at, .. } = crashed.details();
        assert!(said.is_some_and(|said| said.len() == log::MAX_TEXT && said.ends_with("panicked: no room")));
        assert_eq!(at, None);
        let error = Failure::Error { code: "a".to_owned(), message: "b\n".repeat(9_000), retry_after: None }.text();
        assert!(error.len() < 3 * log::MAX_TEXT && error.contains("`a`: b\\nb") && error.ends_with("bytes more)"), "{error}");
    }

    #[test]
    fn a_reason_is_bounded_and_begins_with_what_a_crashed_guest_said_last() {
        let crashed =
            |said: String, at: &str| Failure::Trapped { trap: "unreachable".to_owned(), at: at.to_owned(), said }.reason();
        let reason = crashed(format!("{}panicked at src/lib.rs:1: no\troom", "é".repeat(9_000)), &"a < b".repeat(900));
        assert!(reason.starts_with("the plugin crashed and said last: é"), "{reason}");
        assert!(reason.contains("panicked at src/lib.rs:1: no\\troom; unreachable; in a < ba < b"), "{reason}");
        assert!(reason.len() < 2_300, "{}", reason.len());
        assert_eq!(crashed(String::new(), ""), "the plugin crashed: unreachable");
        let long = Failure::Error { code: "a".repeat(5_000), message: String::new(), retry_after: None }.reason();
        assert!(long.ends_with("bytes more)") && long.len() < 1_100, "{}", long.len());
    }
}
