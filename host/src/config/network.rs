//! Networks such as `10.0.0.0/8`.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use crate::toml_reader::{Item, values::parsed};

/// All addresses that share the first `prefix` bits of `address`; the other bits of `address` are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The first address of the network.
    pub address: IpAddr,
    /// How many bits are fixed: 1 to 32 or, for IPv6, to 128.
    pub prefix: u8,
}

impl Network {
    /// Whether `address` is in the network. An IPv4 address that arrives as IPv6 (`::ffff:…`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(bits(address), self.prefix) == bits(self.address)
    }

    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address = address.parse::<IpAddr>().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(prefix) => prefix.parse().ok().filter(|_| prefix.bytes().all(|byte| byte.is_ascii_digit()))?,
        };
        // `/0` would believe everybody, and bits behind the prefix are a slip in one of the two numbers.
        let valid = (1..=width).contains(&prefix) && masked(bits(address), prefix) == bits(address);
        // An IPv4-mapped network would never match: addresses are made canonical first.
        let mapped = matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some());
        (valid && !mapped).then_some(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Reads a network, or a single address.
pub(super) fn read(item: &Item<'_>) -> Option<Network> {
    let fix =
        "write the network's first address and its prefix, \"10.0.0.0/8\" or \"fd00::/8\", or one address; \"/0\" is not allowed";
    parsed("a network", fix, Network::parse)(item)
}

/// The address as the upper bits of a number, so that one mask serves both families.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => Ipv6Addr::to_bits(address),
    }
}

fn masked(bits: u128, prefix: u8) -> u128 {
    // A prefix of 0 never gets here, so the shift stays below 128.
    bits & (u128::MAX << (128 - u32::from(prefix.clamp(1, 128))))
}
