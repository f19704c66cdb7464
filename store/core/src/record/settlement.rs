//! A terminal's totals of a business date against the gateway's.

use super::declare::stored;
use tillgate_types::{BusinessDate, Totals};

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
}

stored! { Settlement { date, currency, claimed, counted, open_count } }
stored! { Totals { sales_count, sales_minor, reversals_count, reversals_minor } }
