//! Totals: part of both messages of a settlement.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{REVERSALS, REVERSALS_COUNT, SALES, SALES_COUNT};
use super::writer::{Sink, Writer};

/// One side's totals of a business date, amounts in the currency's minor unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sales of that date that were approved and not taken back.
    pub sales_count: u32,
    /// Their amounts.
    pub sales_minor: u64,
    /// Reversals of that date that were approved.
    pub reversals_count: u32,
    /// Their amounts.
    pub reversals_minor: u64,
}

impl Totals {
    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            sales_count: fields.unsigned_or_zero(SALES_COUNT)?,
            sales_minor: fields.unsigned_or_zero(SALES)?,
            reversals_count: fields.unsigned_or_zero(REVERSALS_COUNT)?,
            reversals_minor: fields.unsigned_or_zero(REVERSALS)?,
        })
    }

    pub(super) fn encode<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.unsigned_unless_zero(SALES_COUNT, self.sales_count);
        writer.unsigned_unless_zero(SALES, self.sales_minor);
        writer.unsigned_unless_zero(REVERSALS_COUNT, self.reversals_count);
        writer.unsigned_unless_zero(REVERSALS, self.reversals_minor);
    }
}
