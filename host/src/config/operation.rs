//! `[operation]`: where those who run the host look at it.

use std::net::SocketAddr;

use crate::toml_reader::{Table, values::parsed};

/// Where those who run the host look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Operation {
    /// The address of `/healthz`, `/readyz` and `/metrics`. Not set by default: whoever can reach it can read it, two hosts on
    /// one machine could not both have a fixed port, and one that the system chose nobody would find.
    pub address: Option<SocketAddr>,
}

pub(super) fn read(table: &Table<'_>) -> Operation {
    let fix = "write \"127.0.0.1:9464\" or \"[::1]:9464\"; names do not work here";
    Operation { address: table.opt("address", parsed("an address and port", fix, |text| text.parse().ok())) }
}
