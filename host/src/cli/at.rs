//! Which host a command is for, and how it is reached: through its control socket while it runs, else in its data directory.

use std::{path::PathBuf, sync::Arc};

use super::serve::CONFIG_FILE;
use crate::{
    admin::{
        Admin,
        client::Client,
        holder::{self, Holder},
    },
    codes,
    config::Config,
    host::Threads,
    problem::{Problem, Problems},
    store::Store,
};

/// Which host.
#[derive(Debug, clap::Args)]
pub struct At {
    /// The configuration file of the host
    #[arg(long, value_name = "FILE", default_value = CONFIG_FILE)]
    config: PathBuf,
}

/// A host that was found.
pub(super) enum Reached {
    /// It runs, and does what it is sent.
    Running(Client),
    /// It does not run, and nothing else does while this command holds its data directory.
    Here(Box<Admin>),
}

impl At {
    /// The host's configuration. Blocking.
    pub(super) fn config(&self) -> Result<Config, Problems> {
        Config::load(&self.config)
    }

    /// Reads the configuration and carries the errand out with whoever holds the data directory. Blocking.
    pub(super) fn reach<T>(&self, errand: impl AsyncFnOnce(&Reached) -> Result<T, Problems>) -> Result<T, Problems> {
        let config = self.config()?;
        let threads = Threads::start()?;
        threads.control.block_on(async {
            match holder::find(&config.data_dir).await? {
                Holder::Running(client) => errand(&Reached::Running(client)).await,
                Holder::Mine(data) => {
                    let store = Store::open(&data)?;
                    let reached = Reached::Here(Box::new(Admin::new(Arc::new(config), &data, store, None)?));
                    let result = errand(&reached).await;
                    let closing = tokio::task::spawn_blocking(move || drop((reached, data)));
                    closing.await.map_err(|error| Problem::new(&codes::STORE_FAILED, "the store ended badly").why(error))?;
                    result
                }
            }
        })
    }
}
