//! A body that a plugin hands on as it came, its request's or another server's: the host pumps it when the guest has ended, and
//! counts it like one that the plugin has written.

use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, StatusCode};

use super::{
    call::{Late, within},
    outcome::{Failure, Outcome},
};
use crate::reader::{BodyReader, MAX_READ, ReadError};

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
enum Broken {
    #[error("{0}")]
    Lost(ReadError),
    #[error("{0}")]
    TooLarge(Failure),
}

impl Passed {
    /// The response. What is wrong with the caller's own body is still his answer while nothing of it has gone out, so its first
    /// bytes are waited for until the call's deadline, which is `time` after it began; another server's may come whenever they
    /// come, and the head does not wait for them.
    pub(super) async fn on(self, deadline: Instant, time: Duration, late: Late) -> Outcome {
        let Self { status, headers, mut reader, allowed } = self;
        if let Err(failure) = within(reader.left().unwrap_or(0), allowed) {
            return Outcome::Failed(failure);
        }
        let mut first = None;
        if reader.is_the_callers() {
            match tokio::time::timeout_at(deadline.into(), reader.read(MAX_READ)).await {
                Ok(Ok(bytes)) => first = bytes,
                Ok(Err(ReadError::TooLarge { asked, allowed })) => {
                    return Outcome::Failed(Failure::BodyTooLarge { asked, allowed });
                }
                Ok(Err(why)) => return Outcome::Failed(Failure::BodyLost(why)),
                Err(_) => {
                    let asked = time + Instant::now().saturating_duration_since(deadline);
                    return Outcome::Failed(Failure::BodyLate { asked, allowed: time });
                }
            }
        }
        Outcome::Response { status, headers, body: rest(first, reader, allowed, late) }
    }
}

/// The body, cut off where it goes over `allowed`.
fn rest(first: Option<Bytes>, reader: BodyReader, allowed: u64, late: Late) -> Body {
    Body::from_stream(stream::try_unfold((first, reader, 0, late), move |(first, mut reader, sent, late)| async move {
        let next = match first {
            Some(bytes) => Some(bytes),
            None => reader.read(MAX_READ).await.map_err(Broken::Lost)?,
        };
        let Some(bytes) = next else { return Ok(None) };
        let sent = sent + bytes.len() as u64;
        if let Err(failure) = within(sent, allowed) {
            late.broke_off(&failure);
            return Err(Broken::TooLarge(failure));
        }
        Ok(Some((bytes, (None, reader, sent, late))))
    }))
}
