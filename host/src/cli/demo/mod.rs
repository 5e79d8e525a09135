//! `wharf demo`: a host with the shipped plugins and a platform, and the lines that call them.

mod examples;
mod platform;
mod setup;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use tokio::net::TcpListener;

use super::{output::Output, serve::start_log};
use crate::{
    admin::holder,
    codes,
    config::Config,
    host::{Host, Threads},
    problem::{Problem, Problems},
    shutdown::Signals,
};

/// Ports that are tried, from the one asked for on.
const PORTS: u16 = 50;

/// `wharf demo`
#[derive(Debug, clap::Args)]
#[command(after_help = "The host listens on loopback only. SIGINT (Ctrl-C) or SIGTERM ends it.")]
pub struct Args {
    /// The port to listen on; if it is taken, the next free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Keep everything in this directory instead of a temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub fn run(args: &Args, output: &Output) -> Result<(), Problems> {
    // The directory goes after the threads: by then nobody writes there any more.
    let directory = setup::Directory::open(args.data.as_deref())?;
    let threads = Threads::start()?;
    let ended = threads.control.block_on(serve(args, output, &threads, &directory));
    threads.end();
    ended
}

/// Starts, fills and serves until a signal comes, however early, and stops.
async fn serve(args: &Args, output: &Output, threads: &Threads, directory: &setup::Directory) -> Result<(), Problems> {
    let mut signals = Signals::watch().map_err(|error| Problem::new(&codes::IO, "signals cannot be watched for").why(error))?;
    let host = tokio::select! {
        host = start(args, output, threads, directory) => host?,
        _ = signals.next() => return Ok(()),
    };
    let served = tokio::select! {
        filled = fill(output, directory, &host) => filled.map(|()| None),
        early = signals.next() => Ok(Some(early)),
    };
    let signal = match &served {
        Ok(None) => Some(signals.next().await),
        Ok(early) => *early,
        Err(_) => None,
    };
    if let Some(signal) = signal {
        output.say(&format_args!("wharf demo: {signal}, stopping"));
    }
    host.stop(signals.next()).await;
    served.map(drop)
}

async fn start(args: &Args, output: &Output, threads: &Threads, directory: &setup::Directory) -> Result<Host, Problems> {
    // First of all: what follows is written where a demo may be running.
    let data = holder::take(&directory.data()).await?;
    let listener = free_port(args.port, output).await?;
    let address = listener.local_addr().map_err(|error| Problem::new(&codes::IO, "the listener has no address").why(error))?;
    let file = directory.write_config(address)?;
    let config = Config::load(&file)?;
    start_log(&config)?;
    output.say(&format_args!("wharf demo: starting in {}", directory.path().display()));
    Host::start(config, data, listener, threads.requests.handle().clone()).await
}

/// Installs the plugins, fills the platform, and says how to call them.
async fn fill(output: &Output, directory: &setup::Directory, host: &Host) -> Result<(), Problems> {
    for (name, component) in setup::PLUGINS {
        output.say(&format_args!("wharf demo: installing {name} …"));
        let report = host.admin.install(component.to_vec()).await?;
        output.say(&format_args!("wharf demo: {} {} is installed", report.id, report.version));
    }
    platform::fill(host).await?;
    let examples = examples::examples(directory, host).await?;
    output.data(&examples::text(host, directory, &examples), &examples::json(host, directory, &examples));
    Ok(())
}

/// The first free port from `port` on, on loopback.
async fn free_port(port: u16, output: &Output) -> Result<TcpListener, Problem> {
    let mut last = None;
    for candidate in port..=port.saturating_add(PORTS) {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), candidate);
        match TcpListener::bind(address).await {
            Ok(listener) => {
                if candidate != port {
                    output.say(&format_args!("wharf demo: port {port} is in use; listening on {candidate} instead"));
                }
                return Ok(listener);
            }
            Err(error) => last = Some(error),
        }
    }
    let problem =
        Problem::new(&codes::ADDRESS_UNAVAILABLE, format!("no port from {port} on is free")).fix("name another one with --port");
    Err(last.map_or(problem.clone(), |error| problem.why(error)))
}
