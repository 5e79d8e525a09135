//! The body of a request or of a response: nothing, bytes, or a reader that fetches them when asked.

use std::io;

use crate::{Error, Result, sys};

/// A body, in every place where the contract has one: it arrives with a request or from `http`, and it can be handed back
/// as the body of a response or of an outgoing request. Handed back unread, or half read, the rest is pumped by the host
/// after the plugin has returned: those bytes do not pass through the plugin.
///
/// Bodies of known length up to 64 KiB arrive as bytes; longer ones are read from the host piece by piece, so a body of any
/// size goes through a plugin in constant memory. It is also a [`std::io::Read`].
#[derive(Debug, Default)]
pub struct Body(pub(crate) Inner);

#[derive(Debug, Default)]
pub(crate) enum Inner {
    #[default]
    Empty,
    /// `at` bytes were read already.
    Bytes {
        bytes: Vec<u8>,
        at: usize,
    },
    Reader(sys::Reader),
}

/// The most the host gives in one read.
const LARGEST_READ: usize = 1024 * 1024;

impl Body {
    /// A body without a byte.
    #[must_use]
    pub fn empty() -> Self {
        Self(Inner::Empty)
    }

    pub(crate) fn reader(reader: sys::Reader) -> Self {
        Self(Inner::Reader(reader))
    }

    /// The length in bytes from here on, when it is known. A reader announces its whole length, or none.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match &self.0 {
            Inner::Empty => Some(0),
            Inner::Bytes { bytes, at } => Some((bytes.len() - at) as u64),
            Inner::Reader(reader) => reader.length(),
        }
    }

    /// Whether it is known to have no byte left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length() == Some(0)
    }

    /// Reads on: blocks until at least one byte is there and returns at most `max` bytes, and never more than 1 MiB. `None`
    /// is the end.
    ///
    /// # Errors
    /// `body.gone` (the sender left), `body.too-large` (over the route's `body-limit`).
    pub fn read(&mut self, max: usize) -> Result<Option<Vec<u8>>> {
        let max = max.clamp(1, LARGEST_READ);
        match &mut self.0 {
            Inner::Empty => Ok(None),
            Inner::Bytes { bytes, at } => {
                let piece = &bytes[*at..bytes.len().min(*at + max)];
                *at += piece.len();
                Ok((!piece.is_empty()).then(|| piece.to_vec()))
            }
            Inner::Reader(reader) => Ok(reader.read(u32::try_from(max).unwrap_or(u32::MAX))?),
        }
    }

    /// All of the rest, if it is at most `limit` bytes.
    ///
    /// # Errors
    /// A longer body is answered 413 `payload_too_large`; `body.gone` (the sender left).
    pub fn into_bytes(self, limit: usize) -> Result<Vec<u8>> {
        let too_large = |message: &str| Error::status(413, "payload_too_large", message);
        match self.collect(limit) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(too_large(&format!("the body may have {limit} bytes"))),
            // The route's own limit is a fact about the caller too.
            Err(error) if error.code() == "body.too-large" => Err(too_large(error.message())),
            Err(error) => Err(error),
        }
    }

    /// All of the rest, or `None` if it is more than `limit`.
    pub(crate) fn collect(mut self, limit: usize) -> Result<Option<Vec<u8>>> {
        let mut all = Vec::new();
        if let Inner::Bytes { bytes, at } = &mut self.0 {
            all = std::mem::take(bytes);
            all.drain(..*at);
            *at = 0;
        }
        while all.len() <= limit {
            match self.read(LARGEST_READ)? {
                None => return Ok(Some(all)),
                Some(piece) if all.is_empty() => all = piece,
                Some(piece) => all.extend_from_slice(&piece),
            }
        }
        Ok(None)
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.is_empty() { Self::empty() } else { Self(Inner::Bytes { bytes, at: 0 }) }
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        text.as_bytes().to_vec().into()
    }
}

impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl io::Read for Body {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        let Some(piece) = Body::read(self, into.len())? else { return Ok(0) };
        into[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}
