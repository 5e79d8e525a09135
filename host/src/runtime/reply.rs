//! A streamed response: the head goes through a oneshot, the body through a small channel with an explicit end.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::Frame;
use tokio::sync::{mpsc, oneshot};

use crate::task::AbortOnDrop;

/// Chunks between guest and connection. Two let the guest prepare one while the other is being written; more would only be
/// memory that a slow reader holds.
const CHUNKS: usize = 2;

/// The head of a streamed response, and its body.
#[derive(Debug)]
pub struct Head {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: ReplyBody,
}

/// Where a guest may send its head; taken by the first `start-reply`.
pub type HeadSender = oneshot::Sender<Head>;

enum Chunk {
    Data(Bytes),
    /// A dropped sender would look like a clean end: only this is one.
    End,
}

/// The guest's side of the body.
#[derive(Debug)]
pub struct Writer {
    chunks: mpsc::Sender<Chunk>,
    left: u64,
    /// Something did not fit: what was written is not the whole body, and must not look like it.
    overfull: bool,
}

/// Why a chunk was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteError {
    /// The caller of the service has left.
    Gone,
    /// The response grew over its limit; the value is the size it would have had beyond it, in bytes.
    TooLarge(u64),
}

/// A writer of at most `limit` bytes, and the body that it writes to.
pub fn reply(limit: u64) -> (Writer, ReplyBody) {
    let (sender, chunks) = mpsc::channel(CHUNKS);
    (Writer { chunks: sender, left: limit, overfull: false }, ReplyBody { chunks, guest: None, ended: false })
}

impl Writer {
    /// Waits while the reader is slower than the guest. Cancelling drops the chunk: the call is over then.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), WriteError> {
        let length = bytes.len() as u64;
        let Some(left) = self.left.checked_sub(length) else {
            self.overfull = true;
            return Err(WriteError::TooLarge(length - self.left));
        };
        self.left = left;
        if bytes.is_empty() {
            return Ok(());
        }
        self.chunks.send(Chunk::Data(bytes)).await.map_err(|_| WriteError::Gone)
    }

    /// Ends the body cleanly, unless something of it did not fit.
    pub async fn finish(self) -> Result<(), WriteError> {
        if self.overfull {
            return Err(WriteError::TooLarge(0));
        }
        self.chunks.send(Chunk::End).await.map_err(|_| WriteError::Gone)
    }
}

/// The connection's side: yields what the guest writes, and fails when the guest ends without having finished. Dropping it
/// aborts the guest.
#[derive(Debug)]
pub struct ReplyBody {
    chunks: mpsc::Receiver<Chunk>,
    guest: Option<AbortOnDrop>,
    ended: bool,
}

impl ReplyBody {
    /// Ties the running guest to this body.
    #[must_use]
    pub fn owning(mut self, guest: AbortOnDrop) -> Self {
        self.guest = Some(guest);
        self
    }
}

/// The response broke off: hyper then resets the connection or stream instead of ending it cleanly.
#[derive(Debug, thiserror::Error)]
#[error("the plugin ended before its response was finished")]
pub struct CutOff;

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.chunks.poll_recv(cx).map(|chunk| match chunk {
            Some(Chunk::Data(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(Chunk::End) => {
                self.ended = true;
                // What the guest still does after its reply is its own affair, within its limits.
                if let Some(guest) = self.guest.take() {
                    guest.disarm();
                }
                None
            }
            None => {
                self.ended = true;
                // The guest has let go of its writer, most likely because it has ended: aborting it now would only take the
                // reason out of the log.
                if let Some(guest) = self.guest.take() {
                    guest.disarm();
                }
                Some(Err(CutOff))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
