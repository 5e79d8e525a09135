//! A plugin's stdout and stderr, by `wharf:service/stdio` or WASI's: kept while the call runs, written to the log when it ends.
//! A panic's text arrives this way.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use wasmtime::component::{HasSelf, Linker};
use wasmtime_wasi::{
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamResult},
};

use crate::{
    bindings::stdio::{Host, Output, add_to_linker},
    runtime::state::CallState,
};

/// What is kept of each stream: its last bytes, because a panic comes last.
const KEPT: usize = 16 << 10;

/// What a guest may write at once.
const WINDOW: usize = 8 << 10;

/// Both streams of a call. Most calls never ask for them: they are made when one does.
#[derive(Debug, Default)]
pub struct Stdio(Option<Pipes>);

#[derive(Debug, Default)]
struct Pipes {
    stdout: Pipe,
    stderr: Pipe,
}

impl Stdio {
    pub fn stdout(&mut self) -> Pipe {
        self.0.get_or_insert_default().stdout.clone()
    }

    pub fn stderr(&mut self) -> Pipe {
        self.0.get_or_insert_default().stderr.clone()
    }

    fn push(&mut self, to: Output, byte: u8) {
        let Pipes { stdout, stderr } = self.0.get_or_insert_default();
        match to {
            Output::Stdout => stdout.push(&[byte]),
            Output::Stderr => stderr.push(&[byte]),
        }
    }

    /// What the guest wrote to stderr since the last time, or where that is nothing, to stdout; the other one is left to be taken.
    pub fn take_last_words(&self) -> String {
        let Some(Pipes { stdout, stderr }) = &self.0 else { return String::new() };
        let said = stderr.take();
        if said.is_empty() { stdout.take() } else { said }
    }

    /// What the guest wrote to stdout and to stderr since the last time, at most [`KEPT`] bytes of each.
    pub fn take(&self) -> (String, String) {
        self.0.as_ref().map(|Pipes { stdout, stderr }| (stdout.take(), stderr.take())).unwrap_or_default()
    }
}

/// The tail of one stream.
#[derive(Debug, Clone, Default)]
pub struct Pipe(Arc<Mutex<Tail>>);

#[derive(Debug, Default)]
struct Tail {
    bytes: Vec<u8>,
    dropped: usize,
}

impl Pipe {
    fn push(&self, bytes: &[u8]) {
        let mut tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tail.bytes.extend_from_slice(bytes);
        if tail.bytes.len() > 2 * KEPT {
            let over = tail.bytes.len() - KEPT;
            tail.bytes.drain(..over);
            tail.dropped += over;
        }
    }

    fn take(&self) -> String {
        let tail = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let from = tail.bytes.len().saturating_sub(KEPT);
        let text = String::from_utf8_lossy(&tail.bytes[from..]);
        match tail.dropped + from {
            0 => text.into_owned(),
            dropped => format!("({dropped} bytes dropped) {text}"),
        }
    }
}

pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

/// Not counted among the host calls, as printing through WASI is not: what it costs is the call's own processor time.
impl Host for CallState {
    fn write(&mut self, to: Output, byte: u8) -> wasmtime::Result<()> {
        self.stdio.push(to, byte);
        Ok(())
    }
}

impl IsTerminal for Pipe {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Pipe {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Pipe {
    async fn ready(&mut self) {}
}

impl OutputStream for Pipe {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WINDOW)
    }
}

impl tokio::io::AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_a_flood_is_kept_and_the_rest_counted() {
        let pipe = Pipe::default();
        for _ in 0..100 {
            pipe.push(&[b'x'; 1_000]);
        }
        pipe.push(b"panicked");
        let text = pipe.take();
        assert!(text.starts_with(&format!("({} bytes dropped) ", 100_008 - KEPT)), "{}", &text[..40]);
        assert!(text.ends_with("panicked"));
        assert_eq!(pipe.take(), "");
    }
}
