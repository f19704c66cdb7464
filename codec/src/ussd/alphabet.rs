//! Alphabets: which one a text needs, how long it is in it, and how much of it fits.

use super::{gsm7, ucs2};

/// How characters are written as octets in an SMPP message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// The GSM default alphabet, one septet an octet; see [`gsm7`].
    Gsm7,
    /// ASCII.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// UCS-2, big-endian; characters beyond it as UTF-16 has them.
    Ucs2,
}

/// A character that the alphabet lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{character:?} at offset {offset} is not in the alphabet")]
pub struct TextError {
    /// Where it is in the text, in bytes.
    pub offset: usize,
    /// The character.
    pub character: char,
}

impl Alphabet {
    /// The shorter of the two that every handset has: [`Self::Gsm7`] if it has all characters of
    /// the text, else [`Self::Ucs2`].
    #[must_use]
    pub fn choose(text: &str) -> Self {
        if gsm7::length(text).is_some() { Self::Gsm7 } else { Self::Ucs2 }
    }

    /// Length of a text in the units that [`Room`] counts: septets, octets, or 16 bits; `None` if
    /// the alphabet lacks one of its characters.
    #[must_use]
    pub fn length(self, text: &str) -> Option<usize> {
        match self {
            Self::Gsm7 => gsm7::length(text),
            Self::Ucs2 => Some(ucs2::length(text)),
            Self::Ascii | Self::Latin1 => {
                text.chars().map(|character| self.octet(character).map(|_| 1)).sum()
            }
        }
    }

    /// Appends the octets of a text.
    ///
    /// # Errors
    /// [`TextError`] names the first character that the alphabet lacks; `out` is then as it was.
    pub fn encode(self, text: &str, out: &mut Vec<u8>) -> Result<(), TextError> {
        match self {
            Self::Gsm7 => return gsm7::encode(text, out),
            Self::Ucs2 => ucs2::encode(text, out),
            Self::Ascii | Self::Latin1 => {
                let start = out.len();
                for (offset, character) in text.char_indices() {
                    let Some(octet) = self.octet(character) else {
                        out.truncate(start);
                        return Err(TextError { offset, character });
                    };
                    out.push(octet);
                }
            }
        }
        Ok(())
    }

    /// Appends the characters of octets. Nothing is refused: what is no character of the alphabet
    /// is shown as U+FFFD.
    pub fn decode(self, octets: &[u8], out: &mut String) {
        match self {
            Self::Gsm7 => out.extend(gsm7::decode(octets)),
            Self::Ucs2 => out.extend(ucs2::decode(octets)),
            Self::Latin1 => out.extend(octets.iter().map(|octet| char::from(*octet))),
            Self::Ascii => out.extend(octets.iter().map(|octet| match octet {
                0..=0x7F => char::from(*octet),
                0x80.. => char::REPLACEMENT_CHARACTER,
            })),
        }
    }

    /// The octet of a character in an alphabet that has one for each.
    fn octet(self, character: char) -> Option<u8> {
        let octet = u8::try_from(u32::from(character)).ok()?;
        (self == Self::Latin1 || octet.is_ascii()).then_some(octet)
    }
}

/// How much text a link carries in one USSD string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Septets of the GSM default alphabet; also octets of ASCII and Latin 1, which the centre
    /// turns into septets.
    pub septets: usize,
    /// Units of 16 bits of UCS-2.
    pub units: usize,
}

impl Room {
    /// A MAP USSD string has at most 160 octets (GSM 04.80, annex A): 182 septets or 80 units.
    pub const FULL: Self = Self { septets: 182, units: 80 };

    /// What operators that count as for an SMS allow.
    pub const SHORT: Self = Self { septets: 160, units: 70 };

    /// Length that fits, in the units of [`Alphabet::length`].
    #[must_use]
    pub const fn of(self, alphabet: Alphabet) -> usize {
        match alphabet {
            Alphabet::Gsm7 | Alphabet::Ascii | Alphabet::Latin1 => self.septets,
            Alphabet::Ucs2 => self.units,
        }
    }
}

const _: () = assert!(Room::FULL.septets == super::septets::septets_max(160));
const _: () = assert!(Room::FULL.units * 2 == 160);
