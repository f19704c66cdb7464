//! A short text in place: handsets are many, and most of what they keep are a few digits.

use std::fmt;

use crate::limits::SHORT_BYTES_MAX;

/// At most [`SHORT_BYTES_MAX`] octets of ASCII; what is longer is cut, other characters are left out.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Short {
    octets: [u8; SHORT_BYTES_MAX],
    length: u8,
}

impl Short {
    #[must_use]
    pub fn new(text: &str) -> Self {
        text.chars().filter(char::is_ascii).collect()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        let octets = self.octets.get(..usize::from(self.length)).unwrap_or(&[]);
        std::str::from_utf8(octets).unwrap_or("")
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Changes the digit at that place.
    pub fn set(&mut self, place: usize, digit: char) {
        if let (Some(octet), Ok(digit)) = (self.octets.get_mut(place), u8::try_from(digit)) {
            *octet = digit;
        }
    }
}

impl FromIterator<char> for Short {
    fn from_iter<I: IntoIterator<Item = char>>(characters: I) -> Self {
        let mut short = Self::default();
        for character in characters {
            let place = short.octets.get_mut(usize::from(short.length));
            let (Some(place), Ok(octet)) = (place, u8::try_from(character)) else { break };
            *place = octet;
            short.length += 1;
        }
        short
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
