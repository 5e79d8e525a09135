//! The station where both lines meet: an admitted call becomes an instance, runs, and leaves an outcome.
//!
//! In the order of travel: [`engines`] and [`plugin`] are made once per host and per installed version; a [`permit`] admits
//! one call; [`state`] is all that a call owns; a [`call`] is a request's and a [`lifecycle`] call a message's, and both
//! [`run`] the same way: in an [`instance`], fresh or idle until then, under a [`meter`], where requests are served for two ticks
//! and then on the slow lanes ([`lanes`]), a stock component in its own way ([`stock`]); bytes go through [`crate::reader`] and
//! [`reply`]; [`outcome`] is what comes out.
//!
//! Guarantees: there is no instance without a [`permit::Permit`]; nothing of a call survives it; `wasmtime::Error` does not
//! leave this module.

pub mod engine;
pub mod inspect;
pub mod compile;
pub mod artifact;
mod entry;
pub mod plugin;
pub mod weight;
pub mod engines;
pub mod permit;
pub mod state;
mod wasi;
pub mod instance;
mod crash;
mod run;
pub mod call;
pub mod lifecycle;
pub mod stock;
pub mod meter;
mod pace;
mod load;
pub mod lanes;
mod passed;
pub mod reply;
pub mod outcome;
