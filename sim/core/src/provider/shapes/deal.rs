//! The book of a shaped provider: one deal for each reference of ours.

use rustc_hash::FxHashMap;
use serde_json::json;

use super::super::DealStatus;
use crate::time::Moment;

/// What an order asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The gateway's own reference, unique for ever.
    pub reference: String,
    /// Whom it is for.
    pub account: String,
    /// The provider's code of what is sold.
    pub product: String,
    pub amount_minor: u64,
    /// ISO 4217.
    pub currency: String,
    /// Where the outcome is posted to; empty for nowhere.
    pub callback_url: String,
}

/// A lie about a deal's outcome, which begins or ends at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contradiction {
    /// Approved until then, declined from then on.
    DeclinedFrom(Moment),
    /// Declined until then, approved from then on.
    DeclinedUntil(Moment),
}

/// One deal.
#[derive(Clone, Debug)]
pub struct ShapedDeal {
    pub order: Order,
    /// The provider's own number of it.
    pub id: u64,
    /// Orders that need a confirmation are not carried out before it.
    pub is_confirmed: bool,
    pub status: DealStatus,
    /// Why it was declined.
    pub code: String,
    /// How often it was carried out.
    pub times: u32,
    /// Reversals that named it.
    pub reversals: u32,
    /// Only a reversal arrived so far.
    pub is_unseen: bool,
    pub(super) contradiction: Option<Contradiction>,
}

/// All deals.
#[derive(Default)]
pub(super) struct Deals {
    deals: FxHashMap<Box<str>, ShapedDeal>,
    references: Vec<Box<str>>,
}

/// The first number that a deal gets.
const FIRST_ID: u64 = 4_602_843;

impl Order {
    /// Itself, if it names a reference, an account and an amount.
    pub(super) fn complete(self) -> Option<Self> {
        let is_complete =
            !self.reference.is_empty() && !self.account.is_empty() && self.amount_minor > 0;
        is_complete.then_some(self)
    }
}

impl ShapedDeal {
    /// What is true of it now.
    #[must_use]
    pub fn status_at(&self, now: Moment) -> DealStatus {
        match self.status {
            DealStatus::Pending(until) if self.is_confirmed && until <= now => DealStatus::Approved,
            status => status,
        }
    }

    /// What is said of it now.
    pub(super) fn said_at(&self, now: Moment) -> DealStatus {
        match (self.status_at(now), self.contradiction) {
            (DealStatus::Approved, Some(Contradiction::DeclinedFrom(from))) if from <= now => {
                DealStatus::Declined
            }
            (DealStatus::Approved, Some(Contradiction::DeclinedUntil(until))) if now < until => {
                DealStatus::Declined
            }
            (status, _) => status,
        }
    }

    fn line(&self, now: Moment) -> String {
        let Order { reference, account, product, amount_minor, currency, .. } = &self.order;
        let status = if self.is_confirmed { self.status_at(now).word() } else { "created" };
        let line = json!({
            "reference": reference,
            "id": self.id,
            "product": product,
            "amount_minor": amount_minor,
            "currency": currency,
            "subscriber": account,
            "status": status,
            "code": self.code,
            "times": self.times,
        });
        line.to_string()
    }
}

impl Deals {
    pub(super) fn len(&self) -> usize {
        self.deals.len()
    }

    pub(super) fn get(&self, reference: &str) -> Option<&ShapedDeal> {
        self.deals.get(reference)
    }

    pub(super) fn get_mut(&mut self, reference: &str) -> Option<&mut ShapedDeal> {
        self.deals.get_mut(reference)
    }

    /// The reference of the deal with that number.
    pub(super) fn by_id(&self, id: u64) -> Option<&str> {
        let place = usize::try_from(id.checked_sub(FIRST_ID)?).ok()?;
        self.references.get(place).map(|reference| &**reference)
    }

    /// Adds a deal, of which there is none of that reference.
    pub(super) fn add(&mut self, order: Order, status: DealStatus, code: &str) -> &mut ShapedDeal {
        let id = FIRST_ID + u64::try_from(self.references.len()).unwrap_or(0);
        let reference: Box<str> = order.reference.as_str().into();
        self.references.push(reference.clone());
        let times = u32::from(status != DealStatus::Declined);
        let deal = ShapedDeal {
            order,
            id,
            is_confirmed: true,
            status,
            code: code.to_owned(),
            times,
            reversals: 0,
            is_unseen: false,
            contradiction: None,
        };
        self.deals.entry(reference).insert_entry(deal).into_mut()
    }

    /// Every deal as a line in the order of their arrival; what was carried out twice has two lines.
    pub(super) fn lines(&self, now: Moment) -> String {
        let mut lines = String::new();
        for deal in self.references.iter().filter_map(|reference| self.deals.get(reference)) {
            let line = deal.line(now);
            for _ in 0..deal.times.max(1) {
                lines.push_str(&line);
                lines.push('\n');
            }
        }
        lines
    }
}
