//! A captured packet, down to the TCP segment in it.

use core::net::SocketAddr;

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::Linktype;

/// What a packet begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Ethernet,
    /// The IP header itself.
    Ip,
    /// Four bytes of an address family, then IP (loopback of the BSDs).
    Family,
    /// "Cooked" packets of Linux: `-i any`.
    Cooked,
    /// The same, version 2.
    Cooked2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment<'p> {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) sequence: u32,
    pub(crate) flags: Flags,
    /// Payload as far as it was captured.
    pub(crate) payload: &'p [u8],
    /// Bytes of payload that were sent but not captured.
    pub(crate) cut: usize,
}

/// The flags of a segment that matter here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) syn: bool,
    pub(crate) ack: bool,
    pub(crate) fin: bool,
    pub(crate) rst: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'p> {
    Segment(Segment<'p>),
    /// A fragment of an IP packet; they are not put together.
    Fragment,
    /// Something else than TCP, or too little of a packet.
    Other,
}

impl Link {
    /// The link type of a capture; `None` for one that is not read here.
    pub(crate) fn of(linktype: Linktype) -> Option<Self> {
        match linktype {
            Linktype::ETHERNET => Some(Self::Ethernet),
            // 12 and 14 are what LINKTYPE_RAW is called on some systems.
            Linktype::RAW | Linktype::IPV4 | Linktype::IPV6 | Linktype(12 | 14) => Some(Self::Ip),
            Linktype::NULL | Linktype::LOOP => Some(Self::Family),
            Linktype::LINUX_SLL => Some(Self::Cooked),
            Linktype::LINUX_SLL2 => Some(Self::Cooked2),
            _ => None,
        }
    }
}

pub(crate) fn dissect(link: Link, packet: &[u8]) -> Found<'_> {
    slice(link, packet).map_or(Found::Other, |sliced| of_ip(&sliced))
}

fn slice(link: Link, packet: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    // Header bytes of the two cooked forms, and where the EtherType stands in them.
    let cooked = |length: usize, at: usize| {
        let kind = packet.get(at..at + 2)?;
        let kind = EtherType(u16::from_be_bytes(kind.try_into().ok()?));
        Some(LaxSlicedPacket::from_ether_type(kind, packet.get(length..)?))
    };
    match link {
        Link::Ethernet => LaxSlicedPacket::from_ethernet(packet).ok(),
        Link::Ip => LaxSlicedPacket::from_ip(packet).ok(),
        Link::Family => LaxSlicedPacket::from_ip(packet.get(4..)?).ok(),
        Link::Cooked => cooked(16, 14),
        Link::Cooked2 => cooked(20, 0),
    }
}

fn of_ip<'p>(sliced: &LaxSlicedPacket<'p>) -> Found<'p> {
    let (source, destination, length, payload) = match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let header = ip.header();
            let length = usize::from(header.total_len()).checked_sub(header.slice().len());
            let length = length.unwrap_or(ip.payload().payload.len());
            (header.source_addr().into(), header.destination_addr().into(), length, ip.payload())
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let header = ip.header();
            let extensions = ip.extensions().slice().len();
            let length = usize::from(header.payload_length()).saturating_sub(extensions);
            (header.source_addr().into(), header.destination_addr().into(), length, ip.payload())
        }
        _ => return Found::Other,
    };
    if payload.fragmented {
        return Found::Fragment;
    }
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else {
        return Found::Other;
    };
    Found::Segment(Segment {
        source: SocketAddr::new(source, tcp.source_port()),
        destination: SocketAddr::new(destination, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        flags: Flags { syn: tcp.syn(), ack: tcp.ack(), fin: tcp.fin(), rst: tcp.rst() },
        payload: tcp.payload(),
        cut: if payload.incomplete { length.saturating_sub(payload.payload.len()) } else { 0 },
    })
}

/// The segment in a packet that `tcpdump -X` printed, with or without its link header.
pub(crate) fn of_dump(packet: &[u8]) -> Option<Segment<'_>> {
    [Link::Ip, Link::Ethernet, Link::Cooked, Link::Cooked2].into_iter().find_map(|link| {
        match dissect(link, packet) {
            Found::Segment(segment) => Some(segment),
            Found::Fragment | Found::Other => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Found, Link, Segment, dissect, of_dump};
    use etherparse::PacketBuilder;

    const PAYLOAD: &[u8] = b"payload";

    fn ipv4() -> Vec<u8> {
        let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        let mut packet = Vec::new();
        builder.tcp(4000, 7000, 99, 1024).psh().write(&mut packet, PAYLOAD).unwrap();
        packet
    }

    fn segment(found: Found<'_>) -> Segment<'_> {
        match found {
            Found::Segment(segment) => segment,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_segment_is_found_behind_every_link_header() {
        let ip = ipv4();
        let ethernet = [&[1; 12][..], &[0x08, 0x00], &ip].concat();
        let vlan = [&[1; 12][..], &[0x81, 0x00, 0x00, 0x05, 0x08, 0x00], &ip].concat();
        let cooked = [&[0; 14][..], &[0x08, 0x00], &ip].concat();
        let cooked2 = [&[0x08, 0x00][..], &[0; 18], &ip].concat();
        let family = [&[2, 0, 0, 0][..], &ip].concat();
        for (link, packet) in [
            (Link::Ip, &ip),
            (Link::Ethernet, &ethernet),
            (Link::Ethernet, &vlan),
            (Link::Cooked, &cooked),
            (Link::Cooked2, &cooked2),
            (Link::Family, &family),
        ] {
            let found = segment(dissect(link, packet));
            assert_eq!((found.payload, found.sequence, found.cut), (PAYLOAD, 99, 0), "{link:?}");
            assert_eq!(found.source.to_string(), "10.0.0.1:4000");
        }
        assert_eq!(of_dump(&ethernet).unwrap().payload, PAYLOAD);
    }

    #[test]
    fn ipv6_is_read_too() {
        let builder = PacketBuilder::ipv6([1; 16], [2; 16], 64);
        let mut packet = Vec::new();
        builder.tcp(1, 2, 7, 1024).write(&mut packet, PAYLOAD).unwrap();
        assert_eq!(segment(dissect(Link::Ip, &packet)).payload, PAYLOAD);
        let cut = segment(dissect(Link::Ip, &packet[..packet.len() - 3]));
        assert_eq!((cut.payload, cut.cut), (&PAYLOAD[..4], 3));
    }

    #[test]
    fn a_packet_that_was_cut_says_how_much_is_missing() {
        let packet = ipv4();
        for length in 0..packet.len() {
            match dissect(Link::Ip, &packet[..length]) {
                Found::Segment(found) => assert_eq!(found.payload.len() + found.cut, PAYLOAD.len()),
                found => assert_eq!(found, Found::Other, "prefix of {length}"),
            }
        }
    }

    #[test]
    fn padding_of_short_ethernet_frames_is_no_payload() {
        let packet = [&[1; 12][..], &[0x08, 0x00], &ipv4(), &[0; 9]].concat();
        assert_eq!(segment(dissect(Link::Ethernet, &packet)).payload, PAYLOAD);
    }
}
