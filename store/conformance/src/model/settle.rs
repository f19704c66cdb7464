//! A terminal's totals, counted over every row there is.

use super::{Model, Row};
use crate::answer::{Answer, Shape};
use tillgate_store_core::command::Settle;
use tillgate_store_core::record::{Kind, State, Totals};
use tillgate_types::ResponseCode;

impl Model {
    /// What the journal would say about a terminal's date: its totals and how much is open. All
    /// of the walk is in one currency.
    pub fn totals(&self, settle: &Settle) -> (Totals, u32) {
        let (mut totals, mut open_count) = (Totals::default(), 0);
        for (key, row) in &self.rows {
            let shape = &row.shape;
            let of_date = (key.terminal, key.date) == (settle.key.terminal, settle.date);
            if !of_date {
                continue;
            }
            let wanted_back = shape.state == State::Approved && shape.reversed_by.is_some();
            if shape.is_undecided() || wanted_back {
                open_count += 1;
            } else if shape.state == State::Approved && shape.is_sale() {
                totals.sales_count += 1;
                totals.sales_minor += row.amount_minor;
            } else if shape.state == State::Approved && shape.kind == Kind::Reversal {
                totals.reversals_count += 1;
                totals.reversals_minor += row.amount_minor;
            }
        }
        (totals, open_count)
    }

    pub(super) fn settle(&mut self, settle: &Settle) -> Answer {
        if let Some(answer) = self.find_duplicate(&settle.key, &settle.digest) {
            return answer;
        }
        let counted = self.totals(settle);
        let (state, code) = if settle.claimed == counted.0 {
            (State::Approved, ResponseCode::APPROVED)
        } else {
            (State::Declined, ResponseCode::TOTALS_DIFFER)
        };
        let mut shape = Shape::blank(Kind::Settlement, state, code);
        shape.counted = Some(counted);
        let mut row = Row::blank(shape, settle.digest.values, settle.at_ms);
        row.seller = settle.seller.0;
        Answer::Done(self.write(settle.key, row))
    }
}
