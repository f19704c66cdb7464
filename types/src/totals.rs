//! The sums of a settlement.

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
