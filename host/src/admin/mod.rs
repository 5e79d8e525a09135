//! What an admin does: install, list, inspect and remove plugins; create, list and revoke tokens; keep the embedded platform.
//! The same code runs inside a host, reached through the control socket ([`control`], [`client`]), and in a command that holds
//! the data directory itself ([`holder`]).

pub mod vet;
pub mod install;
pub mod plugins;
mod services;
pub mod check;
pub mod tokens;
pub mod messages;
pub mod platform;
pub mod control;
pub mod client;
pub mod holder;

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use crate::{
    app::{App, no_engine},
    clock::Clock,
    config::{self, Config},
    platform::embedded::Embedded,
    problem::Problem,
    runtime::{engine::Mode, engines::Engines, plugin::Loader},
    store::{Blobs, DataDir, Digest, Store},
};

/// Everything that commands work on.
#[derive(Debug)]
pub struct Admin {
    /// As it was at the start.
    pub config: Arc<Config>,
    /// Its services by their keys, with what they grant and set by now.
    services: ArcSwap<BTreeMap<String, config::Service>>,
    pub store: Store,
    pub blobs: Blobs,
    pub clock: Clock,
    /// The host that serves; `None` in a command that works on a data directory nobody serves from.
    pub app: Option<Arc<App>>,
    /// The platform, if it is in this host.
    embedded: Option<Arc<Embedded>>,
    engines: Arc<Engines>,
    /// One change at a time.
    changing: Mutex<()>,
}

/// Runs work that reads files or computes for long, without holding up the other tasks of this thread.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

/// What artifacts are compiled for: they fit an engine's version and settings only.
fn compatibility(loader: &Loader) -> Digest {
    Digest::of_hash(&loader.engine().precompile_compatibility_hash())
}

impl Admin {
    /// Works on `data` and its store. Blocking.
    pub fn new(config: Arc<Config>, data: &DataDir, store: Store, app: Option<Arc<App>>) -> Result<Self, Problem> {
        let engines = match &app {
            Some(app) => app.engines.clone(),
            None => Arc::new(Engines::trial(config.limits.memory).map_err(|error| no_engine(&error, &config))?),
        };
        let clock = Clock::from_env();
        let serving = app.as_ref().and_then(|app| app.embedded.as_ref()).map(|server| server.embedded.clone());
        let embedded = serving.or_else(|| {
            // Without a host nobody asks for a header, so nothing is known of how to make one.
            let platform = config.platform.as_ref().filter(|platform| platform.mode == config::Mode::Embedded)?;
            Some(Arc::new(Embedded::new(platform, store.clone(), clock, Default::default())))
        });
        Ok(Self {
            services: ArcSwap::from_pointee(config.services.clone()),
            config,
            store,
            blobs: Blobs::open(data).map_err(|error| error.problem())?,
            clock,
            app,
            embedded,
            engines,
            changing: Mutex::new(()),
        })
    }

    /// The engine of that mode. Blocking.
    fn loader(&self, mode: Mode) -> Result<Loader, Problem> {
        self.engines.loader(mode).map_err(|error| no_engine(&error, &self.config))
    }
}
