//! `wharf completions`: a completion script for a shell.

use clap::CommandFactory;

use super::{Cli, output::Output};
use crate::problem::Problems;

/// `wharf completions <shell>`
#[derive(Debug, clap::Args)]
#[command(after_help = "For example: wharf completions bash > ~/.local/share/bash-completion/completions/wharf")]
pub struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub fn run(args: &Args, output: &Output) -> Result<(), Problems> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wharf", &mut script);
    let script = String::from_utf8_lossy(&script);
    output.data(&script.trim_end(), &serde_json::json!({"script": script}));
    Ok(())
}
