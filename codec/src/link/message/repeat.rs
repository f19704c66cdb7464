//! Repeat: the answer of a sale once more.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{DATE, STAN};
use super::writer::Writer;
use tillgate_types::BusinessDate;

/// Give the answer of a sale again, byte for byte; answered by that [`super::Answer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// The sale's STAN; 0 for the last one of `date`.
    pub stan: u32,
    /// The sale's business date.
    pub date: BusinessDate,
}

impl Repeat {
    /// The first byte of its body.
    pub const TYPE: u8 = 0x04;
    pub(super) const NAME: &'static str = "repeat";

    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self { stan: fields.unsigned_or_zero(STAN)?, date: fields.date(DATE)? })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.unsigned_unless_zero(STAN, self.stan);
        writer.date(DATE, self.date);
    }
}
