//! Reroute: not a byte left for a sale's bridge, so that its order may go to another one.

use super::Ledger;
use super::step;
use crate::command::{ProviderOutcome, Reroute};
use crate::error::Result;
use crate::ids::BridgeTag;
use crate::outcome::Outcome;
use crate::record::{State, Transaction};
use crate::rows::ReadRows;

impl Ledger {
    /// Names the next bridge, before its order leaves. A sale that is no longer simply wanted (it
    /// is being taken back, or somebody else acts on it) is declined instead: nothing was sent.
    pub(super) fn reroute(&mut self, rows: &dyn ReadRows, reroute: &Reroute) -> Result<Outcome> {
        let Some(mut row) = self.stored(rows, &reroute.key)? else {
            return Ok(Outcome::NotFound);
        };
        if !row.kind.has_provider() || row.bridge != reroute.from || row.is_claimed() {
            return Ok(Outcome::Done(row));
        }
        if !may_go(&row, reroute.to) {
            let step = step::of_finding(&row, &ProviderOutcome::NotSent { code: reroute.code });
            return self.carry_out(rows, row, step, reroute.at_ms);
        }
        row.tried.push(reroute.from);
        row.bridge = reroute.to;
        self.note_time(reroute.at_ms);
        self.staged.put(&row);
        Ok(Outcome::Done(row))
    }
}

fn may_go(sale: &Transaction, to: BridgeTag) -> bool {
    let wanted = sale.state == State::Intent && sale.due.is_none() && sale.reversed_by.is_none();
    let new = to != BridgeTag::NONE && to != sale.bridge && !sale.tried.contains(&to);
    wanted && new && !sale.tried.is_full()
}
