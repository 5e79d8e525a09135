mod config;
mod demo;
mod explain;
mod ocean_auth;
mod platform;
pub(crate) mod plugin;
mod serve;
