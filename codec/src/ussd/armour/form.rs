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

/// What a form writes with.
struct Symbols {
    /// The first symbol of an armoured text.
    mark: u8,
    /// How many symbols the length takes.
    length_symbols: usize,
    /// How many symbols there are.
    base: u64,
    /// In the order of their values.
    alphabet: &'static [u8],
    /// Symbols of a block by its bytes: the fewest that can hold every value.
    blocks: &'static [usize],
}

const TEXT: &Symbols = &Symbols {
    base: 64,
    mark: b'T',
    length_symbols: 2,
    alphabet: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.",
    blocks: &[0, 2, 3, 4],
};

const DIGITS: &Symbols = &Symbols {
    base: 10,
    mark: b'1',
    length_symbols: 3,
    alphabet: b"0123456789",
    blocks: &[0, 3, 5, 8, 10, 13, 15, 17],
};

pub(super) const BLOCK_BYTES_MAX: usize = Form::Digits.block_bytes();

impl Form {
    const fn symbols_of(self) -> &'static Symbols {
        match self {
            Self::Text => TEXT,
            Self::Digits => DIGITS,
        }
    }

    /// The first symbol of an armoured text.
    pub(super) const fn mark(self) -> u8 {
        self.symbols_of().mark
    }

    /// The form of an armoured text by its first symbol.
    pub(super) fn of_mark(mark: u8) -> Option<Self> {
        [Self::Text, Self::Digits].into_iter().find(|form| form.mark() == mark)
    }

    pub(super) const fn length_symbols(self) -> usize {
        self.symbols_of().length_symbols
    }

    pub(super) const fn block_bytes(self) -> usize {
        self.symbols_of().blocks.len() - 1
    }

    /// Symbols of this many bytes: full blocks and a shorter one.
    pub(super) const fn block_symbols(self, bytes: usize) -> usize {
        let (full, rest) = (bytes / self.block_bytes(), bytes % self.block_bytes());
        let blocks = self.symbols_of().blocks;
        full * blocks[self.block_bytes()] + blocks[rest]
    }

    /// Appends `number` with `count` symbols, the most significant first.
    pub(super) fn write_number(self, number: u64, count: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + count, 0);
        let Symbols { alphabet, base, .. } = self.symbols_of();
        let mut rest = number;
        for place in out[start..].iter_mut().rev() {
            let digit = usize::try_from(rest % base).expect("a digit is less than 64");
            *place = alphabet[digit];
            rest /= base;
        }
        assert_eq!(rest, 0, "a block has symbols enough for its bytes");
    }

    /// The number that the symbols from offset `from` on stand for.
    pub(super) fn read_number(self, text: &[u8], from: usize) -> Result<u64, ArmourError> {
        let Symbols { alphabet, base, .. } = self.symbols_of();
        let mut number = 0;
        for (offset, &found) in text.iter().enumerate().skip(from) {
            let value = alphabet.iter().zip(0..).find(|(symbol, _)| **symbol == found);
            let (_, value) = value.ok_or(ArmourError::Symbol { offset, found })?;
            number = number * base + value;
        }
        Ok(number)
    }
}
