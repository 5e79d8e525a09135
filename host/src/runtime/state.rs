//! All that one call owns: the data of its store, and the functions of `types` that work on it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use wasmtime::component::{Resource, ResourceTable};

use super::{
    meter::{Breach, Ledger, Limit, Meter},
    plugin::Plugin,
    reply::{HeadSender, WriteError, Writer, reply},
    wasi::Wasi,
};
use crate::{
    bindings::types::{self, Error},
    capabilities::{
        self,
        log::{About, LogCtx},
        stdio::Stdio,
    },
    codes::{Code, told},
    reader::{BodyReader, MAX_READ, ReadError},
    units::millis,
};

/// The resource `call`. There is one call in a store, so the handle points at nothing: all of it is in [`CallState`].
#[derive(Debug)]
pub struct CallHandle;

/// The data of one call's store.
pub struct CallState {
    pub ledger: Ledger,
    pub log: LogCtx,
    pub capabilities: capabilities::Ctx,
    pub table: ResourceTable,
    pub deadline: Instant,
    /// What the guest may see of the request's headers.
    pub headers: HeaderMap,
    pub head: Option<HeadSender>,
    /// What ended the request's body before its end, once the guest was told.
    pub body_failed: Option<ReadError>,
    /// Most plugins never touch WASI, and building its context costs 300 ns: it is made when first asked for.
    pub(super) wasi: Option<Box<Wasi>>,
    pub stdio: Stdio,
}

impl CallState {
    /// The state of a call that begins now and may take `allowed`.
    ///
    /// Boxed, because it is handed on from one stop to the next, and is large.
    pub fn new(plugin: &Plugin, capabilities: capabilities::Ctx, about: About, allowed: Duration) -> Box<Self> {
        let (limits, now) = (plugin.limits, Instant::now());
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles as usize);
        Box::new(Self {
            ledger: Ledger::new(limits, Arc::new(Meter::new(limits.cpu, now, plugin.pace.clone()))),
            log: LogCtx::new(plugin.running.clone(), about, limits.log_lines),
            capabilities,
            table,
            deadline: now + allowed,
            headers: HeaderMap::new(),
            head: None,
            body_failed: None,
            wasi: None,
            stdio: Stdio::default(),
        })
    }

    /// For a call that answers a request with these headers.
    pub fn answering(&mut self, headers: HeaderMap, head: HeadSender) {
        (self.headers, self.head) = (headers, Some(head));
    }

    /// The state of the next call in the same instance. What it has of WASI and the account of memory belong to the instance.
    pub(super) fn renew(&mut self, next: Self) {
        let Self { ledger, log, capabilities, table, deadline, headers, head, body_failed, wasi: _, stdio: _ } = next;
        self.ledger.renew(ledger.meter);
        (self.log, self.capabilities, self.table, self.deadline) = (log, capabilities, table, deadline);
        (self.headers, self.head, self.body_failed) = (headers, head, body_failed);
    }

    /// Lets go of everything of the call that has ended: an idle instance holds no body, no header and no name.
    pub(super) fn rest(&mut self) {
        self.table = ResourceTable::new();
        self.capabilities.rest();
        self.headers = HeaderMap::new();
        self.head = None;
    }

    /// The body of a response or outgoing request as the host sends it.
    ///
    /// Errors where a handle is not one of this call's: a lie of the guest, so a trap.
    pub fn take_body(&mut self, body: types::Body) -> wasmtime::Result<Body> {
        Ok(match body {
            types::Body::Empty => Body::empty(),
            types::Body::Bytes(bytes) => Body::from(bytes),
            types::Body::Reader(reader) => self.table.delete(reader)?.into_body(),
        })
    }

    /// What the guest is told of a body that cannot be read on. That of the call's own request is remembered too: the caller
    /// is answered for it, whatever the guest makes of it.
    pub fn body_error(&mut self, why: ReadError, callers: bool) -> Error {
        if callers {
            self.body_failed.get_or_insert(why);
        }
        let code = match why {
            ReadError::TooLarge { .. } => &told::BODY_TOO_LARGE,
            ReadError::AnswerTooLarge { asked, allowed } => {
                self.log.limited(Limit::BodyIn.as_str(), asked, allowed);
                &told::HTTP_OUT_TOO_LARGE
            }
            ReadError::Gone | ReadError::Slow(_) => &told::BODY_GONE,
        };
        error(code, why.to_string())
    }

    /// Puts a resource into the table, or says that there are too many.
    pub fn open<T: Send + 'static>(&mut self, resource: T) -> Result<Resource<T>, Error> {
        let allowed = self.ledger.limits.handles;
        self.table.push(resource).map_err(|_| {
            self.log.limited(Limit::Handles.as_str(), u64::from(allowed) + 1, allowed.into());
            error(&told::LIMIT_HANDLES, format!("more than {allowed} resources are open at once; drop some first"))
        })
    }
}

impl CallState {
    fn reply_too_large(&self) -> Error {
        error(&told::REPLY_TOO_LARGE, format!("a response of this service may have {} bytes", self.ledger.limits.body_out))
    }
}

/// The contract's error, from a stable dotted code and a text for the plugin's developer.
pub fn error(code: &Code, message: impl Into<String>) -> Error {
    Error { code: code.id.to_owned(), message: message.into(), retry_after_ms: None }
}

/// Headers that belong to one hop, or to the host: a guest can neither see nor set them.
pub fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// Headers that the host adds to most responses: so many have a place beforehand.
const HOSTS_OWN: usize = 5;

/// The most headers of a response. Clients take no more than a few hundred, and the table they stand in ends at 24,576: beyond, it
/// panics.
const MAX_HEADERS: usize = 256;

/// A guest's headers as HTTP's, without those of one hop; `content-length` is the host's to say.
pub fn response_head(status: u16, headers: types::Headers) -> Result<(StatusCode, HeaderMap), String> {
    let status = StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
        .ok_or_else(|| format!("{status} is not a final HTTP status"))?;
    if headers.len() > MAX_HEADERS {
        return Err(format!("a response may have {MAX_HEADERS} headers, and this one has {}", headers.len()));
    }
    let mut map = HeaderMap::with_capacity(headers.len() + HOSTS_OWN);
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is not a header name"))?;
        let value = HeaderValue::from_bytes(&value).map_err(|_| format!("the value of `{name}` is not a header value"))?;
        if !is_hop_by_hop(&name) && name != http::header::CONTENT_LENGTH {
            map.try_append(name, value).map_err(|_| "there are too many headers".to_owned())?;
        }
    }
    Ok((status, map))
}

impl types::Host for CallState {}

impl types::HostCall for CallState {
    fn header(&mut self, _: Resource<CallHandle>, name: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.ledger.host_call()?;
        Ok(self.headers.get(name).map(|value| value.as_bytes().to_vec()))
    }

    fn headers(&mut self, _: Resource<CallHandle>) -> wasmtime::Result<types::Headers> {
        self.ledger.host_call()?;
        Ok(self.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect())
    }

    fn remaining_ms(&mut self, _: Resource<CallHandle>) -> wasmtime::Result<u64> {
        self.ledger.host_call()?;
        let left: Duration = self.deadline.saturating_duration_since(Instant::now());
        Ok(millis(left))
    }

    fn start_reply(
        &mut self,
        _: Resource<CallHandle>,
        status: u16,
        headers: types::Headers,
    ) -> wasmtime::Result<Result<Resource<Writer>, Error>> {
        self.ledger.host_call()?;
        let (status, headers) = match response_head(status, headers) {
            Ok(head) => head,
            Err(why) => return Ok(Err(error(&told::REPLY_INVALID, why))),
        };
        let (writer, body) = reply(self.ledger.limits.body_out);
        let writer = match self.open(writer) {
            Ok(writer) => writer,
            Err(error) => return Ok(Err(error)),
        };
        let Some(head) = self.head.take() else {
            self.table.delete(writer)?;
            return Ok(Err(error(&told::REPLY_STARTED, "a reply can be started only once")));
        };
        Ok(match head.send(super::reply::Head { status, headers, body }) {
            Ok(()) => Ok(writer),
            Err(_) => {
                self.table.delete(writer)?;
                Err(error(&told::REPLY_GONE, "the caller left"))
            }
        })
    }

    fn drop(&mut self, _: Resource<CallHandle>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl types::HostBodyReader for CallState {
    fn length(&mut self, reader: Resource<BodyReader>) -> wasmtime::Result<Option<u64>> {
        self.ledger.host_call()?;
        Ok(self.table.get(&reader)?.length())
    }

    async fn read(&mut self, reader: Resource<BodyReader>, max: u32) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        self.ledger.host_call()?;
        let reader = self.table.get_mut(&reader)?;
        let callers = reader.is_the_callers();
        Ok(match reader.read((max as usize).min(MAX_READ)).await {
            Ok(chunk) => Ok(chunk.map(Vec::from)),
            Err(why) => Err(self.body_error(why, callers)),
        })
    }

    fn drop(&mut self, reader: Resource<BodyReader>) -> wasmtime::Result<()> {
        self.table.delete(reader)?;
        Ok(())
    }
}

impl types::HostWriter for CallState {
    async fn write(&mut self, writer: Resource<Writer>, bytes: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        self.ledger.host_call()?;
        match self.table.get_mut(&writer)?.write(Bytes::from(bytes)).await {
            Ok(()) => Ok(Ok(())),
            Err(WriteError::Gone) => Ok(Err(error(&told::REPLY_GONE, "the caller left"))),
            Err(WriteError::TooLarge(over)) => {
                let allowed = self.ledger.limits.body_out;
                self.ledger.breach = Some(Breach { limit: Limit::BodyOut, asked: allowed.saturating_add(over), allowed });
                Ok(Err(self.reply_too_large()))
            }
        }
    }

    async fn finish(&mut self, writer: Resource<Writer>) -> wasmtime::Result<Result<(), Error>> {
        self.ledger.host_call()?;
        let writer = self.table.delete(writer)?;
        Ok(match writer.finish().await {
            Ok(()) => Ok(()),
            Err(WriteError::Gone) => Err(error(&told::REPLY_GONE, "the caller left")),
            Err(WriteError::TooLarge(_)) => Err(self.reply_too_large()),
        })
    }

    fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        self.table.delete(writer)?;
        Ok(())
    }
}
