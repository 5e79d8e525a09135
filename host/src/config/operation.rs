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

/// `clients` is where those come, who have a listener of their own.
pub(super) fn read(table: &Table<'_>, clients: SocketAddr) -> Operation {
    let fix = "write \"127.0.0.1:9464\" or \"[::1]:9464\"; names do not work here";
    let address = table.opt("address", |item| {
        let address: SocketAddr = parsed("an address and port", fix, |text| text.parse().ok())(item)?;
        if is_taken(address, clients) {
            let why = format!("`listen.address` is `{clients}`, and two cannot listen on one port of an address");
            return item.wrong("is taken by clients", why, "choose another port for one of the two");
        }
        Some(address)
    });
    Operation { address }
}

/// Whether a listener at `clients` leaves no room for one at `address`. An address that stands for all of its kind has each of
/// them; port 0 is another one each time.
fn is_taken(address: SocketAddr, clients: SocketAddr) -> bool {
    let (one, other) = (address.ip(), clients.ip());
    let overlap = one == other || (one.is_ipv4() == other.is_ipv4() && (one.is_unspecified() || other.is_unspecified()));
    address.port() == clients.port() && address.port() != 0 && overlap
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_where_the_addresses_meet() {
        for (address, clients, taken) in [
            ("127.0.0.1:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "0.0.0.0:80", true),
            ("[::]:80", "[::1]:80", true),
            ("127.0.0.1:81", "127.0.0.1:80", false),
            ("127.0.0.2:80", "127.0.0.1:80", false),
            ("[::1]:80", "127.0.0.1:80", false),
            ("127.0.0.1:0", "127.0.0.1:0", false),
        ] {
            assert_eq!(is_taken(address.parse().unwrap(), clients.parse().unwrap()), taken, "{address} {clients}");
        }
    }
}
