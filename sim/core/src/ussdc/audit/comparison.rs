//! One owner's book beside the journal, in the order of `count`, `referenced`, `notified` and `rest`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rustc_hash::FxHashMap;

use super::order::{Order, Outcome};
use super::{Held, Owner, Row, Verdict};
use crate::audit::{Kind, RowState};
use crate::ussdc::short::Short;

/// Longest request number that a screen shows in the place of a reference.
const NUMBER_DIGITS_MAX: usize = 6;

/// One owner's book, beside the journal.
pub(super) struct Comparison<'a> {
    pub(super) owner: &'a Owner,
    /// Rows of the owner's terminal.
    pub(super) own: &'a [usize],
    pub(super) by_rrn: &'a FxHashMap<Box<str>, Vec<usize>>,
    pub(super) rows: &'a mut [Held],
    /// Who saw an approval with this reference.
    pub(super) claims: &'a mut BTreeMap<Box<str>, u64>,
    pub(super) verdict: &'a mut Verdict,
    /// Orders that no reference has led to a row.
    pub(super) rowless: Vec<&'a Order>,
}

impl<'a> Comparison<'a> {
    pub(super) fn count(&mut self) {
        for order in &self.owner.orders.list {
            self.verdict.ordered += 1;
            *match order.outcome {
                Outcome::Approved(_) => &mut self.verdict.approved,
                Outcome::Declined(_) => &mut self.verdict.declined,
                Outcome::InProgress(_) => &mut self.verdict.in_progress,
                Outcome::Unknown => &mut self.verdict.unknown,
            } += 1;
        }
    }

    /// Orders of which a reference was seen.
    pub(super) fn referenced(&mut self) {
        for order in &self.owner.orders.list {
            let reference = order.outcome.reference();
            if reference.is_empty() {
                self.rowless.push(order);
                continue;
            }
            match order.outcome {
                Outcome::Approved(_) => self.approved(order, reference),
                _ => self.undone(order, reference),
            }
        }
    }

    fn approved(&mut self, order: &Order, reference: &str) {
        let msisdn = self.owner.msisdn;
        match self.claims.entry(reference.into()) {
            Entry::Vacant(claim) => {
                claim.insert(msisdn);
            }
            Entry::Occupied(claim) => {
                let text = format!("{reference} was shown before, to {}", claim.get());
                return self.offend(Kind::Doubled, Some(order), &text);
            }
        }
        let Some(at) = self.own_row(reference, Some(order)) else { return };
        let Some(held) = self.rows.get_mut(at) else { return };
        held.is_taken = true;
        let row = &held.row;
        let (shown, is_approved, fits) =
            (name(row), row.state == RowState::Approved, order.fits(row));
        if !is_approved {
            let state = word(row.state);
            let text = format!("seen approved as {reference}, but {shown} is {state}");
            self.offend(Kind::Contradicted, Some(order), &text);
        } else if !fits {
            let text = format!("seen approved as {reference}, but {shown} is another sale");
            self.offend(Kind::Mismatched, Some(order), &text);
        }
    }

    /// The one row of a reference, if it is of this terminal; else what is wrong is noted.
    fn own_row(&mut self, reference: &str, order: Option<&Order>) -> Option<usize> {
        let all = self.by_rrn.get(reference).map_or(&[][..], Vec::as_slice);
        let numbered: Vec<usize> =
            if all.is_empty() { self.of_number(reference) } else { Vec::new() };
        match if all.is_empty() { &numbered[..] } else { all } {
            [] => {
                let text = format!("seen approved as {reference}, but no row of it is there");
                self.offend(Kind::Lost, order, &text);
                None
            }
            [at] => {
                let row = &self.rows.get(*at)?.row;
                if row.terminal == self.owner.terminal {
                    return Some(*at);
                }
                let text = format!(
                    "seen approved as {reference}, but {} is of another terminal",
                    name(row)
                );
                self.offend(Kind::Mismatched, order, &text);
                None
            }
            several => {
                let names: Vec<_> =
                    several.iter().filter_map(|at| Some(name(&self.rows.get(*at)?.row))).collect();
                several.iter().for_each(|at| {
                    if let Some(held) = self.rows.get_mut(*at) {
                        held.is_taken = true;
                    }
                });
                let text = format!("{reference} is there several times: {}", names.join("; "));
                self.offend(Kind::Doubled, order, &text);
                None
            }
        }
    }

    /// Rows with a number of a request that a screen showed.
    fn of_number(&self, number: &str) -> Vec<usize> {
        let stan = (number.len() <= NUMBER_DIGITS_MAX).then(|| number.parse::<u32>().ok());
        let Some(Some(stan)) = stan else { return Vec::new() };
        let has = |at: &&usize| self.rows.get(**at).is_some_and(|held| held.row.stan == stan);
        self.own.iter().filter(has).copied().collect()
    }

    /// A decline with a reference, or an order of which only a number was seen.
    fn undone(&mut self, order: &'a Order, reference: &str) {
        let numbered = self.of_number(reference);
        let own = self.own;
        let mut rows = self.by_rrn.get(reference).into_iter().flatten().chain(&numbered);
        let is_free = |at: &&usize| {
            own.contains(at) && self.rows.get(**at).is_some_and(|held| !held.is_taken)
        };
        let at = rows.find(is_free).copied();
        let Some(held) = at.and_then(|at| self.rows.get_mut(at)) else {
            self.rowless.push(order);
            return;
        };
        held.is_taken = true;
        let row = &held.row;
        let (shown, is_approved, fits) =
            (name(row), row.state == RowState::Approved, order.fits(row));
        let is_declined = matches!(order.outcome, Outcome::Declined(_));
        if is_declined && is_approved {
            let text = format!("seen declined, but {shown} is approved");
            self.offend(Kind::Contradicted, Some(order), &text);
        } else if is_approved && !fits {
            let text = format!("seen in progress as {reference}, but {shown} is another sale");
            self.offend(Kind::Mismatched, Some(order), &text);
        }
        if !is_declined {
            self.unseen(is_approved);
        }
    }

    /// Later approvals of which it is not certain which order they are about.
    pub(super) fn notified(&mut self) {
        for reference in &self.owner.orders.notified {
            let reference = reference.as_str();
            let Some(at) = self.own_row(reference, None) else { continue };
            let Some(row) = self.rows.get(at).map(|held| &held.row) else { continue };
            if row.state != RowState::Approved {
                let (shown, state) = (name(row), word(row.state));
                let text = format!("{reference} was notified as approved, but {shown} is {state}");
                self.offend(Kind::Contradicted, None, &text);
            }
        }
    }

    /// Approved rows that no reference has led to, and orders that they may belong to.
    pub(super) fn rest(&mut self) {
        for at in self.own {
            let Some(Held { row, .. }) = self.rows.get(*at) else { continue };
            if row.state == RowState::Open {
                let text = format!("{} is still open", name(row));
                self.offend(Kind::Unresolved, None, &text);
            }
        }
        let (seen, doubts): (Vec<&Order>, Vec<&Order>) = std::mem::take(&mut self.rowless)
            .into_iter()
            .filter(|order| !matches!(order.outcome, Outcome::Declined(_)))
            .partition(|order| matches!(order.outcome, Outcome::Approved(_)));
        // What was typed in full goes first: it has the least choice.
        for order in in_order(&seen) {
            if !self.take_row(order) {
                let text = "seen approved, but no row of it is there";
                self.offend(Kind::Lost, Some(order), text);
            }
        }
        for order in in_order(&doubts) {
            let is_approved = self.take_row(order);
            self.unseen(is_approved);
        }
        for at in self.own {
            let Some(held) = self.rows.get(*at) else { continue };
            if !held.is_taken && held.row.state == RowState::Approved {
                self.unordered(*at);
            }
        }
    }

    fn take_row(&mut self, order: &Order) -> bool {
        let is_its = |held: &Held| {
            !held.is_taken && held.row.state == RowState::Approved && order.fits(&held.row)
        };
        let at = self.own.iter().find(|at| self.rows.get(**at).is_some_and(is_its));
        let Some(held) = at.and_then(|at| self.rows.get_mut(*at)) else { return false };
        held.is_taken = true;
        true
    }

    /// An approved row that is no order's.
    fn unordered(&mut self, at: usize) {
        let Some(row) = self.rows.get(at).map(|held| &held.row) else { return };
        let shown = name(row);
        let fitting = self.owner.orders.list.iter().filter(|order| order.fits(row));
        let declined = |order: &&Order| matches!(order.outcome, Outcome::Declined(_));
        let (is_declined, rest): (Vec<_>, Vec<_>) = fitting.partition(declined);
        match (is_declined.first(), rest.first()) {
            (Some(order), _) => {
                let text = format!("seen declined, but {shown} is approved");
                self.offend(Kind::Contradicted, Some(order), &text);
            }
            (None, Some(order)) => {
                let text = format!("{shown} is approved, too");
                self.offend(Kind::Doubled, Some(order), &text);
            }
            (None, None) => {
                let text = format!("{shown} is approved, and no order is like it");
                self.offend(Kind::Phantom, None, &text);
            }
        }
    }

    fn unseen(&mut self, is_approved: bool) {
        *match is_approved {
            true => &mut self.verdict.unseen_approved,
            false => &mut self.verdict.unseen_not_approved,
        } += 1;
    }

    fn offend(&mut self, kind: Kind, order: Option<&Order>, text: &str) {
        let mut transaction = self.owner.msisdn.to_string();
        if let Some(Order { number, account, amount, .. }) = order {
            let (account, amount) = (shown(account), shown(amount));
            transaction += &format!(" order {number} ({amount} to {account})");
        }
        self.verdict.offend(kind, transaction, text.to_owned());
    }
}

/// Those first of which most was typed.
fn in_order<'a>(orders: &[&'a Order]) -> Vec<&'a Order> {
    let mut orders = orders.to_vec();
    orders.sort_by_key(|order| order.blanks());
    orders
}

/// What was typed.
fn shown(typed: &Short) -> &str {
    if typed.is_empty() { "-" } else { typed.as_str() }
}

fn name(row: &Row) -> String {
    let Row { terminal, stan, rrn, amount_minor, account_masked, .. } = row;
    format!("row {terminal:08} {stan:06} {rrn} ({amount_minor} to {account_masked})")
}

const fn word(state: RowState) -> &'static str {
    match state {
        RowState::Open => "still open",
        RowState::Approved => "approved",
        RowState::Declined => "declined",
        RowState::Reversed => "reversed",
    }
}
