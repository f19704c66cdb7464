//! Hexadecimal text, upper-case when written, either case when read.

use super::ebcdic::from_latin1;
use super::schema::Coding;

pub(crate) const fn nibble(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'A'..=b'F' => Some(character - b'A' + 10),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// The digit of a nibble; only the low four bits count.
pub(crate) const fn digit(nibble: u8) -> u8 {
    match nibble & 0xf {
        decimal @ 0..=9 => b'0' + decimal,
        letter => b'A' - 10 + letter,
    }
}

/// The bytes that the digits stand for; the offset of the first character that is no digit, or of
/// the end if one is missing.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for (index, pair) in text.chunks(2).enumerate() {
        let high = pair.first().and_then(|&c| nibble(c)).ok_or(index * 2)?;
        let low = pair.get(1).and_then(|&c| nibble(c)).ok_or(index * 2 + 1)?;
        bytes.push(high << 4 | low);
    }
    Ok(bytes)
}

/// Appends two digits a byte.
pub(crate) fn append(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() * 2);
    let (groups, rest) = bytes.as_chunks::<4>();
    for group in groups {
        out.extend_from_slice(&eight(u32::from_be_bytes(*group)));
    }
    for &byte in rest {
        out.extend_from_slice(&PAIRS[usize::from(byte)]);
    }
}

/// Eight digits at once: a nibble is spread over each byte, and letters get what lies between `9`
/// and `A`.
#[inline]
fn eight(bytes: u32) -> [u8; 8] {
    const EACH: u64 = u64::from_be_bytes([1; 8]);
    let mut spread = u64::from(bytes);
    spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff;
    spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff;
    spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (spread + EACH * 6) >> 4 & EACH;
    (spread + EACH * u64::from(b'0') + letters * u64::from(b'A' - b'9' - 1)).to_be_bytes()
}

/// The two digits of every byte.
static PAIRS: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let (mut index, mut byte) = (0, 0_u8);
    while index < 256 {
        pairs[index] = [digit(byte >> 4), digit(byte)];
        index += 1;
        byte = byte.wrapping_add(1);
    }
    pairs
};

/// Appends bytes as an encoding has them: as they are, or two digits each.
pub(crate) fn append_as(coding: Coding, bytes: &[u8], out: &mut Vec<u8>) {
    if !coding.is_hex() {
        out.extend_from_slice(bytes);
        return;
    }
    let start = out.len();
    append(bytes, out);
    let digits = &mut out[start..];
    match coding {
        Coding::HexLower => digits.make_ascii_lowercase(),
        Coding::HexEbcdic => {
            digits.iter_mut().for_each(|digit| *digit = from_latin1(Coding::Cp037, *digit));
        }
        _ => {}
    }
}

/// Two digits a byte.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte)]).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[test]
    fn text_and_bytes_are_inverse() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(parse(text(&bytes).as_bytes()), Ok(bytes));
    }

    #[test]
    fn the_offset_of_what_is_wrong_is_told() {
        assert_eq!((parse(b"00x1"), parse(b"000x"), parse(b"001")), (Err(2), Err(3), Err(3)));
    }
}
