//! A few constant bytes, as marks around messages and at the start of headers.

use super::limits::CONSTANT_BYTES_MAX;
use std::fmt;

/// Up to eight bytes that are always in one place.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Constant {
    bytes: [u8; CONSTANT_BYTES_MAX],
    length: u8,
}

impl Constant {
    /// No bytes.
    pub const NONE: Self = Self { bytes: [0; CONSTANT_BYTES_MAX], length: 0 };

    /// The constant of these bytes; `None` if they are too many.
    #[must_use]
    pub fn new(given: &[u8]) -> Option<Self> {
        let mut bytes = [0; CONSTANT_BYTES_MAX];
        bytes.get_mut(..given.len())?.copy_from_slice(given);
        Some(Self { bytes, length: u8::try_from(given.len()).ok()? })
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len()).unwrap_or(&[])
    }

    /// How many there are.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "`usize::from` is not const")]
    pub const fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Constant({self})")
    }
}
