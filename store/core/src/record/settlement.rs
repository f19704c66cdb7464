//! A terminal's totals of a business date against the gateway's.

use super::wire::{Flaw, Reader, put_u16, put_u32, put_u64};
use crate::date::BusinessDate;

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

/// One side's totals of a business date, amounts in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sales answered 00 and not taken back.
    pub sales_count: u32,
    /// Their amounts.
    pub sales_minor: u64,
    /// Reversals answered 00, whether or not there was anything to take back.
    pub reversals_count: u32,
    /// Their amounts.
    pub reversals_minor: u64,
}

impl Settlement {
    /// Whether both sides say the same.
    pub fn agrees(&self) -> bool {
        self.claimed == self.counted
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_u16(out, self.date.0);
        put_u16(out, self.currency);
        self.claimed.write(out);
        self.counted.write(out);
        put_u32(out, self.open_count);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            date: body.date()?,
            currency: body.u16()?,
            claimed: Totals::read(body)?,
            counted: Totals::read(body)?,
            open_count: body.u32()?,
        })
    }
}

impl Totals {
    fn write(&self, out: &mut Vec<u8>) {
        put_u32(out, self.sales_count);
        put_u64(out, self.sales_minor);
        put_u32(out, self.reversals_count);
        put_u64(out, self.reversals_minor);
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            sales_count: body.u32()?,
            sales_minor: body.u64()?,
            reversals_count: body.u32()?,
            reversals_minor: body.u64()?,
        })
    }
}
