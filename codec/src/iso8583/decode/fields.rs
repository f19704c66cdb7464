//! Where the fields of a message lie: the result of decoding.

use crate::iso8583::limits::FIELDS_MAX;
use crate::iso8583::mti::Mti;
use crate::iso8583::tpdu::Tpdu;
use std::ops::Range;

/// Where the value of a field lies in the message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// First byte of the value, after its length prefix.
    pub start: u16,
    /// Bytes of the value.
    pub bytes: u16,
    /// Digits or characters of the value; bytes, for binary.
    pub units: u16,
}

impl Span {
    /// The value's bytes in the message.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        usize::from(self.start)..usize::from(self.start) + usize::from(self.bytes)
    }
}

/// Which fields are there: bit 1 is the highest bit of the first word.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bits(pub(crate) [u64; 3]);

impl Bits {
    const fn place(number: u8) -> (usize, u64) {
        let (word, bit) = match number.wrapping_sub(1) {
            low @ 0..64 => (0, low),
            middle @ 64..128 => (1, middle - 64),
            high @ 128..192 => (2, high - 128),
            _ => return (0, 0),
        };
        (word, (1 << 63) >> bit)
    }

    #[inline]
    pub(crate) const fn has(&self, number: u8) -> bool {
        let (word, bit) = Self::place(number);
        self.0[word] & bit != 0
    }

    pub(crate) const fn set(&mut self, number: u8) {
        let (word, bit) = Self::place(number);
        self.0[word] |= bit;
    }

    pub(crate) const fn clear(&mut self, number: u8) {
        let (word, bit) = Self::place(number);
        self.0[word] &= !bit;
    }

    /// How many bits precede this one.
    #[inline]
    pub(crate) fn before(&self, number: u8) -> usize {
        let (word, bit) = Self::place(number);
        let ones = |bits: u64| usize::try_from(bits.count_ones()).unwrap_or(0);
        let earlier = self.0.iter().take(word).map(|bits| ones(*bits)).sum::<usize>();
        earlier + ones(self.0[word] & !(bit | (bit - 1)))
    }

    /// The numbers of the bits that are set, ascending.
    pub(crate) fn numbers(self) -> Numbers {
        Numbers { words: self.0.map(u64::reverse_bits), first: 1 }
    }
}

/// Counts the set bits up. Words are reversed, so that field 1 is the lowest bit of the first.
pub(crate) struct Numbers {
    words: [u64; 3],
    /// The field that the lowest bit of the first word stands for.
    first: u8,
}

impl Iterator for Numbers {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        while self.words[0] == 0 {
            if self.first > 128 {
                return None;
            }
            self.words = [self.words[1], self.words[2], 0];
            self.first += 64;
        }
        let bit = self.words[0].trailing_zeros();
        self.words[0] &= self.words[0] - 1;
        Some(self.first + u8::try_from(bit).unwrap_or(0))
    }
}

/// Where the fields of one message lie. Reuse it from message to message: decoding allocates
/// nothing.
pub struct Fields {
    pub(crate) mti: Mti,
    pub(crate) tpdu: Option<Tpdu>,
    pub(crate) header: Range<usize>,
    /// Where the MTI starts: after TPDU and header.
    pub(crate) body: usize,
    /// Fields with a value; without the bits that announce further bitmaps.
    pub(crate) present: Bits,
    /// How many bitmaps the message has.
    pub(crate) bitmaps: usize,
    pub(crate) spans: [Span; FIELDS_MAX],
}

impl Default for Fields {
    fn default() -> Self {
        Self::new()
    }
}

impl Fields {
    /// No fields yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            mti: Mti([b'0'; 4]),
            tpdu: None,
            header: 0..0,
            body: 0,
            present: Bits([0; 3]),
            bitmaps: 1,
            spans: [Span { start: 0, bytes: 0, units: 0 }; FIELDS_MAX],
        }
    }

    /// The message type.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// The transport header, if the dialect has one.
    #[must_use]
    pub const fn tpdu(&self) -> Option<Tpdu> {
        self.tpdu
    }

    /// Where the message header lies; empty if the dialect has none.
    #[must_use]
    pub fn header(&self) -> Range<usize> {
        self.header.clone()
    }

    /// Where the MTI starts, after TPDU and header: what a MAC covers begins here.
    #[must_use]
    pub const fn body(&self) -> usize {
        self.body
    }

    /// Whether the message has this data element.
    #[must_use]
    #[inline]
    pub const fn has(&self, number: u8) -> bool {
        self.present.has(number)
    }

    /// Where a data element lies.
    #[must_use]
    #[inline]
    pub fn span(&self, number: u8) -> Option<Span> {
        if self.has(number) { self.spans.get(self.present.before(number)).copied() } else { None }
    }

    /// Every data element with its place, ascending.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (u8, &Span)> {
        self.present.numbers().zip(&self.spans)
    }

    /// The data elements that the message has, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u8> + use<> {
        self.present.numbers()
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn bits_are_counted_across_words() {
        let mut bits = Bits::default();
        for number in [1, 2, 64, 65, 128, 129, 192] {
            bits.set(number);
        }
        assert_eq!(bits.0, [0xc000_0000_0000_0001, 0x8000_0000_0000_0001, 0x8000_0000_0000_0001]);
        let counts: Vec<usize> = bits.numbers().map(|number| bits.before(number)).collect();
        assert_eq!(counts, [0, 1, 2, 3, 4, 5, 6]);
        bits.clear(65);
        assert_eq!((bits.has(65), bits.before(128)), (false, 3));
        assert!(!bits.has(0) && !bits.has(200));
    }
}
