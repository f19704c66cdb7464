//! The GSM default alphabet with its extension table (GSM 03.38, 6.2.1).
//!
//! Here one septet is one octet, as SMPP carries it; [`super::septets`] packs them. Ten characters
//! (`€ [ ] { } \ ^ ~ |` and the form feed) take two: an escape and their place in the extension
//! table.

use super::alphabet::TextError;

/// The septet that announces a character of the extension table.
pub const ESCAPE: u8 = 0x1B;

/// Carriage return, which is also the padding of a packed string.
pub const CARRIAGE_RETURN: u8 = 0x0D;

macro_rules! table {
    ($character:ident, $septet:ident, $which:literal; $($code:literal $value:literal)*) => {
        #[doc = concat!("The character of a septet in the ", $which, " table.")]
        const fn $character(septet: u8) -> Option<char> {
            match septet {
                $($code => Some($value),)*
                _ => None,
            }
        }

        #[doc = concat!("The septet of a character of the ", $which, " table.")]
        const fn $septet(character: char) -> Option<u8> {
            match character {
                $($value => Some($code),)*
                _ => None,
            }
        }
    };
}

table! {
    basic_character, septet, "basic";
    0x00 '@' 0x01 '£' 0x02 '$' 0x03 '¥' 0x04 'è' 0x05 'é' 0x06 'ù' 0x07 'ì'
    0x08 'ò' 0x09 'Ç' 0x0A '\n' 0x0B 'Ø' 0x0C 'ø' 0x0D '\r' 0x0E 'Å' 0x0F 'å'
    0x10 'Δ' 0x11 '_' 0x12 'Φ' 0x13 'Γ' 0x14 'Λ' 0x15 'Ω' 0x16 'Π' 0x17 'Ψ'
    0x18 'Σ' 0x19 'Θ' 0x1A 'Ξ' 0x1B '\u{1B}' 0x1C 'Æ' 0x1D 'æ' 0x1E 'ß' 0x1F 'É'
    0x20 ' ' 0x21 '!' 0x22 '"' 0x23 '#' 0x24 '¤' 0x25 '%' 0x26 '&' 0x27 '\''
    0x28 '(' 0x29 ')' 0x2A '*' 0x2B '+' 0x2C ',' 0x2D '-' 0x2E '.' 0x2F '/'
    0x30 '0' 0x31 '1' 0x32 '2' 0x33 '3' 0x34 '4' 0x35 '5' 0x36 '6' 0x37 '7'
    0x38 '8' 0x39 '9' 0x3A ':' 0x3B ';' 0x3C '<' 0x3D '=' 0x3E '>' 0x3F '?'
    0x40 '¡' 0x41 'A' 0x42 'B' 0x43 'C' 0x44 'D' 0x45 'E' 0x46 'F' 0x47 'G'
    0x48 'H' 0x49 'I' 0x4A 'J' 0x4B 'K' 0x4C 'L' 0x4D 'M' 0x4E 'N' 0x4F 'O'
    0x50 'P' 0x51 'Q' 0x52 'R' 0x53 'S' 0x54 'T' 0x55 'U' 0x56 'V' 0x57 'W'
    0x58 'X' 0x59 'Y' 0x5A 'Z' 0x5B 'Ä' 0x5C 'Ö' 0x5D 'Ñ' 0x5E 'Ü' 0x5F '§'
    0x60 '¿' 0x61 'a' 0x62 'b' 0x63 'c' 0x64 'd' 0x65 'e' 0x66 'f' 0x67 'g'
    0x68 'h' 0x69 'i' 0x6A 'j' 0x6B 'k' 0x6C 'l' 0x6D 'm' 0x6E 'n' 0x6F 'o'
    0x70 'p' 0x71 'q' 0x72 'r' 0x73 's' 0x74 't' 0x75 'u' 0x76 'v' 0x77 'w'
    0x78 'x' 0x79 'y' 0x7A 'z' 0x7B 'ä' 0x7C 'ö' 0x7D 'ñ' 0x7E 'ü' 0x7F 'à'
}

table! {
    extension_character, extension_septet, "extension";
    0x0A '\u{0C}' 0x14 '^' 0x28 '{' 0x29 '}' 0x2F '\\' 0x3C '[' 0x3D '~' 0x3E ']' 0x40 '|' 0x65 '€'
}

/// How a character is written.
#[derive(Clone, Copy)]
enum Written {
    Basic(u8),
    Escaped(u8),
}

/// How each ASCII character is written: nearly every text is made of them.
static ASCII: [Option<Written>; 128] = {
    let mut table = [None; 128];
    let (mut at, mut code) = (0, 0);
    while at < table.len() {
        if let Some(character) = char::from_u32(code) {
            table[at] = found(character);
        }
        at += 1;
        code += 1;
    }
    table
};

#[inline]
fn written(character: char) -> Option<Written> {
    match u8::try_from(character) {
        Ok(ascii @ 0..=0x7F) => ASCII[usize::from(ascii)],
        _ => found(character),
    }
}

const fn found(character: char) -> Option<Written> {
    match septet(character) {
        // The escape is not a character: written by itself it would change the next one.
        Some(ESCAPE) => None,
        Some(septet) => Some(Written::Basic(septet)),
        None => match extension_septet(character) {
            Some(septet) => Some(Written::Escaped(septet)),
            None => None,
        },
    }
}

/// Septets that a character takes, 1 or 2; `None` if the alphabet does not have it.
#[must_use]
pub fn width(character: char) -> Option<usize> {
    match written(character) {
        Some(Written::Basic(_)) => Some(1),
        Some(Written::Escaped(_)) => Some(2),
        None => None,
    }
}

/// Septets that a text takes; `None` if the alphabet lacks one of its characters.
#[must_use]
pub fn length(text: &str) -> Option<usize> {
    text.chars().map(width).sum()
}

/// Appends the septets of a text, one an octet.
///
/// # Errors
/// [`TextError`] names the first character that the alphabet lacks; `out` is then as it was.
pub fn encode(text: &str, out: &mut Vec<u8>) -> Result<(), TextError> {
    let start = out.len();
    for (offset, character) in text.char_indices() {
        match written(character) {
            Some(Written::Basic(septet)) => out.push(septet),
            Some(Written::Escaped(septet)) => out.extend_from_slice(&[ESCAPE, septet]),
            None => {
                out.truncate(start);
                return Err(TextError { offset, character });
            }
        }
    }
    Ok(())
}

/// The characters of septets, one an octet.
///
/// Nothing is refused: an escape that the extension table does not know shows the character of the
/// basic table, a doubled or last one a space (GSM 03.38, 6.2.1.1), an octet that is no septet
/// U+FFFD.
pub fn decode(septets: &[u8]) -> Characters<'_> {
    Characters { septets }
}

/// Gives the characters of septets; see [`decode`].
#[derive(Debug, Clone)]
pub struct Characters<'a> {
    septets: &'a [u8],
}

impl Iterator for Characters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let (&first, rest) = self.septets.split_first()?;
        self.septets = rest;
        if first != ESCAPE {
            return Some(basic(first));
        }
        match rest.split_first() {
            None => Some(' '),
            Some((&ESCAPE, rest)) => {
                self.septets = rest;
                Some(' ')
            }
            Some((&second, rest)) => {
                self.septets = rest;
                Some(extension_character(second).unwrap_or_else(|| basic(second)))
            }
        }
    }
}

fn basic(octet: u8) -> char {
    basic_character(octet).unwrap_or(char::REPLACEMENT_CHARACTER)
}
