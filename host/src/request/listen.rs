//! Accepting connections, with limits on how many there are and how long they may be silent.
//!
//! Runs where no guest is polled; each connection is served on the request runtime. An accept loop of our own, because
//! `axum::serve` has no timeouts and hyper's protocol sniffing waits for ever on a silent connection.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;

use crate::{app::App, config};

/// The request headers that are read before a request is refused with 431, in bytes: an over-long Ocean-Auth header must
/// still reach its uniform refusal, so this lies far above what that one accepts.
const MAX_HEADERS: usize = 64 << 10;

/// The most headers of a request.
const MAX_HEADER_COUNT: usize = 256;

/// HTTP/2 streams of one connection at once.
const MAX_STREAMS: u32 = 256;

/// Accepts until `shutdown`, then closes idle connections, lets busy ones finish for at most the drain timeout, and returns.
pub async fn listen(listener: TcpListener, app: Arc<App>, limits: config::Listen, requests: Handle, shutdown: CancellationToken) {
    let door = Arc::new(Door::new(limits.max_connections, limits.max_connections_per_address));
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: connections that end give some back.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let Some(place) = Door::enter(&door, peer.ip()) else {
            tracing::debug!(%peer, "too many connections; this one is closed");
            continue;
        };
        // Handed over as a plain socket: a stream stays bound to the driver of the runtime that made it, and every request
        // would then wake the control thread first (measured, as a share of bare axum: reused 0.59 so, 0.79 otherwise).
        let stream = match stream.into_std() {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be handed over");
                continue;
            }
        };
        requests.spawn(connection(stream, peer, app.clone(), limits.header_timeout, graceful.watcher(), place));
    }
    drop(listener);
    if tokio::time::timeout(limits.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were still busy after the drain timeout; they are cut");
    }
}

async fn connection(
    stream: std::net::TcpStream,
    peer: SocketAddr,
    app: Arc<App>,
    header_timeout: Duration,
    graceful: hyper_util::server::graceful::Watcher,
    _place: Place,
) {
    let stream = match stream.set_nodelay(true).and_then(|()| TcpStream::from_std(stream)) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%peer, %error, "the connection broke before its first request");
            return;
        }
    };
    let spoken = Arc::new(AtomicBool::new(false));
    let service = {
        let spoken = spoken.clone();
        service_fn(move |request: http::Request<hyper::body::Incoming>| {
            spoken.store(true, Ordering::Relaxed);
            let app = app.clone();
            async move { Ok::<_, Infallible>(super::serve(app, peer.ip(), request.map(Body::new)).await) }
        })
    };
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(MAX_HEADER_COUNT)
        .max_buf_size(MAX_HEADERS + (16 << 10));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEADERS).unwrap_or(u32::MAX));
    let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
    let mut connection = std::pin::pin!(connection);
    // Until the first request is whole: no byte, half a preface and half a head all end here.
    let result = match tokio::time::timeout(header_timeout, &mut connection).await {
        Ok(result) => result,
        Err(_) if spoken.load(Ordering::Relaxed) => connection.await,
        Err(_) => {
            tracing::debug!(%peer, "no request came in time; the connection is closed");
            return;
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "the connection ended early");
    }
}

/// Counts connections, in all and by address.
#[derive(Debug)]
struct Door {
    all: Arc<Semaphore>,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    per_address: usize,
}

impl Door {
    fn new(all: usize, per_address: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), by_address: Mutex::default(), per_address }
    }

    fn enter(door: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let all = door.all.clone().try_acquire_owned().ok()?;
        let mut by_address = door.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_address.entry(address).or_default();
        if *count >= door.per_address {
            return None;
        }
        *count += 1;
        drop(by_address);
        Some(Place { door: door.clone(), address, _all: all })
    }
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
struct Place {
    door: Arc<Door>,
    address: IpAddr,
    _all: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.door.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}
