//! `wasi:http/outgoing-handler` and `wasi:http/client`: how stock components ask for the same.
//!
//! What is refused is an error code of `wasi:http` and never a trap. Redirects go back to the component, which is how every other
//! host of such components does it; whom it calls then is judged like any other request.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::body::Body;
use http::{
    HeaderValue, Method, Request, Response,
    header::{CONTENT_LENGTH, HOST},
};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, StreamBody};
use reqwest::Url;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::{
    Opened, Ready,
    exchange::{Cause, Denied, Failed, NO_CONNECTION, Outgoing, Payload, Redirects, exchange, shown},
    incoming::Incoming,
};

/// What a stock component may write to a body at once. With the two chunks that wait for their reader, it bounds what a body
/// holds of the host's memory.
const CHUNK: usize = 64 << 10;

/// The longest text that is written of what was denied, in bytes: a method may have any length.
const MAX_ASKED: usize = 256;

/// How a stock component's requests leave.
#[derive(Debug)]
pub struct Hooks {
    opened: Option<Arc<Opened>>,
    body_in: u64,
    whose: Arc<Whose>,
}

/// Whose requests they are, for the log.
#[derive(Debug)]
struct Whose {
    plugin: Arc<str>,
    service: Arc<str>,
    told: AtomicBool,
}

impl Ready {
    /// For one instance of a plugin, whose answers from other servers may have `body_in` bytes each.
    pub fn hooks(&self, body_in: u64, plugin: Arc<str>, service: Arc<str>) -> Hooks {
        Hooks { opened: self.0.clone(), body_in, whose: Arc::new(Whose { plugin, service, told: AtomicBool::new(false) }) }
    }
}

impl Whose {
    /// Tells the operator what was denied, once: a component may ask as often as its processor time lets it.
    fn denied(&self, asked: &str, denied: &Denied) {
        if self.told.swap(true, Ordering::Relaxed) {
            return;
        }
        let asked = &asked[..asked.floor_char_boundary(MAX_ASKED)];
        let (plugin, service, capability) = (&*self.plugin, &*self.service, "http-out");
        let (why, table) = (denied.why, denied.granted.table(service, capability));
        tracing::warn!(plugin, service, capability, asked, why, table, "the plugin was denied what it asked for");
    }

    /// Tells the operator why a request came to nothing.
    fn unanswered(&self, Cause { host, why }: &Cause) {
        tracing::info!(plugin = &*self.plugin, service = &*self.service, host, cause = why, "a plugin's request failed");
    }
}

/// The result of an exchange, and of what is left of it when the head of its answer is there.
type Sent = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let (opened, body_in, whose) = (self.opened.clone(), self.body_in, self.whose.clone());
        Box::new(async move {
            let (method, uri) = (request.method().clone(), request.uri().clone());
            let tell = |failed| {
                if let (Failed::Denied(denied), Ok(url)) = (&failed, Url::parse(&uri.to_string())) {
                    whose.denied(&shown(method.as_str(), &url), denied);
                }
                if let Some(cause) = Failed::cause(&failed) {
                    whose.unanswered(cause);
                }
                tell(failed)
            };
            let opened = opened.ok_or_else(|| tell(Denied::no_host().into()))?;
            let request = outgoing(request, options.unwrap_or_default()).await?;
            let answered = exchange(opened, request).await.map_err(tell)?;
            Ok((response(Incoming::new(answered, body_in)), Box::new(async { Ok(()) }) as Box<_>))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }
}

/// The component's request as any other plugin's.
async fn outgoing(request: Request<WasiBody>, options: RequestOptions) -> Result<Outgoing, Error> {
    let (parts, body) = request.into_parts();
    // Whom the host says is calling is between the host and the component, also where that sends all of its headers on.
    let own = parts.headers.iter().filter(|(name, _)| !name.as_str().starts_with("x-wharf-") && **name != HOST);
    let headers = own.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    // Its length has been checked, and what is written is held to it.
    let length = parts.headers.get(CONTENT_LENGTH).cloned();
    let body = payload(&parts.method, length.as_ref(), body).await?;
    let url = parts.uri.to_string();
    let request = Outgoing::new(parts.method.as_str(), &url, headers, body, options.first_byte_timeout).map_err(tell)?;
    Ok(with_length(Outgoing { redirects: Redirects::Return, ..request }, length))
}

/// Many servers want to know how long a body is.
fn with_length(mut request: Outgoing, length: Option<HeaderValue>) -> Outgoing {
    if let (Some(length), Payload::Stream(_)) = (length, &request.body) {
        request.headers.insert(CONTENT_LENGTH, length);
    }
    request
}

/// A body that is known to be empty is none: servers do not expect even the end of one behind a GET. Where that is likely,
/// the first piece is waited for to see.
async fn payload(method: &Method, length: Option<&HeaderValue>, mut body: WasiBody) -> Result<Payload, Error> {
    if body.is_end_stream() {
        return Ok(Payload::Empty);
    }
    if length.is_some() || ![Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS].contains(method) {
        return Ok(Payload::Stream(Body::new(body)));
    }
    Ok(match body.frame().await.transpose()?.map(Frame::into_data) {
        Some(Ok(first)) => {
            let first = futures_util::stream::iter([Ok(Frame::data(first))]);
            let rest = futures_util::stream::try_unfold(body, async |mut body| {
                Ok::<_, Error>(body.frame().await.transpose()?.map(|frame| (frame, body)))
            });
            Payload::Stream(Body::new(StreamBody::new(futures_util::StreamExt::chain(first, rest))))
        }
        // Nothing, or trailers of nothing.
        _ => Payload::Empty,
    })
}

/// The other server's answer as the component's.
fn response(Incoming { status, headers, body }: Incoming) -> Response<WasiBody> {
    let chunks = futures_util::TryStreamExt::map_ok(body.into_chunks(), Frame::data);
    let mut response = Response::new(StreamBody::new(chunks).map_err(Error::from).boxed_unsync());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The error code for each failure.
fn tell(failed: Failed) -> Error {
    match failed {
        Failed::Denied(_) => Error::HttpRequestDenied,
        Failed::Invalid(why) => Error::InternalError(Some(why)),
        Failed::Timeout(_) => Error::HttpResponseTimeout,
        Failed::Broken(NO_CONNECTION, _) => Error::ConnectionRefused,
        Failed::Broken(..) => Error::ConnectionTerminated,
        Failed::Body(why) => why.into(),
    }
}
