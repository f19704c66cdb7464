//! Whose an address is.

use core::net::{IpAddr, Ipv6Addr};

/// The address that somebody counts as: of IPv6 the first half, for the other one is its owner's to
/// choose.
#[must_use]
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
    }
}

/// A network of addresses: those that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    first: IpAddr,
    bits: u8,
}

impl Subnet {
    /// Reads `10.20.0.0/16`, `2001:db8::/32`, or one address. Behind the bits of the network there
    /// are zeros, so that nobody believes in a narrower one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').unwrap_or((text, ""));
        let first: IpAddr = address.parse().ok()?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let is_number = bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = if bits.is_empty() && !text.contains('/') {
            most
        } else {
            bits.parse().ok().filter(|bits| is_number && *bits <= most)?
        };
        let network = Self { first, bits };
        (network.prefix(first) == Some(Self::bits_of(first))).then_some(network)
    }

    /// Whether an address is in it; an IPv4 address that is mapped into IPv6 counts as itself.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.prefix(ip.to_canonical()) == self.prefix(self.first)
    }

    /// The bits of the network in an address of its family.
    fn prefix(&self, ip: IpAddr) -> Option<u128> {
        let most = if self.first.is_ipv4() { 32 } else { 128 };
        let gone = most - u32::from(self.bits);
        let kept = u128::MAX.checked_shl(gone).unwrap_or(0);
        (ip.is_ipv4() == self.first.is_ipv4()).then(|| Self::bits_of(ip) & kept)
    }

    fn bits_of(ip: IpAddr) -> u128 {
        match ip {
            IpAddr::V4(ip) => u128::from(ip.to_bits()),
            IpAddr::V6(ip) => ip.to_bits(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_has_the_addresses_that_begin_as_it_does_and_no_others() {
        let has =
            |subnet: &str, ip: &str| Subnet::parse(subnet).unwrap().contains(ip.parse().unwrap());
        for (subnet, inside, outside) in [
            ("10.20.0.0/16", "10.20.255.1", "10.21.0.1"),
            ("10.20.0.0/16", "::ffff:10.20.3.4", "::ffff:10.21.3.4"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.6/31", "192.0.2.7", "192.0.2.8"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::/0", "2001:db8::1", "203.0.113.9"),
            ("::1", "::1", "::2"),
        ] {
            assert!(has(subnet, inside), "{subnet} {inside}");
            assert!(!has(subnet, outside), "{subnet} {outside}");
        }
        let wrong = [
            "",
            "10.20.0.1/16",
            "10.20.0.0/33",
            "10.20.0.0/",
            "10.20/16",
            "::/129",
            "::/-1",
            "::/+1",
        ];
        assert!(wrong.iter().all(|text| Subnet::parse(text).is_none()));
    }

    #[test]
    fn an_owner_of_half_an_ipv6_address_counts_as_one_and_a_mapped_ipv4_as_itself() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
