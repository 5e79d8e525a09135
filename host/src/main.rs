//! `wharf`: parse, run one command, say how it went.

use std::process::ExitCode;

use clap::Parser;
use wharf::cli;

/// Per-thread caches for the small allocations of a request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // For libraries that ask for the process's provider. It fails only where one is there already, which then is this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = cli::Cli::parse();
    let output = cli::output::Output::new(cli.format);
    match cli::run(cli.command, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            output.problems(&problems);
            ExitCode::FAILURE
        }
    }
}
