//! An answer on its way to the client.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use super::watch::{Reader, Watch};
use crate::request::record::Record;

/// The most that is given to an HTTP/1 connection at once, in bytes, and so what its client must take within `write-timeout`.
const CHUNK: usize = 64 << 10;

/// The same for a stream of HTTP/2. What it is given is buffered even when the client has left no room for it, so this is what
/// each of a hundred streams can hold there for a client that does not read. A frame has no more anyway.
const FRAME: usize = 16 << 10;

/// A request from its head to the last byte of its answer, whichever way it ends.
#[derive(Debug)]
pub struct Exchange {
    watch: Arc<Watch>,
    answered: bool,
}

impl Exchange {
    pub fn begin(watch: Arc<Watch>) -> Self {
        watch.begin_request();
        Self { watch, answered: false }
    }

    pub fn answered(&mut self) {
        self.answered = true;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.watch.end_request(self.answered);
    }
}

/// The body of an answer, handed over in chunks of bounded size to a reader that is watched.
#[derive(Debug)]
pub struct Answering {
    body: Body,
    /// What is left of a chunk that was too large.
    rest: Bytes,
    reader: Option<Reader>,
    record: Option<Record>,
    exchange: Exchange,
    /// Whether only the head goes out, and the library has to be told so: for HTTP/2 it sends whatever body there is.
    bare: bool,
}

impl Answering {
    /// `has_no_content` says that only the head may be sent (RFC 9110 §6.4.1).
    pub fn new(body: Body, has_no_content: bool, record: Option<Record>, exchange: Exchange) -> Self {
        let bare = has_no_content && !exchange.watch.speaks_http1();
        let mut answering = Self { body, rest: Bytes::new(), reader: None, record, exchange, bare };
        if has_no_content || answering.body.is_end_stream() {
            answering.finished();
        }
        answering
    }

    fn finished(&mut self) {
        if let Some(record) = &mut self.record {
            record.finished();
        }
    }
}

impl http_body::Body for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(reader) = &self.reader {
            reader.asks();
        }
        let mut data = std::mem::take(&mut self.rest);
        if data.is_empty() {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => {
                    self.finished();
                    return Poll::Ready(None);
                }
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            };
            data = match frame.into_data() {
                Ok(data) => data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            };
        }
        let http1 = self.exchange.watch.speaks_http1();
        let most = if http1 { CHUNK } else { FRAME };
        if data.len() > most {
            self.rest = data.split_off(most);
        }
        if let Some(record) = &mut self.record {
            record.sent(data.len());
        }
        if self.is_end_stream() {
            self.finished();
        }
        // The last chunk of HTTP/1 is in the socket, which is watched itself.
        if !http1 || !self.is_end_stream() {
            let this = &mut *self;
            this.reader.get_or_insert_with(|| this.exchange.watch.watch_answer()).given();
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.bare || (self.rest.is_empty() && self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, mut hint) = (self.rest.len() as u64, self.body.size_hint());
        hint.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
