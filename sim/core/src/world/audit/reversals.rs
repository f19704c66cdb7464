//! Promise 3: what a reversal may come to. It takes back what was sold, for what it was sold, once.

use tillgate_store_core::{Key, Kind, ReversalRule, State, Transaction};

use super::Checker;
use super::rows::{Violations, Write, is_unknown};

impl Checker {
    /// A reversal that came just now; its original may have changed in the same write.
    pub(super) fn read_reversal(&self, new: &Transaction, write: &Write, found: &mut Violations) {
        let key = new.key;
        let Some(named) = new.original else {
            return found.push((3, format!("{key}: takes nothing back")));
        };
        let Some(original) = self.journal.get(&named) else {
            return found.push((3, format!("{key}: takes back {named}, which is not there")));
        };
        if new.state == State::Declined {
            if !is_declined_rightly(new, original) {
                found.push((3, format!("{key}: declined with {}, for no reason", new.code)));
            }
            return;
        }
        let is_sale = original.kind.is_sale();
        if !is_sale && original.kind != Kind::Tombstone {
            return found.push((3, format!("{key}: takes back {named}, which sold nothing")));
        }
        if is_sale && original.amount_minor != new.amount_minor {
            let text = format!(
                "{key}: takes {} back of {named}, which sold for {}",
                new.amount_minor, original.amount_minor
            );
            found.push((3, text));
        }
        // What it found is what was there before this write, unless that made it as well.
        let before = write.rows.iter().find(|(_, row)| row.key == named);
        let confirmed = before.and_then(|(old, _)| old.as_ref()).unwrap_or(original);
        let takes = original.state == State::Reversed && original.reversed_by == Some(key);
        if confirmed.confirmed_ms > 0 && (takes || is_unknown(new)) {
            found.push((3, format!("{key}: takes back {named}, which was confirmed")));
        }
        let stood = is_sale && confirmed.state == State::Approved;
        if stood && is_forbidden(new, confirmed) && (takes || is_unknown(new)) {
            found.push((3, format!("{key}: takes back {named}, which its service forbids")));
        }
        if is_unknown(new)
            && let Some(other) = self.other_reversal(&named, &key)
        {
            found.push((3, format!("{key}: takes back {named}, as {other} does already")));
        }
    }

    /// A sale that became reversed: its reversal is durable, and approved.
    pub(super) fn read_taken_back(
        &self,
        old: &Transaction,
        new: &Transaction,
        found: &mut Violations,
    ) {
        let key = new.key;
        let is_taken_back = old.state != State::Reversed && new.state == State::Reversed;
        if !is_taken_back || new.refund.is_some() {
            return;
        }
        let by = new.reversed_by.and_then(|by| self.journal.get(&by));
        let is_its = |by: &Transaction| by.original == Some(key) && by.state == State::Approved;
        if !by.is_some_and(is_its) {
            found.push((3, format!("{key}: taken back, and nothing takes it back")));
        }
    }

    /// Another reversal of a sale that is open.
    fn other_reversal(&self, named: &Key, key: &Key) -> Option<Key> {
        let mut others: Vec<Key> = self
            .open
            .iter()
            .filter_map(|open| self.journal.get(open))
            .filter(|row| row.original == Some(*named) && row.key != *key && is_unknown(row))
            .map(|row| row.key)
            .collect();
        others.sort_unstable();
        others.first().copied()
    }
}

/// Why a reversal was declined when it came.
fn is_declined_rightly(new: &Transaction, original: &Transaction) -> bool {
    match &new.code.0 {
        b"30" => original.amount_minor != new.amount_minor,
        // The PIN of a voucher that was sold has left, or it is too late.
        b"21" => {
            is_forbidden(new, original)
                || !original.kind.has_provider()
                || original.confirmed_ms > 0
        }
        _ => false,
    }
}

/// Whether the service's rule keeps a terminal from taking a sale back when it wanted to.
pub(super) fn is_forbidden(reversal: &Transaction, original: &Transaction) -> bool {
    match original.terms.reversal {
        ReversalRule::Within(s) => reversal.at_ms > original.at_ms + u64::from(s) * 1_000,
        ReversalRule::UntilConfirmed => false,
        ReversalRule::Never | ReversalRule::ByOperator => true,
    }
}
