//! `[listen]`: where and how Wharf takes connections.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use super::{
    network,
    network::Network,
    public_url,
    tls::{self, Tls},
};
use crate::toml_reader::{
    Item, Table,
    values::{duration, integer, list, parsed, size},
};

/// Loopback, so that nothing is reachable from outside before somebody decided it.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// With headers of 64 KiB each, the most there may be, all of them together hold 256 MiB; and it stays far below the hard limit
/// of open files that systems give a service.
const MAX_CONNECTIONS: usize = 4_096;
/// Room for a busy office behind one address, and yet eight addresses are needed to fill the host.
const MAX_CONNECTIONS_PER_ADDRESS: usize = 512;
/// A browser opens spare connections ahead of need; past ten seconds a silent one is only a burden.
const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(10);
/// 64 KiB of headers in ten seconds need a line of 50 kbit/s.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than the minute for which common proxies keep an idle connection: so they close it, and never send a request into
/// one that is just being closed here.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// With the 64 KiB that it is for, as slow a line as `min-body-rate` allows in the other direction.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// As long as the longest call a plugin may ask for by default (`Limits::CAPS.wall`): a body outlives no call.
const BODY_TIMEOUT: Duration = Duration::from_secs(300);
/// Slower than any real line, faster than a client that holds connections on purpose.
const MIN_BODY_RATE: u64 = 1 << 10;
/// Three times the wall time that a plugin gets by default, and a third of what systemd waits before it kills.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// A few monitors with a few connections each.
const OPERATION_CONNECTIONS: usize = 64;

const SHORT: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(10);
const IDLE: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_hours(24);
const LONG: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);
const CONNECTIONS: std::ops::RangeInclusive<usize> = 1..=1_000_000;
/// Proxies are few; a long list is looked through for every connection.
const MAX_PROXIES: usize = 64;

/// Where and how Wharf takes connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The address and port to listen on; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once from one address.
    pub max_connections_per_address: usize,
    /// Time from accepting a connection to its first byte, and the longest pause within a request body.
    pub first_byte_timeout: Duration,
    /// Time from the first byte of a request to the end of its headers.
    pub header_timeout: Duration,
    /// Time that a connection without a request is kept.
    pub idle_timeout: Duration,
    /// Time for a client to take the next 64 KiB of an answer.
    pub write_timeout: Duration,
    /// Time for a whole request body.
    pub body_timeout: Duration,
    /// Bytes per second that a request body must keep up; 0 lets it be as slow as it likes.
    pub min_body_rate: u64,
    /// Time that calls in flight get when the host stops.
    pub drain_timeout: Duration,
    /// Scheme, host and port under which clients reach this host, without a final slash.
    pub public_url: Option<String>,
    /// The networks whose word about a client's address is believed.
    pub trusted_proxies: Vec<Network>,
    /// The certificate to show; without one clients speak in clear text.
    pub tls: Option<Tls>,
}

impl Listen {
    /// What the URLs of this host begin with, unless something else stands before it.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Whether browsers come by https: to this listener, or to the proxy before it that `public-url` speaks of.
    pub fn is_https(&self) -> bool {
        self.tls.is_some() || self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }

    /// What holds for the listener of `[operation]`: few connections, from a monitor or a person, with the default times.
    pub fn for_operation(address: SocketAddr) -> Self {
        Self {
            address,
            max_connections: OPERATION_CONNECTIONS,
            max_connections_per_address: OPERATION_CONNECTIONS,
            first_byte_timeout: FIRST_BYTE_TIMEOUT,
            header_timeout: HEADER_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
            body_timeout: BODY_TIMEOUT,
            min_body_rate: MIN_BODY_RATE,
            drain_timeout: Duration::ZERO,
            public_url: None,
            trusted_proxies: Vec::new(),
            tls: None,
        }
    }
}

pub(super) fn read(table: &Table<'_>, directory: &Path) -> Listen {
    let address = parsed("an address and port", "write \"127.0.0.1:8080\" or \"[::1]:8080\"; names do not work here", |text| {
        text.parse().ok()
    });
    let max_connections = table.or("max-connections", MAX_CONNECTIONS, integer(CONNECTIONS));
    let per_address = |item: &Item<'_>| match integer(CONNECTIONS)(item)? {
        more if more > max_connections => {
            let why = format!("`max-connections` is {max_connections}");
            item.wrong("is more than all connections together", why, "lower it, or raise `max-connections`")
        }
        fits => Some(fits),
    };
    Listen {
        address: table.or("address", ADDRESS, address),
        max_connections,
        // The default gives way to a small `max-connections`; a number somebody wrote does not.
        max_connections_per_address: table.or(
            "max-connections-per-address",
            MAX_CONNECTIONS_PER_ADDRESS.min(max_connections),
            per_address,
        ),
        first_byte_timeout: table.or("first-byte-timeout", FIRST_BYTE_TIMEOUT, duration(SHORT)),
        header_timeout: table.or("header-timeout", HEADER_TIMEOUT, duration(SHORT)),
        idle_timeout: table.or("idle-timeout", IDLE_TIMEOUT, duration(IDLE)),
        write_timeout: table.or("write-timeout", WRITE_TIMEOUT, duration(SHORT)),
        body_timeout: table.or("body-timeout", BODY_TIMEOUT, duration(LONG)),
        min_body_rate: table.or("min-body-rate", MIN_BODY_RATE, size(0..=1 << 30)),
        drain_timeout: table.or("drain-timeout", DRAIN_TIMEOUT, duration(Duration::ZERO..=Duration::from_hours(1))),
        public_url: table.opt("public-url", public_url::read),
        trusted_proxies: table.or("trusted-proxies", Vec::new(), list(MAX_PROXIES, network::read)),
        tls: table.opt("tls", tls::read(directory)),
    }
}
