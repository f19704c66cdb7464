//! Card data on its way from a terminal of another maker to the host of its card.
//!
//! ```text
//!   request ──▶ CardData ──▶ TransactionManager ──▶ first order ──▶ ISO 8583 host
//!               in memory, wiped                    (or the next bridge, while nothing was sent)
//! ```
//!
//! It is never in a row, a digest, a log or a file; the gateway reads no more of it than whose card the
//! track is.

use zeroize::Zeroizing;

use crate::limits::CARD_BYTES_MAX;

/// What of a request goes on to the host as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardPart {
    /// The encrypted PIN (ISO 9564; ISO 8583:1987 field 52).
    PinBlock,
    /// Which key encrypted it: the key's serial number, or other security information.
    Ksn,
    /// What the chip says: BER-TLV (EMV 4.3, book 3; field 55).
    Chip,
    /// How the card was read (field 22).
    EntryMode,
    /// Which of the cards with one number it is (field 23).
    CardSequence,
    /// Field 35.
    Track2,
    /// YYMM (field 14).
    Expiry,
}

impl CardPart {
    /// Every part.
    pub const ALL: [Self; 7] = [
        Self::PinBlock,
        Self::Ksn,
        Self::Chip,
        Self::EntryMode,
        Self::CardSequence,
        Self::Track2,
        Self::Expiry,
    ];

    /// Its word in profiles.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PinBlock => "pin_block",
            Self::Ksn => "ksn",
            Self::Chip => "chip",
            Self::EntryMode => "entry_mode",
            Self::CardSequence => "card_sequence",
            Self::Track2 => "track2",
            Self::Expiry => "expiry",
        }
    }

    /// Whether it is bytes, which only a binary field can carry. Makers put key serial numbers into
    /// fields of either kind.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::PinBlock | Self::Chip)
    }

    /// Whether it is a number, which dialects fill up with zeros to lengths of their own.
    const fn is_number(self) -> bool {
        matches!(self, Self::EntryMode | Self::CardSequence)
    }

    fn place(self) -> usize {
        Self::ALL.iter().position(|part| *part == self).unwrap_or(0)
    }
}

/// The parts that one request has. Neither printed nor compared; wiped when it is dropped.
pub struct CardData {
    bytes: Zeroizing<Vec<u8>>,
    /// Where each part begins and ends.
    places: [(usize, usize); CardPart::ALL.len()],
}

impl Default for CardData {
    fn default() -> Self {
        // It never grows, so that nothing is left in freed memory.
        let bytes = Zeroizing::new(Vec::with_capacity(CARD_BYTES_MAX));
        Self { bytes, places: [(0, 0); CardPart::ALL.len()] }
    }
}

impl CardData {
    /// Adds a part; `None` if there is no room for it.
    pub(crate) fn add(&mut self, part: CardPart, value: &[u8]) -> Option<()> {
        let from = self.bytes.len();
        let end = from.checked_add(value.len()).filter(|end| *end <= CARD_BYTES_MAX)?;
        self.bytes.extend_from_slice(value);
        self.places[part.place()] = (from, end);
        Some(())
    }

    /// A part as it came; `None` if the request had none.
    #[must_use]
    pub fn part(&self, part: CardPart) -> Option<&[u8]> {
        let (from, end) = self.places[part.place()];
        let value = self.bytes.get(from..end).filter(|value| !value.is_empty())?;
        let zeros = value.iter().take_while(|byte| **byte == b'0').count();
        let zeros = if part.is_number() { zeros.min(value.len() - 1) } else { 0 };
        value.get(zeros..)
    }

    /// The parts that prove card or holder. A provider that does not get them would approve what it
    /// has not checked.
    pub fn proofs(&self) -> impl Iterator<Item = CardPart> {
        [CardPart::PinBlock, CardPart::Chip].into_iter().filter(|part| self.part(*part).is_some())
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The same for the next bridge.
    pub(crate) fn duplicate(&self) -> Self {
        let mut copy = Self { places: self.places, ..Self::default() };
        copy.bytes.extend_from_slice(&self.bytes);
        copy
    }
}

/// Appends to a buffer that may hold card data: one that is too small is wiped before it is freed.
pub fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    reserve(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Makes room in a buffer that may hold card data: what it leaves is wiped.
pub fn reserve(out: &mut Vec<u8>, more: usize) {
    use zeroize::Zeroize as _;
    let needed = out.len().saturating_add(more);
    if needed > out.capacity() {
        let mut larger = Vec::with_capacity(needed.max(out.capacity().saturating_mul(2)));
        larger.extend_from_slice(out);
        out.zeroize();
        *out = larger;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_out_as_they_went_in_and_numbers_without_filling() {
        let mut card = CardData::default();
        assert!(card.is_empty());
        for (part, value) in [
            (CardPart::PinBlock, &[0, 1, 2, 3, 4, 5, 6, 7][..]),
            (CardPart::Chip, &[0x30, 0x30, 0x9f]),
            (CardPart::EntryMode, b"0051"),
            (CardPart::CardSequence, b"0000"),
            (CardPart::Track2, b"0411111111111111=2512"),
        ] {
            card.add(part, value).unwrap();
        }
        for card in [card.duplicate(), card] {
            assert_eq!(card.part(CardPart::PinBlock).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
            assert_eq!(card.part(CardPart::Chip).unwrap(), [0x30, 0x30, 0x9f]);
            assert_eq!(card.part(CardPart::EntryMode).unwrap(), b"51");
            assert_eq!(card.part(CardPart::CardSequence).unwrap(), b"0");
            assert_eq!(card.part(CardPart::Track2).unwrap(), b"0411111111111111=2512");
            assert_eq!(card.part(CardPart::Expiry), None);
        }
    }

    #[test]
    fn what_is_too_long_is_refused_and_nothing_grows() {
        let mut card = CardData::default();
        assert!(card.add(CardPart::Chip, &[1; CARD_BYTES_MAX]).is_some());
        assert!(card.add(CardPart::PinBlock, &[1; 8]).is_none());
        assert_eq!(card.part(CardPart::PinBlock), None);
    }

    #[test]
    fn a_buffer_grows_without_losing_anything() {
        let mut out = Vec::new();
        for byte in 0..=255_u8 {
            append(&mut out, &[byte; 3]);
        }
        assert_eq!(out.len(), 768);
        assert!(out.chunks(3).zip(0..=255_u8).all(|(chunk, byte)| chunk == [byte; 3]));
    }
}
