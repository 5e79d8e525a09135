//! A component's response on its way out: whole where the component was done with it at once, else chunk by chunk.

use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode, header::CONTENT_LENGTH};
use http_body::{Body as _, Frame};
use wasmtime_wasi_http::{Error, WasiBody};

use super::super::{
    call::Answer,
    meter::{Breach, Limit},
    outcome::Failure,
    reply::{Head, HeadSender, WriteError, Writer, reply},
    state::is_hop_by_hop,
};

/// The response of a component that has ended. All there will ever be of its body is there by now.
pub(super) fn whole(response: Response<WasiBody>, limit: u64) -> Result<Answer, Failure> {
    let (status, mut headers, mut body) = take_apart(response)?;
    // What the host sends is as long as it is.
    headers.remove(CONTENT_LENGTH);
    let mut bytes = Bytes::new();
    loop {
        match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(Ok(frame))) => {
                let next = frame.into_data().unwrap_or_default();
                bytes = if bytes.is_empty() { next } else { BytesMut::from_iter(bytes.iter().chain(&next)).freeze() };
            }
            Poll::Ready(Some(Err(error))) => return Err(unfinished(&error)),
            Poll::Ready(None) => break,
            Poll::Pending => return Err(Failure::Invalid(UNFINISHED.to_owned())),
        }
    }
    let asked = bytes.len() as u64;
    if asked > limit {
        return Err(Failure::Breached(Breach { limit: Limit::BodyOut, asked, allowed: limit }));
    }
    Ok(Answer::Response { status, headers, body: Body::from(bytes) })
}

/// Sends the head, and returns what is to be done for the body while the component goes on.
pub(super) fn start(response: Response<WasiBody>, head: HeadSender, limit: u64) -> Result<Pump, Failure> {
    let (status, mut headers, source) = take_apart(response)?;
    let announced: Option<u64> = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if let Some(asked) = announced.filter(|length| *length > limit) {
        return Err(Failure::Breached(Breach { limit: Limit::BodyOut, asked, allowed: limit }));
    }
    if announced.is_none_or(|length| length == 0) {
        // A response of no length is over with its head, whatever comes of its body.
        headers.remove(CONTENT_LENGTH);
    }
    let (writer, body) = reply(limit);
    // A caller who has left is seen at the first chunk.
    let _ = head.send(Head { status, headers, body });
    Ok(Pump { source, writer, limit, announced })
}

const UNFINISHED: &str = "its body was left unfinished";
const OTHER_LENGTH: &str = "its body is not as long as its `content-length` says";

fn unfinished(error: &Error) -> Failure {
    Failure::Invalid(match error {
        // What the bindings make of a body that is dropped.
        Error::HttpProtocolError => UNFINISHED.to_owned(),
        error => format!("its body broke off: {error}"),
    })
}

/// Status and headers as they may leave.
fn take_apart(response: Response<WasiBody>) -> Result<(StatusCode, HeaderMap, WasiBody), Failure> {
    let (mut parts, body) = response.into_parts();
    if parts.status.is_informational() {
        return Err(Failure::Invalid(format!("{} is not a final HTTP status", parts.status.as_u16())));
    }
    let hops: Vec<_> = parts.headers.keys().filter(|name| is_hop_by_hop(name)).cloned().collect();
    for name in hops {
        parts.headers.remove(name);
    }
    Ok((parts.status, parts.headers, body))
}

/// Takes the body from the component as fast as the caller takes it from the host.
pub(super) struct Pump {
    source: WasiBody,
    writer: Writer,
    limit: u64,
    /// The length that the head tells, if it does: what comes is held to it.
    announced: Option<u64>,
}

impl Pump {
    /// Until the end of the body, or of the caller's interest. `ended` says that the component has: who has not finished its body
    /// by then never will, and must not look as if.
    ///
    /// Cancelling, like every failure, cuts the reply off.
    pub(super) async fn run(self, ended: &AtomicBool) -> Result<(), Failure> {
        let Self { mut source, mut writer, limit, announced } = self;
        let mut left = announced.unwrap_or(u64::MAX);
        loop {
            match next(&mut source, ended).await {
                Some(Ok(frame)) => {
                    let chunk = frame.into_data().unwrap_or_default();
                    left = left.checked_sub(chunk.len() as u64).ok_or_else(|| Failure::Invalid(OTHER_LENGTH.to_owned()))?;
                    match writer.write(chunk).await {
                        Ok(()) => {}
                        // The component sees that its body is read no more.
                        Err(WriteError::Gone) => return Ok(()),
                        Err(WriteError::TooLarge(over)) => {
                            let asked = limit.saturating_add(over);
                            return Err(Failure::Breached(Breach { limit: Limit::BodyOut, asked, allowed: limit }));
                        }
                    }
                }
                Some(Err(failure)) => return Err(failure),
                None if announced.is_some() && left > 0 => return Err(Failure::Invalid(OTHER_LENGTH.to_owned())),
                None => {
                    // Nobody is left to be told otherwise.
                    let _ = writer.finish().await;
                    return Ok(());
                }
            }
        }
    }
}

async fn next(source: &mut WasiBody, ended: &AtomicBool) -> Option<Result<Frame<Bytes>, Failure>> {
    std::future::poll_fn(|cx| match Pin::new(&mut *source).poll_frame(cx) {
        Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(|error| unfinished(&error)))),
        Poll::Pending if ended.load(Ordering::Relaxed) => Poll::Ready(Some(Err(Failure::Invalid(UNFINISHED.to_owned())))),
        Poll::Pending => Poll::Pending,
    })
    .await
}
