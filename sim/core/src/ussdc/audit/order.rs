//! The orders of a book, each with what its owner saw of it in the end.

use super::super::handset::{Book, Event, Mark};
use super::super::short::Short;
use super::Row;

/// What was seen of an order, with its reference if one was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Approved(Short),
    Declined(Short),
    InProgress(Short),
    Unknown,
}

impl Outcome {
    fn of(mark: Mark, reference: Short) -> Self {
        match mark {
            Mark::Approved => Self::Approved(reference),
            Mark::Declined => Self::Declined(reference),
            Mark::InProgress => Self::InProgress(reference),
        }
    }

    const fn is_doubt(&self) -> bool {
        matches!(self, Self::InProgress(_) | Self::Unknown)
    }

    pub(super) fn reference(&self) -> &str {
        match self {
            Self::Approved(reference) | Self::Declined(reference) | Self::InProgress(reference) => {
                reference.as_str()
            }
            Self::Unknown => "",
        }
    }
}

/// A sale that was ordered.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// 1, 2, 3 of its owner.
    pub(super) number: usize,
    /// What was typed, if it was.
    pub(super) account: Short,
    pub(super) amount: Short,
    pub(super) outcome: Outcome,
}

impl Order {
    /// Whether a row can be its: what was typed is there.
    pub(super) fn fits(&self, row: &Row) -> bool {
        let account = self.account.as_str();
        let alike = |(typed, shown): (u8, u8)| shown == b'*' || shown == typed;
        let is_account = account.is_empty()
            || account.len() == row.account_masked.len()
                && account.bytes().zip(row.account_masked.bytes()).all(alike);
        let is_amount = self.amount.is_empty()
            || minor(self.amount.as_str(), row.decimals) == Some(row.amount_minor);
        is_account && is_amount
    }

    /// How much of it was not typed.
    pub(super) fn blanks(&self) -> u8 {
        u8::from(self.account.is_empty()) + u8::from(self.amount.is_empty())
    }
}

/// An amount as it was typed, in minor units.
fn minor(text: &str, decimals: u32) -> Option<u64> {
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = usize::try_from(decimals).ok().filter(|digits| part.len() <= *digits)?;
    format!("{whole}{part:0<digits$}").parse().ok()
}

/// The orders of a book.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) list: Vec<Order>,
    /// References of later approvals that may be about more than one order.
    pub(super) notified: Vec<Short>,
}

impl Orders {
    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        let seen = self.list.iter().map(|order| order.outcome.reference());
        let notified = self.notified.iter().map(Short::as_str);
        seen.chain(notified).filter(|reference| !reference.is_empty())
    }

    /// A text that came beside any dialog.
    fn notice(&mut self, mark: Mark, reference: Short) {
        let is_known = |known: &str| !known.is_empty() && known == reference.as_str();
        if mark == Mark::InProgress {
            return;
        }
        let named = |order: &&mut Order| is_known(order.outcome.reference());
        if let Some(order) = self.list.iter_mut().find(named) {
            if order.outcome.is_doubt() {
                order.outcome = Outcome::of(mark, reference);
            }
            return;
        }
        if self.references().any(is_known) {
            return;
        }
        let mut doubts = self.list.iter_mut().filter(|order| order.outcome.is_doubt());
        match (doubts.next(), doubts.next()) {
            (Some(order), None) => order.outcome = Outcome::of(mark, reference),
            _ if mark == Mark::Approved && !reference.is_empty() => self.notified.push(reference),
            _ => {}
        }
    }
}

pub(super) fn orders(book: &Book) -> Orders {
    let mut orders = Orders::default();
    for entry in book.entries() {
        match &entry.event {
            Event::Ordered { account, amount } => orders.list.push(Order {
                number: orders.list.len() + 1,
                account: *account,
                amount: *amount,
                outcome: Outcome::Unknown,
            }),
            Event::Seen { mark, reference } => {
                if let Some(order) = orders.list.last_mut() {
                    order.outcome = Outcome::of(*mark, *reference);
                }
            }
            Event::Unknown => {}
            Event::Notified { mark, reference } => orders.notice(*mark, *reference),
        }
    }
    orders
}
