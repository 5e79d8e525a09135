//! `wharf serve`: run the host.

use std::path::PathBuf;

use super::output::Output;
use crate::{
    codes,
    config::Config,
    host::{Host, Threads, bind},
    observe,
    problem::{Problem, Problems},
    shutdown::asked_to_stop,
};

/// Where the configuration is looked for unless told otherwise.
pub const CONFIG_FILE: &str = "wharf.toml";

/// `wharf serve`
#[derive(Debug, clap::Args)]
#[command(after_help = "SIGINT or SIGTERM stops it: it takes no new connection and lets calls in flight finish.")]
pub struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = CONFIG_FILE)]
    config: PathBuf,
}

pub fn run(args: &Args, output: &Output) -> Result<(), Problems> {
    let config = Config::load(&args.config)?;
    observe::log::start(&config.log);
    let threads = Threads::start()?;
    threads.control.block_on(async {
        let listener = bind(config.listen.address).await?;
        let host = Host::start(config, listener, threads.requests.handle().clone()).await?;
        let pid = std::process::id();
        output.data(
            &format_args!("wharf serves http://{} (pid {pid})", host.address),
            &serde_json::json!({"address": host.address.to_string(), "pid": pid}),
        );
        let signal =
            asked_to_stop().await.map_err(|error| Problem::new(&codes::IO, "signals cannot be watched for").why(error))?;
        tracing::info!(signal, "stopping");
        host.stop().await;
        Ok(())
    })
}
