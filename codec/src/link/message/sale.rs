//! Sale: a voucher, a top-up or a bill payment.

use super::canonical::Canonical;
use super::error::BodyError;
use super::reader::Fields;
use super::tag::{AMOUNT, CURRENCY, DATE, PRODUCT, SERVICE, STAN, SUBSCRIBER};
use super::writer::{Sink, Writer};
use tillgate_types::BusinessDate;

/// Sell something; answered by [`super::Answer`]. The same sale again gets the same answer again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sale<'a> {
    /// Number of the request; the terminal counts up within a business date.
    pub stan: u32,
    /// Business date of the request.
    pub date: BusinessDate,
    /// What is sold, from the catalogue.
    pub service: u16,
    /// Denomination or plan; 0 for an open amount.
    pub product: u16,
    /// Amount in the currency's minor unit.
    pub amount_minor: u64,
    /// ISO 4217 numeric code.
    pub currency: u16,
    /// Telephone or account number; empty for a voucher.
    pub subscriber: &'a str,
}

impl<'a> Sale<'a> {
    /// What this request is compared by: the known fields that differ from their defaults, in the
    /// encoder's order, however they came.
    #[must_use]
    pub fn canonical(&self) -> Canonical {
        Canonical::of(|out| self.encode(out))
    }

    /// The first byte of its body.
    pub const TYPE: u8 = 0x02;
    pub(super) const NAME: &'static str = "sale";

    pub(super) fn decode(fields: &Fields<'a>) -> Result<Self, BodyError> {
        Ok(Self {
            stan: fields.unsigned(STAN)?,
            date: fields.date(DATE)?,
            service: fields.unsigned(SERVICE)?,
            product: fields.unsigned_or_zero(PRODUCT)?,
            amount_minor: fields.unsigned(AMOUNT)?,
            currency: fields.unsigned(CURRENCY)?,
            subscriber: fields.text_or_empty(SUBSCRIBER)?,
        })
    }

    pub(super) fn encode<S: Sink>(&self, out: &mut S) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.unsigned_unless_zero(PRODUCT, self.product);
        writer.text_unless_empty(SUBSCRIBER, self.subscriber);
        writer.unsigned(STAN, self.stan);
        writer.date(DATE, self.date);
        writer.unsigned(SERVICE, self.service);
        writer.unsigned(AMOUNT, self.amount_minor);
        writer.unsigned(CURRENCY, self.currency);
    }
}
