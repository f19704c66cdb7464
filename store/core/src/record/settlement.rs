//! A terminal's totals of a business date against the gateway's.

use tillgate_types::Totals;

use super::wire::{Flaw, Reader, put_u16, put_u32, put_u64};
use tillgate_types::BusinessDate;

/// What a settlement compared. The two are written down side by side; neither is ever adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The business date that was settled.
    pub date: BusinessDate,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// What the terminal says.
    pub claimed: Totals,
    /// What the journal said when the settlement came.
    pub counted: Totals,
    /// Requests of that date that would have been answered 09 then: they are in no total yet.
    pub open_count: u32,
}

impl Settlement {
    /// Whether both sides say the same.
    pub fn agrees(&self) -> bool {
        self.claimed == self.counted
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_u16(out, self.date.0);
        put_u16(out, self.currency);
        write_totals(&self.claimed, out);
        write_totals(&self.counted, out);
        put_u32(out, self.open_count);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            date: body.date()?,
            currency: body.u16()?,
            claimed: read_totals(body)?,
            counted: read_totals(body)?,
            open_count: body.u32()?,
        })
    }
}

fn write_totals(totals: &Totals, out: &mut Vec<u8>) {
    put_u32(out, totals.sales_count);
    put_u64(out, totals.sales_minor);
    put_u32(out, totals.reversals_count);
    put_u64(out, totals.reversals_minor);
}

fn read_totals(body: &mut Reader<'_>) -> Result<Totals, Flaw> {
    Ok(Totals {
        sales_count: body.u32()?,
        sales_minor: body.u64()?,
        reversals_count: body.u32()?,
        reversals_minor: body.u64()?,
    })
}
