//! Eight bytes at a time: whether all of them belong to a class, without a loop or a table.

/// The same byte eight times.
pub(super) const fn each(byte: u8) -> u64 {
    u64::from_be_bytes([byte; 8])
}

/// Whether each of sixteen nibbles is at most 9: bit 3 is never set with bit 2 or bit 1.
#[inline]
pub(super) const fn packed(word: u64) -> bool {
    word & (word << 1 | word << 2) & each(0x88) == 0
}

/// Whether each of eight bytes is an ASCII digit.
#[inline]
pub(super) const fn digits(word: u64) -> bool {
    word & each(0xf0) == each(0x30) && packed(word & each(0x0f))
}

/// Whether each of eight bytes is from space to tilde.
#[inline]
pub(super) const fn printable(word: u64) -> bool {
    word & each(0x80) == 0 && within(word, b' ', b'~') == each(0x80)
}

/// Whether each of eight bytes is an ASCII letter, a digit or a space.
#[inline]
pub(super) const fn alphanumeric(word: u64) -> bool {
    let letters = within((word | each(0x20)) & each(0x7f), b'a', b'z');
    let others = within(word & each(0x7f), b'0', b'9') | within(word & each(0x7f), b' ', b' ');
    word & each(0x80) == 0 && letters | others == each(0x80)
}

/// The high bit of each byte that lies in the range. No byte may have its own high bit set, so that
/// nothing carries into a neighbour.
#[inline]
const fn within(word: u64, low: u8, high: u8) -> u64 {
    let from_low = word.wrapping_add(each(0x80 - low));
    let over_high = word.wrapping_add(each(0x7f - high));
    from_low & !over_high & each(0x80)
}

#[cfg(test)]
mod tests {
    use super::{alphanumeric, digits, each, packed, printable};

    #[test]
    fn eight_bytes_at_once_agree_with_one_at_a_time() {
        for place in 0..8 {
            for byte in 0..=u8::MAX {
                let put = |filler: u8| {
                    let mut bytes = [filler; 8];
                    bytes[place] = byte;
                    u64::from_be_bytes(bytes)
                };
                let bcd = byte >> 4 <= 9 && byte & 0xf <= 9;
                let an = byte.is_ascii_alphanumeric() || byte == b' ';
                for filler in [0x00, 0x99] {
                    assert_eq!(packed(put(filler)), bcd, "{byte}");
                }
                for filler in [b'0', b'9'] {
                    assert_eq!(digits(put(filler)), byte.is_ascii_digit(), "{byte}");
                }
                for filler in [b' ', b'~'] {
                    assert_eq!(printable(put(filler)), matches!(byte, b' '..=b'~'), "{byte}");
                }
                for filler in [b' ', b'z', b'A', b'9'] {
                    assert_eq!(alphanumeric(put(filler)), an, "{byte}");
                }
            }
        }
        assert!(packed(each(0x77)) && !packed(each(0x7a)));
    }
}
