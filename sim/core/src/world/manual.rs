//! What a person does about a transaction that the gateway has given up on: ask the provider, and
//! say the outcome.

use tillgate_store_core::{FollowUp, Kind, Resolution, State, Transaction};

use super::World;
use super::operator::Plan;
use crate::provider::DealStatus;
use crate::time::{Moment, Span};

/// How long the operator leaves such a transaction alone, so that nothing about it can be on its
/// way any more.
const RIPE: Span = Span::s(90);

impl World {
    /// The next transaction that is the operator's and about which the provider can be asked.
    pub(super) fn ripe(&self) -> Option<Plan> {
        let (row, original) = self.witness.manual(self.now, RIPE)?;
        let sale = original.unwrap_or(row);
        let store = self.config.seed;
        let standing = self.lines.standing(self.now, &format!("{store:016x}{:016x}", sale.seq));
        if matches!(standing, Some(DealStatus::Pending(_))) {
            return None;
        }
        let done = standing == Some(DealStatus::Approved);
        let verdict = match (row.kind, row.state) {
            // Of a terminal's reversal: whether it was taken back.
            (Kind::Reversal, _) if done => Resolution::Declined,
            (Kind::Reversal, _) => Resolution::Approved,
            (_, State::Intent | State::Unknown) if done => Resolution::Approved,
            (_, State::Intent | State::Unknown) => Resolution::Declined,
            _ => Resolution::Done,
        };
        Some(Plan::Resolve { key: row.key, verdict })
    }
}

impl super::audit::Checker {
    /// The first row that is the operator's for at least `ripe`, and its original if it is a
    /// reversal.
    fn manual(&self, now: Moment, ripe: Span) -> Option<(&Transaction, Option<&Transaction>)> {
        let row = self.manual_rows().find(|(_, since)| since.after(ripe) <= now)?.0;
        assert_eq!(row.due.map(|due| due.what), Some(FollowUp::Operator), "as it was written");
        Some((row, row.original.and_then(|original| self.row(&original))))
    }
}
