//! `wharf config --default`: a configuration to start from.

use super::output::Output;
use crate::{config::Config, problem::Problems};

/// `wharf config --default`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print a commented configuration with every key at its default
    #[arg(long, required = true)]
    default: bool,
}

pub fn run(_: &Args, output: &Output) -> Result<(), Problems> {
    let text = Config::default_text().trim_end();
    output.data(&text, &serde_json::json!({"config": text}));
    Ok(())
}
