//! A body on its way to the guest, or past it: a request's, or that of another server's response.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::body::Body;
use bytes::{Buf, Bytes};
use futures_util::Stream;
use http_body::Body as _;
use http_body_util::BodyExt;

/// The most a guest gets from one `read`, in bytes: what it asks for is allocated in its memory at once.
pub const MAX_READ: usize = 1 << 20;

/// A body that is read on demand, at most `limit` bytes of it.
#[derive(Debug)]
pub struct BodyReader {
    body: Body,
    pending: Bytes,
    length: Option<u64>,
    limit: u64,
    left: u64,
    ended: bool,
    /// Whether it is the body of the call's own request.
    callers: bool,
    /// A body that failed stays failed: going on would make the end of it look clean.
    failed: Option<ReadError>,
    waiting: Waiting,
}

/// Whether somebody waits for more of a body, or waited until he was given up.
#[derive(Debug, Clone, Default)]
pub struct Waiting(Arc<AtomicBool>);

impl Waiting {
    pub fn is_true(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a body could not be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The sender left, or broke the protocol.
    #[error("the sender left before the body's end")]
    Gone,
    /// There is more than the limit: at least `asked` bytes.
    #[error("the body is larger than the route accepts")]
    TooLarge { asked: u64, allowed: u64 },
    /// The same, and the caller has nothing to do with it.
    #[error("the other server sent more than the service's limit `body-in` allows")]
    AnswerTooLarge { asked: u64, allowed: u64 },
    /// The listener gave it up, at the limit of this name in `[listen]`.
    #[error("the body came too slowly (`{}`)", .0)]
    Slow(&'static str),
}

/// What a stock component is told.
impl From<ReadError> for wasmtime_wasi_http::Error {
    fn from(why: ReadError) -> Self {
        match why {
            ReadError::Gone => Self::ConnectionTerminated,
            ReadError::TooLarge { asked, .. } => Self::HttpRequestBodySize(Some(asked)),
            ReadError::AnswerTooLarge { .. } => Self::HttpResponseBodySize(None),
            ReadError::Slow(_) => Self::ConnectionReadTimeout,
        }
    }
}

/// What a body fails with when it comes too slowly, and the limit's name in `[listen]`.
#[derive(Debug, thiserror::Error)]
#[error("the request's body came too slowly (`{}`)", .0)]
pub struct TooSlow(pub &'static str);

impl TooSlow {
    /// The limit's name, if this is what a body failed with, however that is wrapped.
    pub fn limit_in(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
        cause::<Self>(error).map(|too_slow| too_slow.0)
    }
}

fn cause<'e, E: std::error::Error + 'static>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e E> {
    std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
}

impl BodyReader {
    /// The body of the call's own request.
    pub fn new(body: Body, limit: u64) -> Self {
        let length = body.size_hint().exact();
        let waiting = Waiting::default();
        Self { body, pending: Bytes::new(), length, limit, left: limit, ended: false, callers: true, failed: None, waiting }
    }

    /// The body of another server's response, which announced `length`.
    pub fn of_another_server(body: Body, length: Option<u64>, limit: u64) -> Self {
        Self { length, callers: false, ..Self::new(body, limit) }
    }

    /// Whether it is the body of the call's own request.
    pub fn is_the_callers(&self) -> bool {
        self.callers
    }

    /// The length that was announced, in bytes.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// What is left of the announced length, in bytes.
    pub fn left(&self) -> Option<u64> {
        self.length.map(|length| length.saturating_sub(self.limit - self.left))
    }

    /// Why nothing more of it will be read, as far as that is known: it has failed, or announces more than its limit.
    pub fn failure(&self) -> Option<ReadError> {
        self.failed.or_else(|| self.length.filter(|length| *length > self.limit).map(|length| self.too_large(length)))
    }

    /// Tells from outside whether this body is waited for.
    pub fn waiting(&self) -> Waiting {
        self.waiting.clone()
    }

    /// At least one byte and at most `max`, or `None` at the end. Cancelling loses nothing: what has arrived stays pending.
    pub async fn read(&mut self, max: usize) -> Result<Option<Bytes>, ReadError> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let read = self.read_on(max.clamp(1, MAX_READ)).await;
        self.failed = read.as_ref().err().copied();
        read
    }

    async fn read_on(&mut self, max: usize) -> Result<Option<Bytes>, ReadError> {
        while self.pending.is_empty() {
            if self.ended {
                return Ok(None);
            }
            self.waiting.0.store(true, Ordering::Relaxed);
            let frame = self.body.frame().await;
            self.waiting.0.store(false, Ordering::Relaxed);
            match frame {
                None => self.ended = true,
                Some(Err(error)) => {
                    return Err(match TooSlow::limit_in(&error) {
                        Some(limit) => ReadError::Slow(limit),
                        None if cause::<http_body_util::LengthLimitError>(&error).is_some() => self.over(),
                        None => ReadError::Gone,
                    });
                }
                // Trailers are not part of the contract.
                Some(Ok(frame)) => self.pending = frame.into_data().unwrap_or_default(),
            }
        }
        if self.pending.len() as u64 > self.left {
            return Err(self.over());
        }
        let chunk = self.pending.split_to(max.min(self.pending.remaining()));
        self.left -= chunk.len() as u64;
        Ok(Some(chunk))
    }

    /// What is said of more than the limit.
    fn over(&self) -> ReadError {
        let come = (self.limit - self.left).saturating_add(self.pending.len() as u64);
        self.too_large(come.max(self.limit.saturating_add(1)))
    }

    fn too_large(&self, asked: u64) -> ReadError {
        let allowed = self.limit;
        if self.callers { ReadError::TooLarge { asked, allowed } } else { ReadError::AnswerTooLarge { asked, allowed } }
    }

    /// What is left of it, to be pumped by the host; the limit goes on to count.
    pub fn into_body(self) -> Body {
        if self.ended && self.pending.is_empty() {
            return Body::empty();
        }
        Body::from_stream(self.into_chunks())
    }

    /// The same, chunk by chunk, with its own errors.
    pub fn into_chunks(self) -> impl Stream<Item = Result<Bytes, ReadError>> + Send + 'static {
        futures_util::stream::try_unfold(self, |mut reader| async move {
            Ok(reader.read(MAX_READ).await?.map(|chunk| (chunk, reader)))
        })
    }
}
