//! Wharf, a WebAssembly plugin host for back services: the library behind the binary `wharf`.

pub mod cli;
pub mod config;
pub mod manifest;
pub mod host;
pub mod app;
pub mod shutdown;
pub mod observe;

pub mod request;
pub mod runtime;
pub mod capabilities;

pub mod admin;
pub mod store;

pub mod bindings;
pub mod caller;
pub mod clock;
pub mod codes;
pub mod limits;
pub mod problem;
pub mod secret;
pub mod toml_reader;
pub mod units;
