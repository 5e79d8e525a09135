//! `send`, and the resource `incoming`: a response as the guest sees it.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use reqwest::Url;
use wasmtime::component::Resource;

use super::exchange::{Answered, Cause, Denied, Failed, Outgoing, Payload, exchange, shown};
use crate::{
    bindings::{
        http_out::{self as wit, Host, HostIncoming},
        types::{self, Error},
    },
    codes::told,
    reader::{BodyReader, MAX_READ, ReadError},
    runtime::state::{CallState, error},
};

/// Bodies of known length up to this arrive as bytes.
const SMALL: u64 = 64 << 10;

/// A response of another server.
#[derive(Debug)]
pub struct Incoming {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: BodyReader,
}

impl Incoming {
    /// The body may have `limit` bytes.
    pub(super) fn new(Answered { response, place }: Answered, limit: u64) -> Self {
        let (status, headers, length) = (response.status(), response.headers().clone(), response.content_length());
        // The place is free again when the body has been read, or dropped.
        let body = reqwest::Body::from(response).map_frame(move |frame| {
            let _ = &place;
            frame
        });
        Self { status, headers, body: BodyReader::of_another_server(Body::new(body), length, limit) }
    }
}

impl Host for CallState {
    async fn send(&mut self, request: wit::Outgoing) -> wasmtime::Result<Result<Resource<Incoming>, Error>> {
        self.ledger.host_call()?;
        let wit::Outgoing { method, url, headers, body, timeout_ms } = request;
        let mut callers = false;
        // Taken before anything is judged, so that a handle that is none is a trap in any case.
        let body = match body {
            types::Body::Empty => Payload::Empty,
            types::Body::Bytes(bytes) => Payload::Bytes(bytes.into()),
            types::Body::Reader(ref reader) => {
                callers = self.table.get(reader)?.is_the_callers();
                Payload::Stream(self.take_body(body)?)
            }
        };
        let timeout = timeout_ms.map(|timeout| Duration::from_millis(timeout.into()));
        let answered = match (self.capabilities.ready.http_out.0.clone(), Outgoing::new(&method, &url, headers, body, timeout)) {
            (Some(opened), Ok(request)) => exchange(opened, request).await,
            (Some(_), Err(invalid)) => Err(invalid),
            (None, _) => Err(Denied::no_host().into()),
        };
        if let Err(Failed::Denied(Denied { why, granted, redirected })) = &answered {
            let asked = redirected.clone().unwrap_or_else(|| match Url::parse(&url) {
                Ok(url) => shown(&method, &url),
                Err(_) => format!("{method} no URL"),
            });
            self.log.denied("http-out", &asked, why, *granted);
        }
        if let Some(Cause { host, why }) = answered.as_ref().err().and_then(Failed::cause) {
            self.log.unanswered(host, why);
        }
        Ok(match answered {
            Ok(answered) => {
                let limit = self.ledger.limits.body_in;
                self.open(Incoming::new(answered, limit))
            }
            Err(Failed::Body(why)) => Err(self.body_error(why, callers)),
            Err(failed) => Err(tell(&failed)),
        })
    }
}

/// The contract's error for each failure.
fn tell(failed: &Failed) -> Error {
    let code = match failed {
        Failed::Denied(_) => &told::HTTP_OUT_DENIED,
        Failed::Invalid(_) => &told::HTTP_OUT_INVALID,
        Failed::Timeout(_) => &told::HTTP_OUT_TIMEOUT,
        Failed::Broken(..) | Failed::Body(_) => &told::HTTP_OUT_FAILED,
    };
    error(code, failed.to_string())
}

impl HostIncoming for CallState {
    fn status(&mut self, incoming: Resource<Incoming>) -> wasmtime::Result<u16> {
        self.ledger.host_call()?;
        Ok(self.table.get(&incoming)?.status.as_u16())
    }

    fn header(&mut self, incoming: Resource<Incoming>, name: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.ledger.host_call()?;
        Ok(self.table.get(&incoming)?.headers.get(name).map(|value| value.as_bytes().to_vec()))
    }

    fn headers(&mut self, incoming: Resource<Incoming>) -> wasmtime::Result<types::Headers> {
        self.ledger.host_call()?;
        let headers = &self.table.get(&incoming)?.headers;
        Ok(headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect())
    }

    async fn body(&mut self, incoming: Resource<Incoming>) -> wasmtime::Result<types::Body> {
        self.ledger.host_call()?;
        let mut body = self.table.delete(incoming)?.body;
        Ok(match body.length() {
            Some(0) => types::Body::Empty,
            Some(length) if length <= SMALL => match whole(&mut body, length).await {
                Ok(bytes) => types::Body::Bytes(bytes),
                // The reader says so again when it is read.
                Err(_) => types::Body::Reader(self.table.push(body)?),
            },
            _ => types::Body::Reader(self.table.push(body)?),
        })
    }

    fn drop(&mut self, incoming: Resource<Incoming>) -> wasmtime::Result<()> {
        self.table.delete(incoming)?;
        Ok(())
    }
}

/// All of a body of about `length` bytes.
async fn whole(body: &mut BodyReader, length: u64) -> Result<Vec<u8>, ReadError> {
    let mut whole = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    while let Some(piece) = body.read(MAX_READ).await? {
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}
