//! Who holds a data directory: this process from now on, or a host that takes commands. Whoever does neither is a command, which
//! is done shortly, or a host that starts or stops: those are waited for.

use std::{path::Path, time::Duration};

use tokio::time::{Instant, sleep};

use super::client::Client;
use crate::{
    codes,
    problem::Problem,
    store::{Access, DataDir, InUse},
};

/// How long the holder may take to be done, or to take commands. Most commands hold the directory for a fraction of a second, and a
/// host that compiled its plugins before starts within that. Who installs without a host holds it while it compiles, and a person
/// who waits for longer than this wants to know what for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Short beside what a command takes, long beside what looking costs.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Who holds a data directory.
#[derive(Debug)]
pub enum Holder {
    /// This process does, from now on.
    Mine(DataDir),
    /// A running host does, and does what it is sent.
    Running(Client),
}

/// Finds out who holds the directory. Fails with [`codes::DATA_LOCKED`] if that is somebody who neither takes commands nor
/// is done in time.
///
/// Blocks for as long as opening a directory takes. Cancellation: harmless.
pub async fn find(path: &Path) -> Result<Holder, Problem> {
    let until = Instant::now() + PATIENCE;
    loop {
        let in_use = match DataDir::try_open(path)? {
            Access::Mine(data) => return Ok(Holder::Mine(data)),
            Access::InUse(in_use) => in_use,
        };
        let client = Client::new(in_use.control_socket());
        if client.is_expected().await {
            return Ok(Holder::Running(client));
        }
        if Instant::now() >= until {
            return Err(silent(&in_use));
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Takes the directory for a host. Fails with [`codes::DATA_LOCKED`] if another host holds it, or a command that is not done in
/// time.
///
/// Blocks for as long as opening a directory takes. Cancellation: harmless.
pub async fn take(path: &Path) -> Result<DataDir, Problem> {
    match find(path).await? {
        Holder::Mine(data) => Ok(data),
        // It says who holds it; or the host has ended meanwhile, which is as well.
        Holder::Running(_) => DataDir::open(path),
    }
}

fn silent(in_use: &InUse) -> Problem {
    let holder = in_use.pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    let socket = in_use.control_socket();
    Problem::new(&codes::DATA_LOCKED, format!("data directory `{}` is in use", in_use.path.display()))
        .why(format_args!(
            "{holder} holds it and takes no commands at `{}`: it is another command, or a host that starts or stops",
            socket.display()
        ))
        .fix(format!("wait until {holder} is done or takes commands, then repeat the command"))
}
