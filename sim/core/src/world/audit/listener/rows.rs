//! Promises 1 and 10 about what becomes durable of terminals of another maker: they asked for it so,
//! and nothing of a card is kept.

use tillgate_store_core::{Key, Kind, Transaction};

use super::{LATE, REVERSAL};
use crate::world::audit::Checker;
use crate::world::audit::rows::Violations;
use crate::world::disk::Change;

impl Checker {
    /// A row that came just now of a terminal of the listener: somebody asked for it so.
    pub(in super::super) fn read_frame_row(&mut self, new: &Transaction, found: &mut Violations) {
        let key = new.key;
        if !self.listener.terminals.contains(&key.terminal) {
            return;
        }
        let is_its =
            |stan: u32| key.stan == stan || (key.stan >= LATE && key.stan % REVERSAL == stan);
        if let Some(original) = new.original.filter(|_| new.kind == Kind::Reversal) {
            let amount = self.listener.reversals.get(&original);
            let own = original.stan + REVERSAL;
            let right = match key.date == original.date {
                true => key.stan == own,
                false => key.stan >= LATE && key.stan % REVERSAL == original.stan,
            };
            if amount != Some(&new.amount_minor) || !right {
                found.push((1, format!("{key}: no terminal took {original} back so")));
            }
            self.requests.reversals.insert(original, key);
        }
        if let Some(settlement) = &new.settlement {
            let of = self.listener.settlements.get(&key.terminal);
            let asked = of.into_iter().flatten().any(|(stan, date, totals)| {
                let claimed = &settlement.claimed;
                let same = (totals.sales_count, totals.sales_minor)
                    == (claimed.sales_count, claimed.sales_minor)
                    && (totals.reversals_count, totals.reversals_minor)
                        == (claimed.reversals_count, claimed.reversals_minor);
                same && *date == settlement.date && is_its(*stan)
            });
            if !asked {
                found.push((1, format!("{key}: no terminal settled {} so", settlement.date)));
            }
        }
    }

    /// Whether a sale at the listener was refused for its date. Whoever recorded it can send it once
    /// more when that date is in force.
    pub(in super::super) fn was_undated(&self, key: &Key) -> bool {
        self.listener.undated.contains(key)
    }

    /// Whether a terminal of the listener has a reversal that is not booked on the day of its sale: it
    /// does not know, so that its totals of either day are others. Or a sale that was refused for its date
    /// and sent again, by somebody who recorded it, once that date was in force.
    pub(in super::super) fn has_booked_late(&self, new: &Transaction) -> bool {
        let date = new.settlement.as_ref().map(|settlement| settlement.date);
        let of = |row: &&Transaction| {
            let days = [Some(row.key.date), row.original.map(|original| original.date)];
            row.key.terminal == new.key.terminal && row.key.stan >= LATE && days.contains(&date)
        };
        let again = |row: &Transaction| {
            self.listener.undated.contains(&row.key) && Some(row.key.date) == date
        };
        self.listener.terminals.contains(&new.key.terminal)
            && self.journal.values().any(|row| of(&row) || again(row))
    }

    /// What was written has nothing of a card that may not be kept.
    pub(in super::super) fn read_cards(&self, write: &[Change], found: &mut Violations) {
        for Change { family, value, .. } in write {
            let Some(value) = value else { continue };
            let has = |card: &Vec<u8>| value.windows(card.len()).any(|at| at == card);
            if self.listener.cards.iter().any(has) {
                found.push((10, format!("a card's data lie in {}", family.name())));
            }
        }
    }
}
