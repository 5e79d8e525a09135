//! `wharf compile`: the child of `runtime/compile.rs`. Nobody else calls it.

use crate::{
    problem::Problems,
    runtime::{compile::compile_here, engine::Mode},
};

/// `wharf compile`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Bytes of address space
    #[arg(long)]
    memory: u64,
    /// Seconds of processor time
    #[arg(long)]
    cpu_seconds: u64,
    /// For the asynchronous engine
    #[arg(long)]
    asynchronous: bool,
}

pub fn run(args: &Args) -> Result<(), Problems> {
    let mode = if args.asynchronous { Mode::Asynchronous } else { Mode::Synchronous };
    match compile_here(mode, args.memory, args.cpu_seconds) {
        0 => Ok(()),
        #[expect(clippy::exit, reason = "the parent reads the exit status, and the reason is already on standard error")]
        status => std::process::exit(status),
    }
}
