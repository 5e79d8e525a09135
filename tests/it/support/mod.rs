//! What tests are told with: a host, its plugins, requests, its log, commands.
//!
//! Every wait has a deadline ([`wait`]) and is for a condition; nothing sleeps to let something happen.

pub(crate) mod bomb;
pub(crate) mod browser;
pub(crate) mod cli;
pub(crate) mod flow;
pub(crate) mod http;
pub(crate) mod http2;
pub(crate) mod log;
mod host;
pub(crate) mod platform;
mod process;
pub(crate) mod server;
mod service;
pub(crate) mod threads;
pub(crate) mod wait;

pub(crate) use cli::{Run, wharf};
pub(crate) use host::{Running, TestHost, install, install_with};
pub(crate) use http::{Answer, Request};
pub(crate) use platform::Platform;
pub(crate) use process::Process;
pub(crate) use service::Service;
