mod config;
mod demo;
mod explain;
mod ocean_auth;
pub(crate) mod plugin;
mod serve;
