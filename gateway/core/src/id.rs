//! Handles: slot and generation, so that a stale event never reaches the wrong session.

use core::net::{IpAddr, Ipv6Addr};

/// One session of one reactor. The slot is reused, the generation never is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// Which reactor, and so which [`crate::session::SessionManager`], owns the session.
    pub reactor: u16,
    /// Index into that reactor's tables.
    pub slot: u32,
    /// Counts the sessions that have used the slot.
    pub generation: u32,
}

/// Orders the sessions of one terminal: the greater one is the newer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionAge {
    /// Of the key it was opened with; see [`tillgate_store_core::TerminalKey::generation`].
    pub generation: u32,
    /// The handshake counter.
    pub counter: u64,
}

/// Where a connection comes from: an address, or a keyed hash of one. Terminals behind one address
/// of their network operator are one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Peer(pub u64);

/// The address that somebody counts as: of IPv6 the first half, for the other one is its owner's to
/// choose.
#[must_use]
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_of_half_an_ipv6_address_counts_as_one_and_a_mapped_ipv4_as_itself() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
