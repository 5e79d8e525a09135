//! The command line: one file a command, each with its arguments and a `run`.
//!
//! Standard output is data, standard error is talk. Exit status 0: done; 1: refused or failed, with the problems on
//! standard error; 2: the command line itself is wrong ([`usage`]).

pub mod usage;
pub mod output;
mod at;

pub mod serve;
pub mod demo;
pub mod check;
pub mod config;
pub mod platform;
pub mod plugin;
pub mod token;
pub mod messages;
pub mod ocean_auth;
pub mod explain;
pub mod completions;
pub mod compile;

use clap::{Parser, Subcommand};

use crate::problem::Problems;

/// A WebAssembly plugin host for back services.
#[derive(Debug, Parser)]
#[command(name = "wharf", version, about, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit status: 0 done, 1 refused or failed (the reason is on standard error), 2 wrong command line.\n\
    Start with `wharf demo`. What an error code means: `wharf explain WH1204`.")]
pub struct Cli {
    /// How results, and errors, are written
    #[arg(long, value_enum, global = true, default_value_t)]
    pub format: output::Format,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the host
    Serve(serve::Args),
    /// Run a host with the shipped plugins and show how to call them
    Demo(demo::Args),
    /// Check a configuration and every plugin it binds, without listening anywhere
    Check(check::Args),
    /// Show the default configuration
    Config(config::Args),
    /// Install, list, remove and inspect plugins
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Make, list and revoke bearer tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Look at messages, and retry or drop dead ones
    #[command(subcommand)]
    Messages(messages::Command),
    /// Keep the embedded platform: its apps, services, subscriptions and messages
    #[command(subcommand)]
    Platform(platform::Command),
    /// Make and read Ocean-Auth headers
    #[command(subcommand)]
    OceanAuth(ocean_auth::Command),
    /// Explain an error code
    Explain(explain::Args),
    /// Write a completion script for a shell
    Completions(completions::Args),
    /// Compile a component from standard input to standard output
    #[command(hide = true)]
    Compile(compile::Args),
}

/// Runs one command to its end.
pub fn run(command: Command, output: &output::Output) -> Result<(), Problems> {
    match command {
        Command::Serve(args) => serve::run(&args, output),
        Command::Demo(args) => demo::run(&args, output),
        Command::Check(args) => check::run(&args, output),
        Command::Config(args) => config::run(&args, output),
        Command::Plugin(command) => plugin::run(command, output),
        Command::Token(command) => token::run(command, output),
        Command::Messages(command) => messages::run(command, output),
        Command::Platform(command) => platform::run(command, output),
        Command::OceanAuth(command) => ocean_auth::run(command, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Completions(args) => completions::run(&args, output),
        Command::Compile(args) => compile::run(&args),
    }
}
