//! Totals: part of both messages of a settlement.

use tillgate_types::Totals;

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{REVERSALS, REVERSALS_COUNT, SALES, SALES_COUNT};
use super::writer::{Sink, Writer};

pub(super) fn decode(fields: &Fields<'_>) -> Result<Totals, BodyError> {
    Ok(Totals {
        sales_count: fields.unsigned_or_zero(SALES_COUNT)?,
        sales_minor: fields.unsigned_or_zero(SALES)?,
        reversals_count: fields.unsigned_or_zero(REVERSALS_COUNT)?,
        reversals_minor: fields.unsigned_or_zero(REVERSALS)?,
    })
}

pub(super) fn encode<S: Sink>(totals: &Totals, writer: &mut Writer<'_, S>) {
    writer.unsigned_unless_zero(SALES_COUNT, totals.sales_count);
    writer.unsigned_unless_zero(SALES, totals.sales_minor);
    writer.unsigned_unless_zero(REVERSALS_COUNT, totals.reversals_count);
    writer.unsigned_unless_zero(REVERSALS, totals.reversals_minor);
}
