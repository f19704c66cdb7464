//! Settle: a terminal's totals of a business date.

use tillgate_types::Totals;

use super::canonical::Canonical;
use super::error::BodyError;
use super::reader::Fields;
use super::tag::{CURRENCY, DATE, SETTLED_DATE, STAN};
use super::totals;
use super::writer::{Sink, Writer};
use tillgate_types::BusinessDate;

/// Compare the terminal's totals of a business date with the gateway's; answered by
/// [`super::Settled`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settle {
    /// Number of the request; the terminal counts up within a business date.
    pub stan: u32,
    /// Business date of the request.
    pub date: BusinessDate,
    /// The business date to settle; mostly that of the request.
    pub settled_date: BusinessDate,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// What the terminal counted.
    pub totals: Totals,
}

impl Settle {
    /// What this request is compared by: the known fields that differ from their defaults, in the
    /// encoder's order, however they came.
    #[must_use]
    pub fn canonical(&self) -> Canonical {
        Canonical::of(|out| self.encode(out))
    }

    /// The first byte of its body.
    pub const TYPE: u8 = 0x09;
    pub(super) const NAME: &'static str = "settle";

    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        let date = fields.date(DATE)?;
        Ok(Self {
            stan: fields.unsigned(STAN)?,
            date,
            settled_date: fields.date_if_any(SETTLED_DATE)?.unwrap_or(date),
            currency: fields.unsigned(CURRENCY)?,
            totals: totals::decode(fields)?,
        })
    }

    pub(super) fn encode<S: Sink>(&self, out: &mut S) {
        let mut writer = Writer::start(Self::TYPE, out);
        totals::encode(&self.totals, &mut writer);
        if self.settled_date != self.date {
            writer.date(SETTLED_DATE, self.settled_date);
        }
        writer.unsigned(STAN, self.stan);
        writer.date(DATE, self.date);
        writer.unsigned(CURRENCY, self.currency);
    }
}
