//! Confirm: the receipt of a sale was printed.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{DATE, STAN};
use super::writer::Writer;
use tillgate_types::BusinessDate;

/// The sale's receipt is in the customer's hands; answered by [`super::Answer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirm {
    /// The sale's STAN.
    pub stan: u32,
    /// The sale's business date.
    pub date: BusinessDate,
}

impl Confirm {
    /// The first byte of its body.
    pub const TYPE: u8 = 0x03;
    pub(super) const NAME: &'static str = "confirm";

    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self { stan: fields.unsigned(STAN)?, date: fields.date(DATE)? })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.unsigned(STAN, self.stan);
        writer.date(DATE, self.date);
    }
}
