//! `wharf`: parse, run one command, say how it went.

use std::process::ExitCode;

use clap::Parser;
use wharf::{cli, observe};

/// Per-thread caches for the small allocations of a request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // For libraries that ask for the process's provider. It fails only where one is there already, which then is this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    #[cfg(debug_assertions)]
    die_with_parent();
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return cli::usage::refuse(&error, std::env::args_os()),
    };
    let output = cli::output::Output::new(cli.format);
    let done = cli::run(cli.command, &output).and_then(|()| Ok(output.written()?));
    observe::log::end();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            output.problems(&problems);
            ExitCode::FAILURE
        }
    }
}

/// Tests that are killed cannot end what they started: it ends itself, if it was told to.
#[cfg(debug_assertions)]
#[expect(clippy::disallowed_methods, reason = "what a test wants of a process is no configuration")]
fn die_with_parent() {
    use rustix::process::{Signal, set_parent_process_death_signal};
    if std::env::var_os("WHARF_TEST_DIES_WITH_PARENT").is_some() {
        // Where the system cannot do it, the test's processes are as they are everywhere.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
    }
}
