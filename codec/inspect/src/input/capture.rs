//! Packets of a pcap or pcapng file, one by one, in bounded memory.

use std::io::{self, Read};

use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Linktype, PcapBlockOwned, PcapError, PcapHeader, create_reader};

use super::kind::fill;
use super::packet::Link;
use crate::limits::{CHUNK_BYTES, INTERFACES_MAX, PACKET_BYTES_MAX};

pub(crate) struct Packet<'p> {
    pub(crate) link: Link,
    /// Nanoseconds since 1970, if the file tells.
    pub(crate) time_ns: Option<u64>,
    pub(crate) bytes: &'p [u8],
}

/// Why a capture is read no further.
#[derive(Debug)]
pub(crate) enum Ended<E> {
    /// It is damaged, cut, or of a kind that is not read here.
    Unread(String),
    /// Whoever takes the packets wants no more.
    Stopped(E),
}

/// The first bytes of the files that are captures.
const MAGICS: [[u8; 4]; 6] = [
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0x34, 0xcd, 0xb2, 0xa1],
    [0x0a, 0x0d, 0x0d, 0x0a],
];

/// Whether a file that begins so is a capture.
pub(crate) fn is_capture(head: &[u8]) -> bool {
    MAGICS.iter().any(|magic| head.starts_with(magic))
}

/// Reads every packet.
///
/// # Errors
/// [`Ended`]; everything before was given away.
pub(crate) fn read<E>(
    source: impl Read + Send,
    mut give: impl FnMut(&Packet<'_>) -> Result<(), E>,
) -> Result<(), Ended<E>> {
    let mut capacity = CHUNK_BYTES * 4;
    let mut reader = create_reader(capacity, Headed { source, is_begun: false })
        .map_err(|error| unread(&error))?;
    let mut interfaces = Interfaces::default();
    loop {
        let before = reader.data().len();
        let lacks_room = match reader.next() {
            Ok((length, block)) => {
                if let Some(packet) = interfaces.packet(&block).map_err(Ended::Unread)? {
                    give(&packet).map_err(Ended::Stopped)?;
                }
                reader.consume(length);
                continue;
            }
            Err(PcapError::Eof) => return Ok(()),
            Err(PcapError::Incomplete(_)) => false,
            Err(PcapError::BufferTooSmall) => true,
            Err(error) => return Err(unread(&error)),
        };
        if lacks_room {
            if capacity > 2 * PACKET_BYTES_MAX {
                let text = format!("a packet has over {PACKET_BYTES_MAX} bytes: is it damaged?");
                return Err(Ended::Unread(text));
            }
            capacity *= 2;
            reader.grow(capacity);
        }
        reader.refill().map_err(|error| unread(&error))?;
        if !lacks_room && reader.data().len() == before && !reader.reader_exhausted() {
            return Err(Ended::Unread("a block of the capture has no end".to_owned()));
        }
    }
}

fn unread<E>(error: &PcapError<&[u8]>) -> Ended<E> {
    Ended::Unread(match error {
        PcapError::Eof | PcapError::UnexpectedEof | PcapError::Incomplete(_) => {
            "the capture ends within a packet: it was cut".to_owned()
        }
        PcapError::ReadError => "the capture cannot be read".to_owned(),
        _ => "the capture is damaged here".to_owned(),
    })
}

/// A reader whose first bytes hold the whole head of the file, as pipes may not. After that it
/// gives what there is: a live capture is shown as it comes.
struct Headed<R> {
    source: R,
    is_begun: bool,
}

impl<R: Read> Read for Headed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let is_begun = std::mem::replace(&mut self.is_begun, true);
        fill(&mut self.source, buffer, |bytes| is_begun || has_head(bytes))
    }
}

/// Bytes of the head of a pcap file.
const HEAD_BYTES: usize = 24;

/// Whether the head of a pcap file, or the first block of a pcapng file, is whole.
fn has_head(bytes: &[u8]) -> bool {
    let [0x0a, 0x0d, 0x0d, 0x0a, a, b, c, d, order, ..] = *bytes else {
        return bytes.len() >= HEAD_BYTES;
    };
    // The byte order mark is 1A2B3C4D as its writer has it.
    let length = if order == 0x1a { [a, b, c, d] } else { [d, c, b, a] };
    usize::try_from(u32::from_be_bytes(length)).is_ok_and(|length| bytes.len() >= length)
}

/// What the file says of the interfaces that it was captured on.
#[derive(Default)]
struct Interfaces(Vec<Interface>);

struct Interface {
    linktype: Linktype,
    /// Parts of a second that its times count.
    resolution: u64,
    /// Seconds to add to its times.
    offset_s: i64,
}

const SECOND_NS: u64 = 1_000_000_000;
const MICROSECONDS: u64 = 1_000_000;

impl Interfaces {
    /// The packet in a block; `None` for a block without one.
    fn packet<'p>(&mut self, block: &'p PcapBlockOwned<'_>) -> Result<Option<Packet<'p>>, String> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                self.0 = vec![of_legacy(header)];
                Ok(None)
            }
            PcapBlockOwned::Legacy(packet) => {
                let resolution = self.0.first().map_or(MICROSECONDS, |only| only.resolution);
                let units = u64::from(packet.ts_sec) * resolution + u64::from(packet.ts_usec);
                self.found(0, Some(units), packet.data).map(Some)
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                self.0.clear();
                Ok(None)
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                if self.0.len() == INTERFACES_MAX {
                    return Err(format!("over {INTERFACES_MAX} interfaces in the capture"));
                }
                let resolution = interface.ts_resolution().unwrap_or(MICROSECONDS);
                let (linktype, offset_s) = (interface.linktype, interface.ts_offset());
                self.0.push(Interface { linktype, resolution, offset_s });
                Ok(None)
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let units = (u64::from(packet.ts_high) << 32) | u64::from(packet.ts_low);
                self.found(packet.if_id, Some(units), packet.packet_data()).map(Some)
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                self.found(0, None, packet.packet_data()).map(Some)
            }
            PcapBlockOwned::NG(_) => Ok(None),
        }
    }

    fn found<'p>(
        &self,
        number: u32,
        units: Option<u64>,
        bytes: &'p [u8],
    ) -> Result<Packet<'p>, String> {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        let Some(interface) = self.0.get(index) else {
            return Err(format!("a packet of interface {number}, which the capture does not have"));
        };
        let Some(link) = Link::of(Linktype(interface.linktype.0 & LINKTYPE_BITS)) else {
            return Err(format!(
                "link type {} is not read here: Ethernet, raw IP, loopback and Linux cooked are",
                interface.linktype
            ));
        };
        Ok(Packet { link, time_ns: units.and_then(|units| interface.time_ns(units)), bytes })
    }
}

/// The upper bits of the field say something else (length of a frame check sequence).
const LINKTYPE_BITS: i32 = 0xFFFF;

fn of_legacy(header: &PcapHeader) -> Interface {
    let resolution = if header.is_nanosecond_precision() { SECOND_NS } else { MICROSECONDS };
    Interface { linktype: header.network, resolution, offset_s: 0 }
}

impl Interface {
    /// `None` before 1970 or after 2554.
    fn time_ns(&self, units: u64) -> Option<u64> {
        let resolution = u128::from(self.resolution.max(1));
        let since = u128::from(units) * u128::from(SECOND_NS) / resolution;
        let offset = i128::from(self.offset_s) * i128::from(SECOND_NS);
        u64::try_from(since.checked_add_signed(offset)?).ok()
    }
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
