//! Which addresses a request may go to that somebody else than the operator has chosen.
//!
//! What a name resolves to is the name's owner to decide, and a plugin may be granted a name whose owner is an enemy of this
//! network. So the address counts, after every resolution ([`resolve`]) and for literals too, and not only the name.

pub mod resolve;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The internet.
    Public,
    /// This machine, this network, or the one it is hosted in: only for names that the operator calls private.
    Private,
    /// No single server: never.
    Nowhere,
}

impl Reach {
    pub fn of(address: IpAddr) -> Self {
        // An IPv4 address in IPv6's clothes reaches what the IPv4 address reaches.
        match address.to_canonical() {
            IpAddr::V4(address) => v4(address),
            IpAddr::V6(address) => v6(address),
        }
    }
}

/// Whether a request may go there; `private` says whether the operator lists the name as private.
pub fn permitted(address: IpAddr, private: bool) -> bool {
    match Reach::of(address) {
        Reach::Public => true,
        Reach::Private => private,
        Reach::Nowhere => false,
    }
}

/// After the IANA registry of special-purpose addresses. What is there and not here is routed like any other address.
fn v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        // "This network": many systems take 0.0.0.0 for this machine.
        [0, ..] | [224..=255, ..] => Reach::Nowhere,
        [10 | 127, ..]
        // Shared by carriers (CGNAT); one cloud's metadata is in it.
        | [100, 64..=127, ..]
        // Link-local, and the metadata of most clouds.
        | [169, 254, ..]
        | [172, 16..=31, ..]
        | [192, 168, ..]
        // Protocol assignments, and one more cloud's metadata; documentation; relays of 6to4; benchmarks.
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        // A cloud's own service for its machines, though the address looks public.
        | [168, 63, 129, 16] => Reach::Private,
        _ => Reach::Public,
    }
}

fn v6(address: Ipv6Addr) -> Reach {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Reach::Nowhere,
        [0xff00..=0xffff, ..] => Reach::Nowhere,
        // NAT64 leads to the IPv4 address at its end.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocol assignments with Teredo, documentation (twice), 6to4: tunnels lead to who knows where.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => Reach::Private,
        // All of the internet is in 2000::/3. Loopback, local, unique-local and IPv4-compatible addresses are not.
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Private,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_lead_where_the_registry_says() {
        let table = [
            (Reach::Public, "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0"),
            (Reach::Public, "169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0"),
            (Reach::Public, "168.63.129.15 198.17.255.255 198.20.0.0 203.0.112.255 203.0.114.0 223.255.255.255"),
            (Reach::Private, "10.0.0.0 10.255.255.255 127.0.0.1 127.255.255.254 100.64.0.1 100.100.100.200 169.254.169.254"),
            (Reach::Private, "172.16.0.0 172.31.255.255 192.168.0.1 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255"),
            (Reach::Private, "198.51.100.1 203.0.113.1 168.63.129.16"),
            (Reach::Nowhere, "0.0.0.0 0.1.2.3 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255"),
            (Reach::Public, "2606:4700::1111 2001:200::1 2003::1 2400::1 3ffe::1 3fff:1000::1 64:ff9b::808:808 ::ffff:8.8.8.8"),
            (
                Reach::Private,
                "::1 ::2 ::7f00:1 fc00::1 fd00:ec2::254 fe80::1 febf::1 fec0::1 100::1 4000::1 5f00::1 64:ff9b:1::1",
            ),
            (Reach::Private, "2001::1 2001:1ff::1 2001:db8::1 2002:7f00:1:: 3fff:fff::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe"),
            (Reach::Private, "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254"),
            (Reach::Nowhere, ":: ff02::1 ffff::1 ::ffff:0.0.0.0 ::ffff:224.0.0.1 64:ff9b::e000:1"),
        ];
        for (reach, addresses) in table {
            for address in addresses.split(' ') {
                assert_eq!(Reach::of(address.parse().unwrap()), reach, "{address}");
            }
        }
    }

    proptest! {
        /// The standard library knows some of the ranges; what it calls local or nowhere is never public here.
        #[test]
        fn nothing_the_standard_library_calls_special_is_public(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let special = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast()
                || address.is_unspecified() || address.is_broadcast() || address.is_documentation();
            prop_assert!(!(special && v4(address) == Reach::Public));
        }

        #[test]
        fn an_ipv4_address_reaches_the_same_in_every_form(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let [a, b, c, d] = address.octets().map(u16::from);
            let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a << 8 | b, c << 8 | d);
            prop_assert_eq!(Reach::of(address.to_ipv6_mapped().into()), v4(address));
            prop_assert_eq!(Reach::of(nat64.into()), v4(address));
            // The compatible form is long deprecated, and no way around the rules either.
            prop_assert_ne!(Reach::of(address.to_ipv6_compatible().into()), Reach::Public);
        }

        #[test]
        fn an_ipv6_address_outside_the_internet_is_never_public(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            let first = address.segments()[0];
            let other = !(0x2000..=0x3fff).contains(&first) && first != 0x64;
            prop_assert!(!(other && Reach::of(address.into()) == Reach::Public));
        }
    }
}
