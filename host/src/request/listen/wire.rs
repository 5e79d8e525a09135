//! A connection's bytes: which protocol they speak, how many there are, and whether they flow.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

use super::watch::{Quiet, Watch};
use crate::observe::metrics::Connections;

/// What every HTTP/2 connection begins with.
const PREFACE: [u8; 24] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The most that is read and thrown away at a connection's end, in bytes.
const MAX_LINGER: usize = 4 << 20;

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Http1,
    Http2,
}

/// The first bytes of a connection, already read.
#[derive(Debug, Default)]
pub struct First {
    bytes: [u8; PREFACE.len()],
    length: usize,
    taken: usize,
}

/// Reads until the bytes are an HTTP/2 preface, or can be none any more. `None` if the client leaves first.
///
/// Has no limit of its own: the door ends a connection that is silent, or stops half way.
pub async fn sniff(stream: &mut (impl AsyncRead + Unpin), watch: &Watch) -> io::Result<Option<(Protocol, First)>> {
    let mut first = First::default();
    loop {
        let more = stream.read(&mut first.bytes[first.length..]).await?;
        if more == 0 {
            return Ok(None);
        }
        if first.length == 0 {
            watch.wait_for(Quiet::Head);
        }
        first.length += more;
        let is_preface = first.bytes[..first.length] == PREFACE[..first.length];
        if !is_preface {
            watch.is_http1();
            return Ok(Some((Protocol::Http1, first)));
        }
        if first.length == PREFACE.len() {
            // Browsers connect ahead of need: from here on the connection is idle.
            watch.wait_for(Quiet::Request);
            return Ok(Some((Protocol::Http2, first)));
        }
    }
}

/// A stream whose reader can be told that it has not come to its end.
pub trait Reset {
    /// When it is dropped, the connection is reset. A client of HTTP/1.0 would take any other end for the answer's own.
    fn reset_when_dropped(&self);
}

impl Reset for TcpStream {
    fn reset_when_dropped(&self) {
        if let Err(error) = self.set_zero_linger() {
            tracing::warn!(%error, "a connection cannot be reset; its client may take what it got for the whole answer");
        }
    }
}

impl Reset for TlsStream<TcpStream> {
    fn reset_when_dropped(&self) {
        self.get_ref().0.reset_when_dropped();
    }
}

/// A stream that gives back the bytes it was sniffed by, counts, and tells its [`Watch`] how it goes.
#[derive(Debug)]
pub struct Wire<S: Reset> {
    stream: S,
    first: First,
    watch: Arc<Watch>,
    counted: Arc<Connections>,
    /// Bytes that may still be thrown away, once the host has ended its side.
    lingering: Option<usize>,
}

impl<S: Reset> Wire<S> {
    pub fn new(stream: S, first: First, watch: Arc<Watch>, counted: Arc<Connections>) -> Self {
        counted.bytes_in.add(first.length as u64);
        Self { stream, first, watch, counted, lingering: None }
    }

    fn wrote(&self, result: &Poll<io::Result<usize>>) {
        match result {
            Poll::Ready(Ok(bytes)) => {
                self.counted.bytes_out.add(*bytes as u64);
                self.watch.sent();
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.watch.blocked(),
        }
    }
}

impl<S: Reset> Drop for Wire<S> {
    fn drop(&mut self) {
        if self.watch.is_cut_off() {
            self.stream.reset_when_dropped();
        }
    }
}

impl<S: AsyncRead + Reset + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let First { bytes, length, taken } = &mut self.first;
        if taken < length {
            let some = (*length - *taken).min(buffer.remaining());
            buffer.put_slice(&bytes[*taken..*taken + some]);
            *taken += some;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let more = buffer.filled().len() - before;
        if more > 0 {
            self.counted.bytes_in.add(more as u64);
            self.watch.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Reset + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        if result.is_pending() {
            self.watch.blocked();
        }
        result
    }

    /// Ends the host's side, and then reads on for a while if the client was cut short in the middle of a body: closing with
    /// unread bytes resets the connection, and the client might never see the answer that says why (a 413, say).
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let result = Pin::new(&mut self.stream).poll_shutdown(cx);
            if result.is_pending() {
                self.watch.blocked();
            }
            ready!(result)?;
            self.watch.sent();
            if !self.watch.has_unread() {
                return Poll::Ready(Ok(()));
            }
            self.lingering = Some(MAX_LINGER);
            self.watch.wait_for(Quiet::Linger);
        }
        let mut thrown_away = [0; 4 << 10];
        while let Some(left) = self.lingering.filter(|left| *left > 0) {
            let mut buffer = ReadBuf::new(&mut thrown_away);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => self.lingering = Some(left.saturating_sub(buffer.filled().len())),
                // The client has ended its side too, or is gone.
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
