//! A running host: data directory, plugins, control socket and listeners, put together and taken apart again.

use std::{io::ErrorKind, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    runtime::{Builder, Handle, Runtime},
    task::JoinHandle,
};

use crate::{
    admin::{Admin, control, install::Without},
    app::App,
    codes,
    config::{self, Config},
    message::Line,
    observe::log,
    open_files,
    operation::{Endpoint, Health, Phase},
    platform::embedded::base_url,
    problem::{Problem, Problems},
    processors::Processors,
    request::{
        authenticate::bearer::jwt::issuer::Issuer,
        budget::FORGET_EVERY,
        listen::{self, Listener, tls::Tls},
    },
    shutdown::Stop,
    store::{DataDir, Store},
    task::AbortOnDrop,
};

/// How long deliveries under way may go on when the host stops. Those that take longer are delivered again.
const MESSAGES_END: Duration = Duration::from_secs(2);

/// How long the threads of one kind are waited for when they end. A name that is being resolved holds one for as long as the
/// system likes.
const THREADS_END: Duration = Duration::from_millis(500);

/// The longest that a host takes to end beyond its drain timeout, and what its disk takes; one with an address for its operation
/// cuts that too, which may take [`listen::CUT`] more.
pub const END: Duration =
    listen::CUT.saturating_add(MESSAGES_END).saturating_add(THREADS_END).saturating_add(THREADS_END).saturating_add(log::END);

/// The threads of a host. Dropping it gives up whatever still runs, and waits for what cannot be given up.
#[derive(Debug)]
pub struct Threads {
    /// Accepting, deadlines, signals and administration: no guest ever runs here.
    pub control: Runtime,
    /// Requests, and guests for their first two ticks.
    pub requests: Runtime,
}

impl Threads {
    /// Fails when the system gives no threads.
    pub fn start() -> Result<Self, Problem> {
        let failed = |error: std::io::Error| Problem::new(&codes::IO, "the host's threads cannot be started").why(error);
        let control = Builder::new_multi_thread().worker_threads(1).thread_name("wharf-control").enable_all().build();
        let processors = Processors::of_this_process();
        let requests = Builder::new_multi_thread()
            .worker_threads(processors.threads)
            .thread_name("wharf-request")
            .on_thread_start(move || processors.take())
            .enable_all()
            .build();
        Ok(Self { control: control.map_err(failed)?, requests: requests.map_err(failed)? })
    }

    /// Gives up whatever still runs, and waits only a moment for what cannot be given up.
    pub fn end(self) {
        self.requests.shutdown_timeout(THREADS_END);
        self.control.shutdown_timeout(THREADS_END);
    }
}

/// A host that serves. [`Host::stop`] ends it in order; merely dropping it cuts everything off.
#[derive(Debug)]
pub struct Host {
    pub admin: Arc<Admin>,
    pub address: SocketAddr,
    /// Where `/healthz`, `/readyz` and `/metrics` are, if they are wanted.
    pub operation: Option<SocketAddr>,
    health: Arc<Health>,
    /// For clients, and for commands.
    stop: Stop,
    listening: JoinHandle<()>,
    controlling: JoinHandle<std::io::Result<()>>,
    forgetting: AbortOnDrop,
    /// Keeps the keys of issuers fresh.
    reading_keys: Vec<AbortOnDrop>,
    /// Handles messages, where there is a platform.
    line: Option<Line>,
    /// Sends the embedded platform's notices.
    noticing: Option<AbortOnDrop>,
    /// Those who run the host can look at it until the end.
    operating: Option<(JoinHandle<()>, Stop)>,
    /// Holds the lock of the data directory until the very end.
    data: DataDir,
}

/// Opens the listener of a configuration. Fails with [`codes::ADDRESS_UNAVAILABLE`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Problem> {
    bind_in("listen", address).await
}

async fn bind_in(section: &str, address: SocketAddr) -> Result<TcpListener, Problem> {
    TcpListener::bind(address).await.map_err(|error| {
        let fix = match error.kind() {
            ErrorKind::AddrNotAvailable => {
                format!("set an `address` of this machine in [{section}]; `0.0.0.0` and `[::]` are all of them")
            }
            ErrorKind::PermissionDenied => {
                format!("set a port over 1023 as `address` in [{section}], or let this user have lower ones")
            }
            _ => format!("end the program that uses it, or set another `address` in [{section}]"),
        };
        Problem::new(&codes::ADDRESS_UNAVAILABLE, format!("`{address}` cannot be listened on")).why(error).fix(fix)
    })
}

fn io(what: &str) -> impl Fn(std::io::Error) -> Problem {
    move |error| Problem::new(&codes::IO, what.to_owned()).why(error)
}

impl Host {
    /// Starts a host in its data directory and on an open listener: loads the installed plugins, and begins to serve.
    ///
    /// Runs on the control threads; `requests` are where connections are served. Plugins that cannot be loaded are logged,
    /// and their services answer 503.
    ///
    /// Cancellation: all that was started ends, a compilation too, and the data directory is given back.
    pub async fn start(config: Config, data: DataDir, listener: TcpListener, requests: Handle) -> Result<Self, Problems> {
        let config = Arc::new(config);
        open_files::allow(config.listen.max_connections);
        let tls = config.listen.tls.as_ref().map(Tls::load).transpose()?.map(Arc::new);
        let store = Store::open(&data)?;
        let app = Arc::new(App::new(&config, Some(store.clone()), Handle::current())?);
        for (service, warning) in app.warnings() {
            tracing::warn!(service, "{warning}");
        }
        let admin = Arc::new(Admin::new(config.clone(), &data, store.clone(), Some(app.clone()))?);
        let health = Arc::new(Health::new(app.clone(), store.clone(), requests.clone()));
        let (operation, operating) = match config.operation.address {
            None => (None, None),
            Some(address) => {
                let (address, task) = operate(address, health.clone()).await?;
                (Some(address), Some(task))
            }
        };
        let address = listener.local_addr().map_err(io("the listener has no address"))?;
        // Before anybody asks the platform anything, the message line first of all.
        if let Some(server) = &app.embedded {
            server.embedded.seed(&config, &base_url(&config.listen, address)).await?;
        }
        let line = app.start_messages(&config, store.clone(), requests.clone()).await.map_err(|error| error.problem())?;
        let noticing = app.embedded.as_ref().map(|server| {
            // A proxy may bring clients from anywhere, and then a developer is no reason to call this machine's own servers.
            let config::Listen { public_url, trusted_proxies, .. } = &config.listen;
            let local = address.ip().is_loopback() && public_url.is_none() && trusted_proxies.is_empty();
            AbortOnDrop::new(tokio::spawn(server.embedded.clone().send_notices(app.clone(), local)).abort_handle())
        });
        admin.load_all().await.iter().for_each(Without::log);
        let forgetting = tokio::spawn(forget(app.clone()));
        let keep_fresh = |issuer: &Arc<Issuer>| AbortOnDrop::new(tokio::spawn(issuer.clone().keep_fresh()).abort_handle());
        let reading_keys = app.issuers.iter().map(keep_fresh).collect();
        let socket = control::bind(&data.control_socket()).map_err(io("the control socket cannot be opened"))?;
        let stop = Stop::default();
        let controlling = tokio::spawn(control::serve(socket, admin.clone(), stop.clone(), config.listen.drain_timeout));
        let counted = app.metrics.connections.clone();
        let listener = Listener { socket: listener, limits: config.listen.clone(), handler: app, counted, tls, requests };
        let listening = tokio::spawn(listener.run(stop.clone()));
        health.enter(Phase::Serving);
        tracing::info!(%address, operation = operation.map(tracing::field::display), data = %data.path().display(), "serving");
        let forgetting = AbortOnDrop::new(forgetting.abort_handle());
        Ok(Self {
            admin,
            address,
            operation,
            health,
            stop,
            listening,
            controlling,
            forgetting,
            reading_keys,
            line,
            noticing,
            operating,
            data,
        })
    }

    /// Stops accepting, lets calls and commands in flight finish for at most the drain timeout or until `hurry` comes, and gives
    /// the data directory back; with [`Threads::end`] and [`log::end`] after it, at the latest [`END`] after that. A command that
    /// was cut off keeps its share of the store until the threads end, and the directory's lock with it.
    pub async fn stop(self, hurry: impl Future<Output = &'static str>) {
        drop((self.forgetting, self.noticing));
        self.health.enter(Phase::Draining);
        self.stop.drain.cancel();
        let cut = async {
            let signal = hurry.await;
            tracing::warn!(signal, "told again to stop; connections are cut");
            self.stop.cut.cancel();
            std::future::pending().await
        };
        let ends = async {
            joined("the listener", self.listening).await;
            if let Some(Err(error)) = joined("the control socket", self.controlling).await {
                tracing::error!(%error, "the control socket failed");
            }
        };
        tokio::select! {
            () = ends => {}
            () = cut => {}
        }
        // After the last notice was answered. What is under way is finished, as calls are.
        if let Some(line) = self.line {
            let ending = tokio::time::timeout(MESSAGES_END, line.stop());
            if ending.await.is_err() {
                tracing::warn!("a delivery took too long to end; its message is delivered again after the next start");
            }
        }
        // Only now: what is in flight while the host drains may carry a token of a new key.
        drop(self.reading_keys);
        if let Some((operating, stop)) = self.operating {
            stop.cut.cancel();
            joined("the operation listener", operating).await;
        }
        // A socket file that nobody listens on any more would only mislead; the next host replaces it anyway.
        let _ = std::fs::remove_file(self.data.control_socket());
        // The store's last owner waits for its writer thread, which must not happen on an async worker.
        let closing = tokio::task::spawn_blocking(move || drop((self.admin, self.health, self.data)));
        joined("the store", closing).await;
        tracing::info!("stopped");
    }
}

/// Keeps what is remembered of callers and consoles small.
async fn forget(app: Arc<App>) {
    loop {
        tokio::time::sleep(FORGET_EVERY).await;
        app.forget().await;
    }
}

/// Opens the listener for those who run the host, and serves it on the control threads.
async fn operate(address: SocketAddr, health: Arc<Health>) -> Result<(SocketAddr, (JoinHandle<()>, Stop)), Problem> {
    let socket = bind_in("operation", address).await?;
    let address = socket.local_addr().map_err(io("the operation listener has no address"))?;
    let listener = Listener {
        socket,
        limits: config::Listen::for_operation(address),
        handler: Endpoint::new(health),
        counted: Arc::default(),
        tls: None,
        requests: Handle::current(),
    };
    let stop = Stop::default();
    Ok((address, (tokio::spawn(listener.run(stop.clone())), stop)))
}

async fn joined<T>(what: &str, task: JoinHandle<T>) -> Option<T> {
    task.await.inspect_err(|error| tracing::error!(%error, "{what} ended badly")).ok()
}
