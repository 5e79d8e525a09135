//! The call in progress, bodies that are read on demand, and replies that are written on the way.

use std::cell::RefCell;
use std::io::Read;
use std::rc::Rc;
use std::time::Duration;

use super::current::failure;
use crate::error::Failure;

/// What every host takes from a plugin at once: a piece of a reply, or a response's head with its body where that is bytes. One that
/// grants stores takes the operator's `max-value` more, of which this host knows nothing.
const HOST_CALL_BYTES: usize = 2 << 20;

/// The call in progress.
#[derive(Debug)]
pub(crate) struct FakeCall {
    headers: Vec<(String, Vec<u8>)>,
    remaining: Duration,
    reply: RefCell<Option<Rc<RefCell<Reply>>>>,
}

/// What the caller has got of a streamed reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) finished: bool,
    /// Why the host ended the call in the middle of it, whatever the handler made of that.
    pub(crate) ended: Option<Failure>,
}

impl FakeCall {
    pub(crate) fn new(headers: Vec<(String, Vec<u8>)>, remaining: Duration) -> Self {
        Self { headers, remaining, reply: RefCell::default() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<Vec<u8>> {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }

    pub(crate) fn headers(&self) -> Vec<(String, Vec<u8>)> {
        self.headers.clone()
    }

    pub(crate) fn remaining_ms(&self) -> u64 {
        u64::try_from(self.remaining.as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn start_reply(&self, status: u16, headers: Vec<(String, Vec<u8>)>) -> Result<FakeWriter, Failure> {
        valid_head(status, &headers).map_err(|why| failure("reply.invalid", why))?;
        if self.reply.borrow().is_some() {
            return Err(failure("reply.started", "a reply can be started only once"));
        }
        let reply = Rc::new(RefCell::new(Reply { status, headers, body: Vec::new(), finished: false, ended: None }));
        *self.reply.borrow_mut() = Some(reply.clone());
        Ok(FakeWriter(reply))
    }

    /// The reply, if one was started.
    pub(crate) fn reply(&self) -> Option<Rc<RefCell<Reply>>> {
        self.reply.borrow().clone()
    }
}

/// Whether the host takes so many bytes at once; else the real one ends the call.
pub(crate) fn at_once(what: &str, asked: usize) -> Result<(), Failure> {
    if asked <= HOST_CALL_BYTES {
        return Ok(());
    }
    let why =
        format!("{what} has {asked} bytes, and `host-call-bytes` allows {HOST_CALL_BYTES} (WH2306); write a `Reply` in pieces");
    Err(failure("limit.host-call-bytes", why))
}

/// Whether a response's head is HTTP.
pub(crate) fn valid_head(status: u16, headers: &[(String, Vec<u8>)]) -> Result<(), String> {
    if !(200..=999).contains(&status) {
        return Err(format!("{status} is not a final HTTP status"));
    }
    for (name, value) in headers {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(format!("{name:?} is not a header name"));
        }
        if value.iter().any(|&byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f) {
            return Err(format!("the value of `{name}` is not a header value"));
        }
    }
    Ok(())
}

/// The body of a streamed reply. Dropped unfinished it leaves the reply as it is, which is what cut means.
#[derive(Debug)]
pub(crate) struct FakeWriter(Rc<RefCell<Reply>>);

impl FakeWriter {
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut reply = self.0.borrow_mut();
        if let Err(failure) = at_once("the piece", bytes.len()) {
            reply.ended = Some(failure.clone());
            return Err(failure);
        }
        reply.body.extend_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.0.borrow_mut().finished = true;
        Ok(())
    }
}

/// A body that is read on demand.
pub(crate) struct FakeReader {
    source: Box<dyn Read>,
    length: Option<u64>,
    left: u64,
}

impl FakeReader {
    pub(crate) fn new(source: impl Read + 'static, length: Option<u64>, limit: u64) -> Self {
        Self { source: Box::new(source), length, left: limit }
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    pub(crate) fn read(&mut self, max: u32) -> Result<Option<Vec<u8>>, Failure> {
        let mut piece = vec![0; max as usize];
        let length = loop {
            match self.source.read(&mut piece) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                outcome => break outcome.map_err(|error| failure("body.gone", error.to_string()))?,
            }
        };
        piece.truncate(length);
        let over = || failure("body.too-large", "the body is larger than the route accepts");
        self.left = self.left.checked_sub(length as u64).ok_or_else(over)?;
        Ok((length > 0).then_some(piece))
    }
}

impl std::fmt::Debug for FakeReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeReader").field("length", &self.length).finish_non_exhaustive()
    }
}
