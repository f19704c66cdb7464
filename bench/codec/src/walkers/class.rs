//! One table of what each byte may be; a value is tested by one AND over its bytes.

/// Two packed digits.
pub(super) const PACKED: u8 = 1;
/// An ASCII digit.
pub(super) const DIGIT: u8 = 2;
/// A letter, a digit or a space.
pub(super) const ALPHANUMERIC: u8 = 4;
/// From space to tilde.
pub(super) const PRINTABLE: u8 = 8;
/// `0` to `?`, and `D`, which stands for `=` in packed tracks.
pub(super) const TRACK: u8 = 16;
/// An upper-case hexadecimal digit.
pub(super) const HEX: u8 = 32;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let (mut index, mut byte) = (0, 0_u8);
    while index < 256 {
        let mut class = 0;
        if byte >> 4 <= 9 && byte & 0xf <= 9 {
            class |= PACKED;
        }
        if byte.is_ascii_digit() {
            class |= DIGIT;
        }
        if byte.is_ascii_alphanumeric() || byte == b' ' {
            class |= ALPHANUMERIC;
        }
        if byte == b' ' || byte.is_ascii_graphic() {
            class |= PRINTABLE;
        }
        if byte >= b'0' && byte <= b'?' || byte == b'D' {
            class |= TRACK;
        }
        if byte.is_ascii_digit() || byte >= b'A' && byte <= b'F' {
            class |= HEX;
        }
        classes[index] = class;
        index += 1;
        byte = byte.wrapping_add(1);
    }
    classes
};

/// Whether all bytes are of the class.
#[inline]
pub(super) fn all(value: &[u8], class: u8) -> bool {
    value.iter().fold(class, |common, &byte| common & CLASSES[usize::from(byte)]) == class
}
