//! A running host: data directory, plugins, control socket and listener, put together and taken apart again.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    net::TcpListener,
    runtime::{Builder, Handle, Runtime},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    admin::{Admin, control},
    app::App,
    codes,
    config::Config,
    problem::{Problem, Problems},
    request::{authenticate::bearer::jwt::issuer::Issuer, budget::FORGET_EVERY, listen::listen},
    runtime::reply::AbortOnDrop,
    store::{DataDir, Store},
};

/// The threads of a host. Dropping it gives up whatever still runs.
#[derive(Debug)]
pub struct Threads {
    /// Accepting, deadlines, signals and administration: no guest ever runs here.
    pub control: Runtime,
    /// Requests, and guests for their first tick.
    pub requests: Runtime,
}

impl Threads {
    /// Fails when the system gives no threads.
    pub fn start() -> Result<Self, Problem> {
        let failed = |error: std::io::Error| Problem::new(&codes::IO, "the host's threads cannot be started").why(error);
        Ok(Self {
            control: Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("wharf-control")
                .enable_all()
                .build()
                .map_err(failed)?,
            requests: Builder::new_multi_thread().thread_name("wharf-request").enable_all().build().map_err(failed)?,
        })
    }
}

/// A host that serves. [`Host::stop`] ends it in order; merely dropping it cuts everything off.
#[derive(Debug)]
pub struct Host {
    pub admin: Arc<Admin>,
    pub address: SocketAddr,
    shutdown: CancellationToken,
    listening: JoinHandle<()>,
    controlling: JoinHandle<std::io::Result<()>>,
    forgetting: AbortOnDrop,
    /// Keeps the keys of issuers fresh.
    reading_keys: Vec<AbortOnDrop>,
    /// Holds the lock of the data directory until the very end.
    data: DataDir,
}

/// Opens the listener of a configuration. Fails with [`codes::ADDRESS_UNAVAILABLE`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Problem> {
    TcpListener::bind(address).await.map_err(|error| {
        Problem::new(&codes::ADDRESS_UNAVAILABLE, format!("`{address}` cannot be listened on"))
            .why(error)
            .fix("end the program that uses it, or set another `address` in [listen]")
    })
}

impl Host {
    /// Starts a host on an open listener: takes the data directory, loads the installed plugins, and begins to serve.
    ///
    /// Runs on the control threads; `requests` are where connections are served. Plugins that cannot be loaded are logged,
    /// and their services answer 503.
    pub async fn start(config: Config, listener: TcpListener, requests: Handle) -> Result<Self, Problems> {
        let io = |what: &str, error: std::io::Error| Problem::new(&codes::IO, what.to_owned()).why(error);
        let config = Arc::new(config);
        let data = DataDir::open(&config.data_dir)?;
        let store = Store::open(&data)?;
        let app = Arc::new(App::new(&config, Some(store.clone()), Handle::current())?);
        let admin = Arc::new(Admin::new(config.clone(), &data, store, Some(app.clone()))?);
        let unloaded = admin.load_all().await;
        for problem in unloaded.0 {
            tracing::warn!(code = problem.code.id, "{problem}");
        }
        let forgetting = tokio::spawn(forget(app.clone()));
        let keep_fresh = |issuer: &Arc<Issuer>| AbortOnDrop::new(tokio::spawn(issuer.clone().keep_fresh()).abort_handle());
        let reading_keys = app.issuers.iter().map(keep_fresh).collect();
        let address = listener.local_addr().map_err(|error| io("the listener has no address", error))?;
        let socket = control::bind(&data.control_socket()).map_err(|error| io("the control socket cannot be opened", error))?;
        let shutdown = CancellationToken::new();
        let controlling = tokio::spawn(control::serve(socket, admin.clone(), shutdown.clone()));
        let listening = tokio::spawn(listen(listener, app, config.listen.clone(), requests, shutdown.clone()));
        tracing::info!(%address, data = %data.path().display(), "serving");
        Ok(Self {
            admin,
            address,
            shutdown,
            listening,
            controlling,
            forgetting: AbortOnDrop::new(forgetting.abort_handle()),
            reading_keys,
            data,
        })
    }

    /// Stops accepting, lets calls in flight finish for at most the drain timeout, and gives the data directory back.
    pub async fn stop(self) {
        drop((self.forgetting, self.reading_keys));
        self.shutdown.cancel();
        if let Err(error) = self.listening.await {
            tracing::error!(%error, "the listener ended badly");
        }
        match self.controlling.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the control socket failed"),
            Err(error) => tracing::error!(%error, "the control socket ended badly"),
        }
        // A socket file that nobody listens on any more would only mislead; the next host replaces it anyway.
        let _ = std::fs::remove_file(self.data.control_socket());
        // The store's last owner waits for its writer thread, which must not happen on an async worker.
        let closing = tokio::task::spawn_blocking(move || drop((self.admin, self.data)));
        if let Err(error) = closing.await {
            tracing::error!(%error, "the store ended badly");
        }
        tracing::info!("stopped");
    }
}

/// Keeps what is remembered of callers small.
async fn forget(app: Arc<App>) {
    loop {
        tokio::time::sleep(FORGET_EVERY).await;
        app.budgets.forget_quiet();
    }
}
