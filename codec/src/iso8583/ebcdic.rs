//! EBCDIC code pages 037, 500, 1047 and 1140, to and from ISO 8859-1, and the character classes of
//! types.
//!
//! The pages hold exactly the 256 characters of ISO 8859-1, so that text survives both ways; but
//! 1140 has the euro sign where 037 has the currency sign, which [`character`] makes of it. Line
//! ends follow IBM's tables without the line feed swap (0x15 is NEL, 0x25 is LF).

use super::schema::{Coding, Kind};

/// ISO 8859-1 of each byte of code page 037 (IBM Character Data Representation Architecture).
#[rustfmt::skip]
const CP037: [u8; 256] = [
    0x00, 0x01, 0x02, 0x03, 0x9c, 0x09, 0x86, 0x7f, 0x97, 0x8d, 0x8e, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
    0x10, 0x11, 0x12, 0x13, 0x9d, 0x85, 0x08, 0x87, 0x18, 0x19, 0x92, 0x8f, 0x1c, 0x1d, 0x1e, 0x1f,
    0x80, 0x81, 0x82, 0x83, 0x84, 0x0a, 0x17, 0x1b, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x05, 0x06, 0x07,
    0x90, 0x91, 0x16, 0x93, 0x94, 0x95, 0x96, 0x04, 0x98, 0x99, 0x9a, 0x9b, 0x14, 0x15, 0x9e, 0x1a,
    0x20, 0xa0, 0xe2, 0xe4, 0xe0, 0xe1, 0xe3, 0xe5, 0xe7, 0xf1, 0xa2, 0x2e, 0x3c, 0x28, 0x2b, 0x7c,
    0x26, 0xe9, 0xea, 0xeb, 0xe8, 0xed, 0xee, 0xef, 0xec, 0xdf, 0x21, 0x24, 0x2a, 0x29, 0x3b, 0xac,
    0x2d, 0x2f, 0xc2, 0xc4, 0xc0, 0xc1, 0xc3, 0xc5, 0xc7, 0xd1, 0xa6, 0x2c, 0x25, 0x5f, 0x3e, 0x3f,
    0xf8, 0xc9, 0xca, 0xcb, 0xc8, 0xcd, 0xce, 0xcf, 0xcc, 0x60, 0x3a, 0x23, 0x40, 0x27, 0x3d, 0x22,
    0xd8, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0xab, 0xbb, 0xf0, 0xfd, 0xfe, 0xb1,
    0xb0, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0xaa, 0xba, 0xe6, 0xb8, 0xc6, 0xa4,
    0xb5, 0x7e, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0xa1, 0xbf, 0xd0, 0xdd, 0xde, 0xae,
    0x5e, 0xa3, 0xa5, 0xb7, 0xa9, 0xa7, 0xb6, 0xbc, 0xbd, 0xbe, 0x5b, 0x5d, 0xaf, 0xa8, 0xb4, 0xd7,
    0x7b, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0xad, 0xf4, 0xf6, 0xf2, 0xf3, 0xf5,
    0x7d, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x51, 0x52, 0xb9, 0xfb, 0xfc, 0xf9, 0xfa, 0xff,
    0x5c, 0xf7, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0xb2, 0xd4, 0xd6, 0xd2, 0xd3, 0xd5,
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0xb3, 0xdb, 0xdc, 0xd9, 0xda, 0x9f,
];

/// Page 037 with other characters in some places.
const fn changed(places: &[(usize, u8)]) -> [u8; 256] {
    let (mut page, mut index) = (CP037, 0);
    while index < places.len() {
        page[places[index].0] = places[index].1;
        index += 1;
    }
    page
}

/// A code page.
struct Page {
    /// ISO 8859-1 of each byte.
    to_latin1: [u8; 256],
    from_latin1: [u8; 256],
    classes: [u8; 256],
}

impl Page {
    const fn of(to_latin1: [u8; 256]) -> Self {
        Self { to_latin1, from_latin1: inverse(&to_latin1), classes: classes_of(Some(&to_latin1)) }
    }
}

static PAGE_037: Page = Page::of(CP037);
static PAGE_500: Page = Page::of(changed(&[
    (0x4a, b'['),
    (0x4f, b'!'),
    (0x5a, b']'),
    (0x5f, b'^'),
    (0xb0, 0xa2),
    (0xba, 0xac),
    (0xbb, b'|'),
]));
static PAGE_1047: Page = Page::of(changed(&[
    (0x5f, b'^'),
    (0xad, b'['),
    (0xbd, b']'),
    (0xb0, 0xac),
    (0xba, 0xdd),
    (0xbb, 0xa8),
]));

/// The code page of an encoding; `None` if its bytes are ISO 8859-1.
const fn page(coding: Coding) -> Option<&'static Page> {
    match coding {
        Coding::Cp037 | Coding::Cp1140 => Some(&PAGE_037),
        Coding::Cp500 => Some(&PAGE_500),
        Coding::Cp1047 => Some(&PAGE_1047),
        _ => None,
    }
}

/// The inverse of a permutation of bytes. The twin counters spare a cast.
const fn inverse(page: &[u8; 256]) -> [u8; 256] {
    let mut inverse = [0; 256];
    let (mut index, mut code) = (0, 0_u8);
    while index < 256 {
        let (mut target, mut character) = (0, 0_u8);
        while character != page[index] {
            target += 1;
            character += 1;
        }
        inverse[target] = code;
        index += 1;
        code = code.wrapping_add(1);
    }
    inverse
}

/// The ISO 8859-1 character that a byte stands for.
pub(crate) fn to_latin1(coding: Coding, byte: u8) -> u8 {
    page(coding).map_or(byte, |page| page.to_latin1[usize::from(byte)])
}

/// The byte that stands for an ISO 8859-1 character.
pub(crate) fn from_latin1(coding: Coding, character: u8) -> u8 {
    page(coding).map_or(character, |page| page.from_latin1[usize::from(character)])
}

/// The classes of each byte.
pub(crate) fn classes(coding: Coding) -> &'static [u8; 256] {
    let coding = if coding == Coding::HexEbcdic { Coding::Cp037 } else { coding };
    page(coding).map_or(&CLASSES, |page| &page.classes)
}

/// The currency sign of ISO 8859-1, and what page 1140 has in its place.
const CURRENCY: u8 = 0xa4;
const EURO: char = '\u{20ac}';

/// The character that a byte stands for.
pub(crate) fn character(coding: Coding, byte: u8) -> char {
    match to_latin1(coding, byte) {
        CURRENCY if coding == Coding::Cp1140 => EURO,
        latin1 => char::from(latin1),
    }
}

/// The ISO 8859-1 character by which an encoding knows this one; `None` if it does not have it.
pub(crate) fn latin1(coding: Coding, character: char) -> Option<u8> {
    match character {
        EURO if coding == Coding::Cp1140 => Some(CURRENCY),
        '\u{a4}' if coding == Coding::Cp1140 => None,
        other => u8::try_from(other).ok(),
    }
}

/// One bit for each class of characters; a byte of [`CLASSES`] holds those it belongs to.
pub(crate) const CLASS_DIGIT: u8 = 1;
pub(crate) const CLASS_TRACK: u8 = 2;
pub(crate) const CLASS_ALPHA: u8 = 4;
pub(crate) const CLASS_ALPHANUMERIC: u8 = 8;
pub(crate) const CLASS_PRINTABLE: u8 = 16;
pub(crate) const CLASS_HEX: u8 = 32;
pub(crate) const CLASS_ANY: u8 = 64;
pub(crate) const CLASS_HEX_LOWER: u8 = 128;

/// Classes of each ISO 8859-1 character.
static CLASSES: [u8; 256] = classes_of(None);

const fn classes_of(page: Option<&[u8; 256]>) -> [u8; 256] {
    let mut classes = [0; 256];
    let (mut index, mut byte) = (0, 0_u8);
    while index < 256 {
        let character = match page {
            Some(page) => page[index],
            None => byte,
        };
        classes[index] = class_of(character);
        index += 1;
        byte = byte.wrapping_add(1);
    }
    classes
}

const fn class_of(character: u8) -> u8 {
    let mut class = CLASS_ANY;
    if character.is_ascii_digit() {
        class |= CLASS_DIGIT;
    }
    if matches!(character, b'0'..=b'?' | b'D') {
        class |= CLASS_TRACK;
    }
    if character.is_ascii_alphabetic() || character == b' ' {
        class |= CLASS_ALPHA | CLASS_ALPHANUMERIC;
    }
    if character.is_ascii_digit() {
        class |= CLASS_ALPHANUMERIC;
    }
    if matches!(character, b' '..=b'~') {
        class |= CLASS_PRINTABLE;
    }
    if matches!(character, b'0'..=b'9' | b'A'..=b'F') {
        class |= CLASS_HEX;
    }
    if matches!(character, b'0'..=b'9' | b'a'..=b'f') {
        class |= CLASS_HEX_LOWER;
    }
    class
}

/// The class that the characters of a type belong to.
pub(crate) const fn class_of_kind(kind: Kind) -> u8 {
    match kind {
        Kind::Numeric | Kind::Signed => CLASS_DIGIT,
        Kind::Track => CLASS_TRACK,
        Kind::Alpha => CLASS_ALPHA,
        Kind::Alphanumeric => CLASS_ALPHANUMERIC,
        Kind::Printable => CLASS_PRINTABLE,
        Kind::Text => CLASS_ANY,
        Kind::Binary => CLASS_HEX,
    }
}

#[cfg(test)]
mod tests {
    use super::{character, from_latin1, latin1, to_latin1};
    use crate::iso8583::schema::Coding;

    #[test]
    fn all_code_pages_are_permutations() {
        for coding in [Coding::Cp037, Coding::Cp500, Coding::Cp1047, Coding::Cp1140, Coding::Ascii]
        {
            for byte in 0..=255 {
                assert_eq!(from_latin1(coding, to_latin1(coding, byte)), byte);
            }
        }
    }

    #[test]
    fn letters_and_digits_are_where_ibm_put_them() {
        for (byte, character) in
            [(0xf0, b'0'), (0xf9, b'9'), (0xc1, b'A'), (0xc4, b'D'), (0xe9, b'Z'), (0x40, b' ')]
        {
            assert_eq!(to_latin1(Coding::Cp037, byte), character);
            assert_eq!(to_latin1(Coding::Cp1047, byte), character);
        }
    }

    #[test]
    fn page_1140_has_the_euro_and_no_currency_sign() {
        assert_eq!((character(Coding::Cp1140, 0x9f), character(Coding::Cp037, 0x9f)), ('€', '¤'));
        assert_eq!(latin1(Coding::Cp1140, '€').map(|c| from_latin1(Coding::Cp1140, c)), Some(0x9f));
        assert_eq!((latin1(Coding::Cp1140, '¤'), latin1(Coding::Cp037, '€')), (None, None));
    }

    #[test]
    fn the_pages_differ_in_brackets_and_caret() {
        assert_eq!([0x4a, 0x4f, 0x5a].map(|byte| to_latin1(Coding::Cp500, byte)), *b"[!]");
        assert_eq!(to_latin1(Coding::Cp1047, 0xad), b'[');
        assert_eq!(to_latin1(Coding::Cp037, 0xba), b'[');
        assert_eq!(to_latin1(Coding::Cp1047, 0x5f), b'^');
        assert_eq!(to_latin1(Coding::Cp037, 0xb0), b'^');
    }
}
