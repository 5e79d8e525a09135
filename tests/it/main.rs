//! What must hold of the built binary, seen from outside: real processes, real sockets, real components.
//!
//! Laid out like `host/src`. A test makes a [`support::TestHost`], sends it requests, reads its log, and stops it; how the host
//! does its work is none of a test's business.

mod support;

mod admin;
mod bad_input;
mod build;
mod capabilities;
mod cli;
mod message;
mod observe;
mod operation;
mod platform;
mod plugins;
mod request;
mod runtime;

mod documents;
mod guests;
mod guide;
mod limits;
mod readme;
mod sdk;
mod tidy;
