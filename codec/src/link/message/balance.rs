//! Balance: how much float the seller has left.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{DATE, STAN};
use super::writer::Writer;
use tillgate_types::BusinessDate;

/// Ask for the seller's float; answered by [`super::Answer`] with its `balance_minor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Number of the request; the terminal counts up within a business date.
    pub stan: u32,
    /// Business date of the request.
    pub date: BusinessDate,
}

impl Balance {
    /// The first byte of its body.
    pub const TYPE: u8 = 0x06;
    pub(super) const NAME: &'static str = "balance";

    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self { stan: fields.unsigned(STAN)?, date: fields.date(DATE)? })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.unsigned(STAN, self.stan);
        writer.date(DATE, self.date);
    }
}
