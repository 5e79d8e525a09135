//! `wharf serve`: run the host.

use std::path::PathBuf;

use tokio::runtime::Handle;

use super::output::Output;
use crate::{
    admin::holder,
    codes,
    config::Config,
    host::{Host, Threads, bind},
    observe,
    problem::{Problem, Problems},
    shutdown::Signals,
};

/// Where the configuration is looked for unless told otherwise.
pub const CONFIG_FILE: &str = "wharf.toml";

/// `wharf serve`
#[derive(Debug, clap::Args)]
#[command(
    after_help = "SIGINT or SIGTERM stops it: it takes no new connection and lets calls in flight finish; a second one cuts them."
)]
pub struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = CONFIG_FILE)]
    config: PathBuf,
}

/// Starts the log as the configuration has it.
pub(super) fn start_log(config: &Config) -> Result<(), Problem> {
    observe::log::start(&config.log).map_err(|error| Problem::new(&codes::IO, "the log's thread cannot be started").why(error))
}

/// The directory comes first: a second host with the same configuration is told of the one that has it, and one that takes the
/// place of a host that is still ending waits some seconds for it, rather than stumble over its port at once.
async fn start(config: Config, requests: Handle) -> Result<Host, Problems> {
    let data = holder::take(&config.data_dir).await?;
    let listener = bind(config.listen.address).await?;
    Host::start(config, data, listener, requests).await
}

pub fn run(args: &Args, output: &Output) -> Result<(), Problems> {
    let config = Config::load(&args.config)?;
    start_log(&config)?;
    let threads = Threads::start()?;
    let ended = threads.control.block_on(async {
        let mut signals =
            Signals::watch().map_err(|error| Problem::new(&codes::IO, "signals cannot be watched for").why(error))?;
        let (url, scheme) = (config.listen.public_url.clone(), config.listen.scheme());
        let places = config.places.clone();
        // Compiling plugins may take minutes; whoever stops the host meanwhile does not wait for them.
        let host = tokio::select! {
            host = start(config, threads.requests.handle().clone()) => host,
            signal = signals.next() => {
                tracing::info!(signal, "stopped while starting");
                return Ok(());
            }
        };
        let host = host.map_err(|problems| places.locate_all(problems))?;
        let (pid, address) = (std::process::id(), host.address);
        let url = url.unwrap_or_else(|| format!("{scheme}://{address}"));
        let operation = host.operation.map(|address| address.to_string());
        output.data(
            &format_args!("wharf serves {url} on {address} (pid {pid})"),
            &serde_json::json!({"address": address.to_string(), "url": url, "operation": operation, "pid": pid}),
        );
        let signal = signals.next().await;
        tracing::info!(signal, "stopping");
        host.stop(signals.next()).await;
        Ok(())
    });
    threads.end();
    ended
}
