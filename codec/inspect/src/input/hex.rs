//! Hexadecimal text as people have it: plain digits, `0x30, 0x38`, `\x30\x38`, `30:38`.

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Column of the character, from 1.
    pub(crate) column: usize,
    pub(crate) found: char,
}

/// Characters that may be between bytes and say nothing.
const SEPARATORS: &str = ",;:-{}[]()\"'";

/// Digits that may still lack their second half.
#[derive(Debug, Default)]
pub(crate) struct Digits {
    bytes: Vec<u8>,
    half: Option<u8>,
}

impl Digits {
    /// Appends the digits of a line. Halves of a byte may be on two lines.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Wrong> {
        let mut characters = text.chars().enumerate().peekable();
        while let Some((index, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            match character {
                '#' => return Ok(()),
                '/' if matches!(next, Some('/' | '*')) => return Ok(()),
                '0' | '\\' if matches!(next, Some('x' | 'X')) && self.half.is_none() => {
                    characters.next();
                    self.prefixed(index, &mut characters)?;
                }
                c if c.is_whitespace() || SEPARATORS.contains(c) => {}
                c => match nibble(c) {
                    Some(nibble) => self.push(nibble),
                    None => return Err(Wrong { column: index + 1, found: c }),
                },
            }
        }
        Ok(())
    }

    /// The digits behind `0x` or `\x`: one stands for a whole byte.
    fn prefixed(
        &mut self,
        at: usize,
        characters: &mut std::iter::Peekable<impl Iterator<Item = (usize, char)>>,
    ) -> Result<(), Wrong> {
        let mut nibbles = Vec::new();
        while let Some(digit) = characters.peek().and_then(|(_, next)| nibble(*next)) {
            nibbles.push(digit);
            characters.next();
        }
        match nibbles.as_slice() {
            [] => return Err(Wrong { column: at + 2, found: 'x' }),
            [one] => self.bytes.push(*one),
            many => many.iter().for_each(|nibble| self.push(*nibble)),
        }
        Ok(())
    }

    /// Appends whole bytes that were written another way.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn push(&mut self, nibble: u8) {
        match self.half.take() {
            Some(high) => self.bytes.push((high << 4) | nibble),
            None => self.half = Some(nibble),
        }
    }

    /// Whether half a byte is left over.
    pub(crate) fn is_odd(&self) -> bool {
        self.half.is_some()
    }

    /// Bytes that are whole.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

pub(crate) fn nibble(character: char) -> Option<u8> {
    character.to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::{Digits, Wrong};

    fn bytes(text: &str) -> Result<Vec<u8>, Wrong> {
        let mut digits = Digits::default();
        digits.line(text)?;
        assert!(!digits.is_odd(), "{text}");
        Ok(digits.take())
    }

    #[test]
    fn digits_are_taken_in_every_form_that_programs_print() {
        for text in [
            "0800ab",
            "08 00 AB",
            " 0 80 0ab ",
            "0x08, 0x00, 0xAB",
            "{0x8,0x0,0xab}",
            r#""\x08\x00\xab""#,
            "08:00:ab",
            "08-00-AB # what it is",
            "0x08,0x00,0xab, /* what it is */",
            "0x0800ab",
        ] {
            assert_eq!(bytes(text), Ok(vec![0x08, 0x00, 0xab]), "{text}");
        }
        assert_eq!(bytes(""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_digit_is_named_with_its_column() {
        assert_eq!(bytes("08 0g"), Err(Wrong { column: 5, found: 'g' }));
        assert_eq!(bytes("0x"), Err(Wrong { column: 2, found: 'x' }));
        assert_eq!(bytes("08 é"), Err(Wrong { column: 4, found: 'é' }));
    }

    #[test]
    fn halves_of_a_byte_may_stand_on_two_lines() {
        let mut digits = Digits::default();
        digits.line("080").unwrap();
        assert!(digits.is_odd());
        digits.line("0").unwrap();
        assert_eq!((digits.is_odd(), digits.take()), (false, vec![8, 0]));
    }

    #[test]
    fn every_prefix_of_every_form_is_read_or_named() {
        for text in ["08 00 AB", "0x08, 0x00", r#"b"\x08\x00""#, "zz", "08:00"] {
            for end in 0..=text.len() {
                let mut digits = Digits::default();
                let read = digits.line(&text[..end]);
                assert!(read.is_ok() || read.is_err_and(|wrong| wrong.column <= end));
            }
        }
    }
}
