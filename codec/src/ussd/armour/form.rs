//! The two forms: their symbols, and numbers written with them.

use super::error::ArmourError;

/// Which symbols carry a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Letters, digits, `-` and `.`: for texts in either direction.
    Text,
    /// Digits only: for what a handset dials.
    Digits,
}

/// Symbols of [`Form::Text`], in the order of their values.
const TEXT_SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";

/// Symbols of [`Form::Digits`], in the order of their values.
const DIGIT_SYMBOLS: &[u8; 10] = b"0123456789";

/// Symbols of a block of text by its bytes: the fewest that can hold every value.
const TEXT_BLOCKS: [usize; 4] = [0, 2, 3, 4];

/// Symbols of a block of digits by its bytes.
const DIGIT_BLOCKS: [usize; 8] = [0, 3, 5, 8, 10, 13, 15, 17];

/// Bytes of the longest block.
pub(super) const BLOCK_BYTES_MAX: usize = DIGIT_BLOCKS.len() - 1;

impl Form {
    /// The first symbol of an armoured text.
    pub(super) const fn mark(self) -> u8 {
        match self {
            Self::Text => b'T',
            Self::Digits => b'1',
        }
    }

    /// The form of an armoured text by its first symbol.
    pub(super) const fn of_mark(mark: u8) -> Option<Self> {
        match mark {
            b'T' => Some(Self::Text),
            b'1' => Some(Self::Digits),
            _ => None,
        }
    }

    /// Symbols of the length.
    pub(super) const fn length_symbols(self) -> usize {
        match self {
            Self::Text => 2,
            Self::Digits => 3,
        }
    }

    /// Bytes of a full block.
    pub(super) const fn block_bytes(self) -> usize {
        self.blocks().len() - 1
    }

    /// Symbols of this many bytes: full blocks and a shorter one.
    pub(super) const fn block_symbols(self, bytes: usize) -> usize {
        let (full, rest) = (bytes / self.block_bytes(), bytes % self.block_bytes());
        full * self.blocks()[self.block_bytes()] + self.blocks()[rest]
    }

    /// Appends `number` with `count` symbols, the most significant first.
    pub(super) fn write_number(self, number: u64, count: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + count, 0);
        let mut rest = number;
        for place in out[start..].iter_mut().rev() {
            let digit = usize::try_from(rest % self.base()).expect("a digit is less than 64");
            *place = self.alphabet()[digit];
            rest /= self.base();
        }
        assert_eq!(rest, 0, "a block has symbols enough for its bytes");
    }

    /// The number that the symbols from offset `from` on stand for.
    pub(super) fn read_number(self, text: &[u8], from: usize) -> Result<u64, ArmourError> {
        let mut number = 0;
        for (index, symbol) in text[from..].iter().enumerate() {
            let offset = from + index;
            let value =
                self.value(*symbol).ok_or(ArmourError::Symbol { offset, found: *symbol })?;
            number = number * self.base() + u64::from(value);
        }
        Ok(number)
    }

    fn value(self, symbol: u8) -> Option<u8> {
        match (self, symbol) {
            (Self::Text, b'A'..=b'Z') => Some(symbol - b'A'),
            (Self::Text, b'a'..=b'z') => Some(symbol - b'a' + 26),
            (Self::Text, b'0'..=b'9') => Some(symbol - b'0' + 52),
            (Self::Text, b'-') => Some(62),
            (Self::Text, b'.') => Some(63),
            (Self::Digits, b'0'..=b'9') => Some(symbol - b'0'),
            _ => None,
        }
    }

    const fn blocks(self) -> &'static [usize] {
        match self {
            Self::Text => &TEXT_BLOCKS,
            Self::Digits => &DIGIT_BLOCKS,
        }
    }

    const fn base(self) -> u64 {
        match self {
            Self::Text => 64,
            Self::Digits => 10,
        }
    }

    const fn alphabet(self) -> &'static [u8] {
        match self {
            Self::Text => TEXT_SYMBOLS,
            Self::Digits => DIGIT_SYMBOLS,
        }
    }
}
