//! Reversal: take a sale back.

use super::canonical::Canonical;
use super::error::BodyError;
use super::reader::Fields;
use super::tag::{AMOUNT, DATE, ORIGINAL_DATE, ORIGINAL_STAN, REASON, STAN};
use super::writer::{Sink, Writer};
use tillgate_types::BusinessDate;

/// Take a sale back, also one that the gateway may never have seen; answered by [`super::Answer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reversal {
    /// Number of the request; the terminal counts up within a business date.
    pub stan: u32,
    /// Business date of the request.
    pub date: BusinessDate,
    /// The sale's STAN.
    pub original_stan: u32,
    /// The sale's business date.
    pub original_date: BusinessDate,
    /// The sale's amount in the currency's minor unit.
    pub amount_minor: u64,
    /// Why: one of the constants here; others stay visible.
    pub reason: u8,
}

impl Reversal {
    /// No answer came in time.
    pub const TIMEOUT: u8 = 1;
    /// The customer or the seller changed their mind.
    pub const CANCELLED: u8 = 2;
    /// The receipt could not be printed.
    pub const PRINTER: u8 = 3;

    /// What this request is compared by: the known fields that differ from their defaults, in the
    /// encoder's order, however they came.
    #[must_use]
    pub fn canonical(&self) -> Canonical {
        Canonical::of(|out| self.encode(out))
    }

    /// The first byte of its body.
    pub const TYPE: u8 = 0x05;
    pub(super) const NAME: &'static str = "reversal";

    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            stan: fields.unsigned(STAN)?,
            date: fields.date(DATE)?,
            original_stan: fields.unsigned(ORIGINAL_STAN)?,
            original_date: fields.date(ORIGINAL_DATE)?,
            amount_minor: fields.unsigned(AMOUNT)?,
            reason: fields.unsigned(REASON)?,
        })
    }

    pub(super) fn encode<S: Sink>(&self, out: &mut S) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.unsigned(STAN, self.stan);
        writer.date(DATE, self.date);
        writer.unsigned(ORIGINAL_STAN, self.original_stan);
        writer.date(ORIGINAL_DATE, self.original_date);
        writer.unsigned(AMOUNT, self.amount_minor);
        writer.unsigned(REASON, self.reason);
    }
}
