//! A body that a plugin hands on as it came, its request's or another server's: the host pumps it when the guest has ended, and
//! counts it like one that the plugin has written.

use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, StatusCode};

use super::{
    call::{Late, within},
    meter::{Breach, Limit},
    outcome::{Failure, Outcome},
};
use crate::{
    codes::told,
    reader::{BodyReader, MAX_READ, ReadError},
};

/// A response whose body has not been read.
pub(super) struct Passed {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) reader: BodyReader,
    /// Bytes that the response may have.
    pub(super) allowed: u64,
}

/// What breaks a response off.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(Failure);

impl Passed {
    /// The response. What is wrong with the caller's own body is still his answer while nothing of it has gone out, so its first
    /// bytes are waited for until the call's deadline, which is `time` after it began; another server's may come whenever they
    /// come, and the head does not wait for them, unless it is known that not all will.
    pub(super) async fn on(self, deadline: Instant, time: Duration, late: Late) -> Outcome {
        let Self { status, headers, mut reader, allowed } = self;
        if let Err(failure) = within(reader.left().unwrap_or(0), allowed) {
            return Outcome::Failed(failure);
        }
        let mut first = None;
        if let Some(why) = reader.failure() {
            return Outcome::Failed(lost(why, reader.is_the_callers()));
        }
        if reader.is_the_callers() {
            match tokio::time::timeout_at(deadline.into(), reader.read(MAX_READ)).await {
                Ok(Ok(bytes)) => first = bytes,
                Ok(Err(why)) => return Outcome::Failed(lost(why, true)),
                Err(_) => {
                    let asked = time + Instant::now().saturating_duration_since(deadline);
                    return Outcome::Failed(Failure::BodyLate { asked, allowed: time });
                }
            }
        }
        Outcome::Response { status, headers, body: rest(first, reader, allowed, late) }
    }
}

/// What it means that the body of the caller, or another server's, could not be read on.
fn lost(why: ReadError, callers: bool) -> Failure {
    match why {
        ReadError::TooLarge { asked, allowed } => Failure::BodyTooLarge { asked, allowed },
        ReadError::AnswerTooLarge { asked, allowed } => Failure::Breached(Breach { limit: Limit::BodyIn, asked, allowed }),
        why if callers => Failure::BodyLost(why),
        // What the plugin would have been told, had it read it.
        ReadError::Gone | ReadError::Slow(_) => {
            let message = "another server's body, which the plugin hands on, broke off".to_owned();
            Failure::Error { code: told::BODY_GONE.id.to_owned(), message, retry_after: None }
        }
    }
}

/// The body, cut off where it goes over `allowed`.
fn rest(first: Option<Bytes>, reader: BodyReader, allowed: u64, late: Late) -> Body {
    Body::from_stream(stream::try_unfold((first, reader, 0, late), move |(first, mut reader, sent, late)| async move {
        let next = match first {
            Some(bytes) => Ok(Some(bytes)),
            None => reader.read(MAX_READ).await.map_err(|why| lost(why, reader.is_the_callers())),
        };
        let within = next.and_then(|next| {
            let sent = sent + next.as_ref().map_or(0, |bytes| bytes.len() as u64);
            within(sent, allowed).map(|()| next.map(|bytes| (bytes, sent)))
        });
        match within {
            Ok(next) => Ok(next.map(|(bytes, sent)| (bytes, (None, reader, sent, late)))),
            Err(failure) => {
                late.broke_off(&failure);
                Err(Broken(failure))
            }
        }
    }))
}
