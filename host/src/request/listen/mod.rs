//! Accepting connections, with limits on how many there are, how slow they may be, and what they may hold.
//!
//! An accept loop of our own, because the usual one has no timeouts, and the usual sniffing of HTTP/2 waits for ever on a
//! silent connection. It runs where no guest is polled; connections are served on the request runtime, and watched from here.
//!
//! In the order of travel: the [`door`] lets a connection in, or not; it may begin with [`tls`]; [`wire`] finds out what it speaks; [`mod@connection`]
//! serves it; requests' bodies come in through [`arriving`] and answers go out through [`answering`]; [`watch`] is what all
//! of them note their progress in, and where the door looks for those that make none.
//!
//! **Guarantees.** Every wait for a client has a limit, and so has every buffer. The table stands in `docs/operation.md`.

pub mod door;
pub mod watch;
pub mod tls;
pub mod wire;
pub mod arriving;
pub mod answering;
pub mod connection;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::body::Body;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
};
use tokio_util::task::TaskTracker;

use self::{
    arriving::Pace,
    connection::{Shared, connection},
    door::Door,
    tls::Tls,
    watch::Order,
};
use crate::{config, observe::metrics::Connections, request::record::Record, shutdown::Stop, task::AbortOnDrop};

/// What the headers of a request may have together, in bytes: so much that an over-long credential still reaches its uniform
/// refusal. More is refused with 431.
pub const MAX_HEADERS: usize = 64 << 10;

/// How long connections that were told to end may take to do so: all that they wait for is a turn of their thread.
pub const CUT: Duration = Duration::from_secs(1);

/// What is behind a listener.
pub trait Handler: Clone + Send + Sync + 'static {
    /// Answers a request that came from `peer`, which may be a proxy. The record, if there is one, ends with the answer.
    fn handle(
        &self,
        peer: IpAddr,
        request: http::Request<Body>,
    ) -> impl Future<Output = (http::Response<Body>, Option<Record>)> + Send;
}

/// A listener, ready to run.
#[derive(Debug)]
pub struct Listener<H> {
    pub socket: TcpListener,
    pub limits: config::Listen,
    pub handler: H,
    pub counted: Arc<Connections>,
    pub tls: Option<Arc<Tls>>,
    /// Where connections are served.
    pub requests: Handle,
}

impl<H: Handler> Listener<H> {
    /// Accepts until it is told to drain; then closes idle connections, lets busy ones finish for at most the drain timeout or
    /// until it is told to cut them, and returns.
    ///
    /// Dropping the future stops accepting; connections go on, unwatched. It is not meant to be dropped.
    pub async fn run(self, stop: Stop) {
        let Self { socket, limits, handler, counted, tls, requests } = self;
        let door = Arc::new(Door::new(&limits, counted.clone()));
        let beating = tokio::spawn(beat(door.clone()));
        let _beating = AbortOnDrop::new(beating.abort_handle());
        let refreshing = tls.clone().map(|tls| tokio::spawn(refresh(tls, counted.clone())));
        let _refreshing = refreshing.map(|task| AbortOnDrop::new(task.abort_handle()));
        let shared = Shared { handler, pace: Pace::new(&limits), counted, tls, tasks: TaskTracker::new() };
        loop {
            tokio::select! {
                () = stop.drain.cancelled() => break,
                () = stop.cut.cancelled() => break,
                accepted = socket.accept() => match accepted {
                    Ok((stream, peer)) => welcome(stream, peer.ip(), &door, &shared, &requests),
                    Err(error) => failed(&error).await,
                },
            }
        }
        drop(socket);
        door.order(Order::Drain);
        shared.tasks.close();
        let drained = tokio::select! {
            biased;
            () = shared.tasks.wait() => true,
            () = tokio::time::sleep(limits.drain_timeout) => false,
            () = stop.cut.cancelled() => false,
        };
        if !drained {
            tracing::warn!(connections = shared.counted.open.get(), "connections were still busy; they are cut");
            door.order(Order::Cut);
            if tokio::time::timeout(CUT, shared.tasks.wait()).await.is_err() {
                tracing::error!("connections could not be ended");
            }
        }
    }
}

/// Lets a connection in and serves it, or closes it at once.
fn welcome<H: Handler>(stream: TcpStream, peer: IpAddr, door: &Arc<Door>, shared: &Shared<H>, requests: &Handle) {
    let place = match Door::enter(door, peer) {
        Ok(place) => place,
        Err(full) => {
            shared.counted.refused.add(full.as_str());
            tracing::debug!(%peer, limit = full.as_str(), "there are too many connections; this one is closed");
            return;
        }
    };
    // Handed over as a plain socket: a stream stays bound to the driver of the runtime that made it, and every request
    // would then wake the control thread first (measured, as a share of bare axum: reused 0.59 so, 0.79 otherwise).
    let stream = match stream.set_nodelay(true).and_then(|()| stream.into_std()) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%peer, %error, "the connection broke before its first request");
            return;
        }
    };
    let task = serve(stream, place, shared.clone());
    shared.tasks.spawn_on(task, requests);
}

async fn serve<H: Handler>(stream: std::net::TcpStream, place: door::Place, shared: Shared<H>) {
    match TcpStream::from_std(stream) {
        Ok(stream) => connection(stream, place, shared).await,
        Err(error) => tracing::warn!(peer = %place.watch.peer, %error, "a connection could not be watched"),
    }
}

/// Waits a little where the system itself, and not one connection, is what failed.
async fn failed(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    // Out of file descriptors, most likely: connections that end give some back.
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn refresh(tls: Arc<Tls>, counted: Arc<Connections>) {
    if let Err(error) = tls::keep_fresh(tls, counted).await {
        tracing::error!(%error, "the certificate will not be looked at again before a restart");
    }
}

/// Lets the door's time go on.
async fn beat(door: Arc<Door>) {
    let mut beats = tokio::time::interval(door.beat_length());
    // A machine that was asleep has not given its clients the time to speak.
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        door.beat();
    }
}
