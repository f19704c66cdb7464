//! The transport header of POS networks: `60`, destination, source (NAC, X.25 heritage).

use std::fmt;

/// Bytes of a TPDU.
pub const TPDU_BYTES: usize = 5;
/// First byte of nearly every TPDU: where it may be left out, it is there if the message begins so.
pub(crate) const TPDU_ID: u8 = 0x60;

/// A TPDU as it is on the wire: identifier, two bytes of destination NII, two of source.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tpdu(pub [u8; TPDU_BYTES]);

impl Tpdu {
    /// The header of the answer: destination and source change places.
    ///
    /// A terminal drops an answer that still carries its own header.
    #[must_use]
    pub const fn swapped(self) -> Self {
        let [id, destination_high, destination_low, source_high, source_low] = self.0;
        Self([id, source_high, source_low, destination_high, destination_low])
    }

    /// The destination's network international identifier, as its four hexadecimal digits.
    #[must_use]
    pub const fn destination(self) -> u16 {
        u16::from_be_bytes([self.0[1], self.0[2]])
    }
}

impl fmt::Display for Tpdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Tpdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tpdu({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Tpdu;

    #[test]
    fn the_answer_goes_back_to_the_source() {
        let asked = Tpdu([0x60, 0x00, 0x09, 0x80, 0x01]);
        assert_eq!(asked.swapped().to_string(), "6080010009");
        assert_eq!(asked.swapped().swapped(), asked);
        assert_eq!(asked.destination(), 0x0009);
    }
}
