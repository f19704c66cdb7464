//! Septets packed into octets, as the radio side of USSD carries them (GSM 03.38, 6.1.2.3).
//!
//! ```text
//!  octet 0            octet 1            octet 2
//! +-+---------------+ +-----+-----------+ +- -
//! |b| a a a a a a a | | c c | b b b b b b | ...     the first septet in the lowest bits
//! +-+---------------+ +-----+-----------+ +- -
//! ```
//!
//! Eight septets fill seven octets. Where seven bits would be left over, which read as a `@`, a
//! carriage return fills them; a text that itself ends with one exactly there gets another.

use super::gsm7::CARRIAGE_RETURN;

/// Octets that this many septets take when packed, padding included.
#[must_use]
pub const fn packed_bytes(septets: usize) -> usize {
    (septets * 7).div_ceil(8)
}

/// Septets that fit this many octets.
#[must_use]
pub const fn septets_max(octets: usize) -> usize {
    octets * 8 / 7
}

/// Appends septets, one an octet, packed. Only the lower seven bits of each count.
pub fn pack(septets: &[u8], out: &mut Vec<u8>) {
    let ends_with_return = septets.last() == Some(&CARRIAGE_RETURN);
    let padding: &[u8] = match septets.len() % 8 {
        7 => &[CARRIAGE_RETURN],
        0 if ends_with_return => &[CARRIAGE_RETURN],
        _ => &[],
    };
    let (mut bits, mut count) = (0_u16, 0_u32);
    for septet in septets.iter().chain(padding) {
        bits |= u16::from(septet & 0x7F) << count;
        count += 7;
        if count >= 8 {
            let [_, low] = bits.to_be_bytes();
            out.push(low);
            bits >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        let [_, low] = bits.to_be_bytes();
        out.push(low);
    }
}

/// The septets of packed octets, without the carriage return that fills the last seven bits.
///
/// A text of eight, sixteen, … septets that ended with a carriage return comes back with two, which
/// mean the same (GSM 03.38, 6.1.1).
pub fn unpack(octets: &[u8]) -> Unpacked<'_> {
    Unpacked { octets, bits: 0, count: 0, left: septets_max(octets.len()) }
}

/// Gives the septets of packed octets; see [`unpack`].
#[derive(Debug, Clone)]
pub struct Unpacked<'a> {
    octets: &'a [u8],
    bits: u16,
    count: u32,
    left: usize,
}

impl Iterator for Unpacked<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        self.left = self.left.checked_sub(1)?;
        if self.count < 7 {
            let (&octet, rest) = self.octets.split_first()?;
            self.octets = rest;
            self.bits |= u16::from(octet) << self.count;
            self.count += 8;
        }
        let [_, low] = self.bits.to_be_bytes();
        let septet = low & 0x7F;
        self.bits >>= 7;
        self.count -= 7;
        let fills_the_end = self.left == 0 && self.count == 0;
        (septet != CARRIAGE_RETURN || !fills_the_end).then_some(septet)
    }
}
