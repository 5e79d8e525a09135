//! One plugin's client: a pool of connections, and a bound on how many exchanges are under way.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{runtime::Handle, sync::Semaphore};

use crate::reach::resolve::Guard;

/// Exchanges of one plugin at once, from the request to the last byte of the response. Each may hold some hundred KiB of what
/// the other server sent and nobody has read yet.
const MAX_EXCHANGES: usize = 128;
/// A server that is there answers a connection attempt within seconds, from anywhere.
const CONNECT: Duration = Duration::from_secs(10);
/// Silence in the middle of a response after which nothing more is expected.
const READ: Duration = Duration::from_secs(60);
/// Connections that wait for the next request to the same host.
const IDLE_PER_HOST: usize = 16;
/// Servers commonly close idle connections after a minute; being earlier avoids the race.
const IDLE: Duration = Duration::from_secs(30);
/// What an HTTP/2 server may send ahead in one response.
const WINDOW: u32 = 256 << 10;
/// The same for all responses of a connection: room for each, or a few that nobody reads would stop all others.
const CONNECTION_WINDOW: u32 = 32 << 20;
const _: () = assert!(CONNECTION_WINDOW as usize >= MAX_EXCHANGES * WINDOW as usize);

#[derive(Debug)]
pub(super) struct Client {
    pub(super) http: reqwest::Client,
    /// Where exchanges run.
    pub(super) runtime: Handle,
    pub(super) places: Arc<Semaphore>,
}

impl Client {
    /// `private` are the names that may resolve to private addresses. Blocking: reads the system's root certificates.
    pub(super) fn new(private: &Arc<BTreeSet<String>>, runtime: Handle) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(Guard::new(private.clone())))
            .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(READ)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_idle_timeout(IDLE)
            .http2_initial_stream_window_size(WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .build()?;
        Ok(Self { http, runtime, places: Arc::new(Semaphore::new(MAX_EXCHANGES)) })
    }
}
