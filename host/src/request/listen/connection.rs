//! One connection: handshake → sniff → serve, until its end or the host's.

use std::{convert::Infallible, io, pin::pin, sync::Arc, task::Poll};

use axum::body::Body;
use http::StatusCode;
use http_body::Body as _;
use hyper::{body::Incoming, server::conn, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;
use tokio_util::task::TaskTracker;

use super::{
    Handler,
    answering::{Answering, Exchange},
    arriving::{Arriving, Pace},
    door::Place,
    tls::Tls,
    watch::{Limit, Order, Quiet, Watch},
    wire::{Protocol, Reset, Wire, sniff},
};
use crate::observe::metrics::Connections;

/// What a request's head may have before the connection itself gives up, in bytes. More than what is accepted
/// ([`super::MAX_HEADERS`]), so that a little too much gets a proper answer; far too much gets a bare 431.
const MAX_BUFFER: usize = super::MAX_HEADERS + (16 << 10);

/// Streams of one HTTP/2 connection at once; the least that the protocol recommends.
const MAX_STREAMS: u32 = 100;

/// What all connections of a listener share.
#[derive(Debug, Clone)]
pub struct Shared<H> {
    pub handler: H,
    pub pace: Pace,
    pub counted: Arc<Connections>,
    /// If there is one, connections begin with its handshake.
    pub tls: Option<Arc<Tls>>,
    /// Owns the connections' tasks, and those of their streams.
    pub tasks: TaskTracker,
}

/// Serves a connection to its end: the client's, the host's ([`Order`]), or that of its patience.
///
/// Dropping the future closes the connection and ends what runs for it.
pub async fn connection<H: Handler>(stream: TcpStream, place: Place, shared: Shared<H>) {
    let watch = &place.watch;
    let ended = match &shared.tls {
        None => listen_to(stream, watch, &shared).await,
        Some(tls) => match obedient(watch, shake_hands(stream, tls, watch)).await {
            Ok(Ok(stream)) => listen_to(stream, watch, &shared).await,
            Ok(Err(error)) => {
                shared.counted.handshakes_failed.add(1);
                Err(Ended::Io(error))
            }
            Err(order) => {
                shared.counted.handshakes_failed.add(1);
                Err(Ended::Ordered(order))
            }
        },
    };
    match ended {
        Ok(()) => {}
        Err(Ended::Ordered(Order::End(limit))) => {
            shared.counted.ended.add(limit.as_str());
            let (peer, limit_name) = (watch.peer, limit.as_str());
            // Browsers connect ahead of need, and every connection is idle in the end.
            match limit {
                Limit::FirstByte | Limit::Idle => tracing::debug!(%peer, limit = limit_name, "a quiet connection was closed"),
                Limit::Header | Limit::Write | Limit::Cancelled => {
                    tracing::info!(%peer, limit = limit_name, "a connection was ended at a limit");
                }
            }
        }
        Err(Ended::Ordered(_)) => tracing::debug!(peer = %watch.peer, "a connection was cut off"),
        Err(Ended::Io(error)) => tracing::debug!(peer = %watch.peer, %error, "a connection broke"),
        Err(Ended::Http(error)) => {
            if error.is_parse() {
                shared.counted.unreadable.add(1);
            }
            tracing::debug!(peer = %watch.peer, %error, "a connection ended early");
        }
    }
}

/// The handshake of TLS, as the first thing that the client has to begin and to finish in time.
async fn shake_hands(stream: TcpStream, tls: &Tls, watch: &Watch) -> io::Result<TlsStream<TcpStream>> {
    stream.readable().await?;
    watch.wait_for(Quiet::Head);
    let stream = tls.acceptor().accept(stream).await?;
    watch.wait_for(Quiet::FirstByte);
    Ok(stream)
}

/// Finds out what the client speaks, and serves it.
async fn listen_to<S, H>(mut stream: S, watch: &Arc<Watch>, shared: &Shared<H>) -> Result<(), Ended>
where
    S: AsyncRead + AsyncWrite + Reset + Unpin + Send + 'static,
    H: Handler,
{
    match obedient(watch, sniff(&mut stream, watch)).await.map_err(Ended::Ordered)?.map_err(Ended::Io)? {
        None => Ok(()),
        Some((protocol, first)) => {
            let wire = Wire::new(stream, first, watch.clone(), shared.counted.clone());
            speak(protocol, wire, watch, shared).await
        }
    }
}

/// Why a connection ended before its time.
enum Ended {
    Ordered(Order),
    Io(io::Error),
    Http(hyper::Error),
}

async fn speak<S, H>(protocol: Protocol, wire: Wire<S>, watch: &Arc<Watch>, shared: &Shared<H>) -> Result<(), Ended>
where
    S: AsyncRead + AsyncWrite + Reset + Unpin + Send + 'static,
    H: Handler,
{
    let io = TokioIo::new(wire);
    // One for the connection, so that its requests leave alone what all connections count references to: two processors that
    // serve would fight for that.
    let session = Arc::new((shared.clone(), watch.clone()));
    let service = service_fn(move |request| answer(session.clone(), request));
    match protocol {
        Protocol::Http1 => {
            // Its own header timeout would set a timer for every request, and cannot tell an idle client from a slow one.
            // The most headers are its default of 100, for which alone it needs no allocation.
            let mut http1 = conn::http1::Builder::new();
            http1.header_read_timeout(None).max_buf_size(MAX_BUFFER);
            drive(http1.serve_connection(io, service), watch).await
        }
        Protocol::Http2 => {
            // Pings find out about clients that are gone without a word. Streams that are reset before they are taken are
            // limited by the library; those after, by the watch.
            let mut http2 = conn::http2::Builder::new(Owned(shared.tasks.clone()));
            http2
                .timer(TokioTimer::new())
                .keep_alive_interval(std::time::Duration::from_secs(20))
                .keep_alive_timeout(std::time::Duration::from_secs(20))
                .max_concurrent_streams(MAX_STREAMS)
                .max_header_list_size(u32::try_from(MAX_BUFFER).unwrap_or(u32::MAX));
            drive(http2.serve_connection(io, service), watch).await
        }
    }
}

/// Answers one request.
async fn answer<H: Handler>(
    session: Arc<(Shared<H>, Arc<Watch>)>,
    request: http::Request<Incoming>,
) -> Result<http::Response<Answering>, Infallible> {
    let (shared, watch) = &*session;
    let mut exchange = Exchange::begin(watch.clone());
    let is_head = *request.method() == http::Method::HEAD;
    let request = request.map(|body| match body.is_end_stream() {
        true => Body::empty(),
        false => Body::new(Arriving::new(body, shared.pace, watch.clone(), shared.counted.clone())),
    });
    // Boxed, because the library moves this future about for every request, and with what answers it it would be 3 KiB.
    let (response, record) = Box::pin(shared.handler.handle(watch.peer, request)).await;
    exchange.answered();
    let has_no_content = is_head || matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    Ok(response.map(|body| Answering::new(body, has_no_content, record, exchange)))
}

/// Runs a connection, and the orders that it gets.
async fn drive<C>(connection: C, watch: &Watch) -> Result<(), Ended>
where
    C: GracefulConnection<Error = hyper::Error>,
{
    let mut connection = pin!(connection);
    let mut draining = false;
    std::future::poll_fn(|cx| {
        loop {
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                // An answer's body failed: all other errors are the client's, and what it gets then is whole.
                if result.as_ref().is_err_and(hyper::Error::is_user) {
                    watch.cut_off();
                }
                return Poll::Ready(result.map_err(Ended::Http));
            }
            match watch.next_order(cx) {
                None => return Poll::Pending,
                Some(Order::Drain) if draining => return Poll::Pending,
                Some(Order::Drain) => {
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
                Some(order) => {
                    watch.ended_by(order);
                    return Poll::Ready(Err(Ended::Ordered(order)));
                }
            }
        }
    })
    .await
}

/// Runs what comes before the first request: any order ends it.
pub async fn obedient<T>(watch: &Watch, future: impl Future<Output = T>) -> Result<T, Order> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Ok(value)),
        Poll::Pending => watch.next_order(cx).map_or(Poll::Pending, |order| Poll::Ready(Err(order))),
    })
    .await
}

/// Runs the streams of an HTTP/2 connection as tasks that the listener owns; each ends with its connection.
#[derive(Debug, Clone)]
struct Owned(TaskTracker);

impl<F> hyper::rt::Executor<F> for Owned
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}
