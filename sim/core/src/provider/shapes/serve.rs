//! What a shaped provider does with each request.

use super::deal::Contradiction;
use super::{Answer, Asked, Delivery, Order, Shape, ShapedDeal, ShapedProvider};
use crate::limits::DEALS_MAX;
use crate::provider::script::{Effect, Facts, Kind};
use crate::provider::{DealStatus, bill};
use crate::sales_log::digest;
use crate::time::{Moment, Span};

/// The code of a decline that contradicts an approval.
const DECLINED: &str = "DECLINED";

impl ShapedProvider {
    pub(super) fn serve(&mut self, now: Moment, asked: Asked) -> (Span, Delivery) {
        let named = match &asked {
            Asked::Order(order)
            | Asked::OrderAsync(order)
            | Asked::Create(order)
            | Asked::Validate(order) => Some(order.reference.clone()),
            Asked::Confirm(id) | Asked::Status(id) => self.deals.by_id(*id).map(str::to_owned),
            Asked::List(reference) | Asked::Note(reference) => Some(reference.clone()),
            Asked::Reverse(order) | Asked::Bill(_, order) => Some(order.reference.clone()),
        };
        let (effect, latency) = self.decide(&asked, named.as_deref().unwrap_or_default());
        if effect == Effect::Lose {
            return (latency, Delivery::Never);
        }
        let answer = match asked {
            Asked::Order(order) => self.order(now, order, &effect, Span::ZERO),
            Asked::OrderAsync(order) => match self.order(now, order, &effect, latency) {
                Answer::Order(reference) => {
                    self.call_back(now, &reference, &effect, latency);
                    Answer::Accepted(reference)
                }
                other => other,
            },
            Asked::Create(order) => self.create(order),
            Asked::Confirm(_) => self.confirm(now, named, &effect, latency),
            Asked::Validate(_) => Answer::List(None),
            Asked::Status(_) => Answer::Status(named),
            Asked::List(_) => Answer::List(named),
            Asked::Reverse(order) => self.reverse(now, order, &effect),
            Asked::Note(reference) => Answer::Noted(reference),
            Asked::Bill(service, order) => match &effect {
                Effect::Decline(code) => Answer::NotFound(order.reference, code.clone()),
                _ => Answer::Found(order.reference, bill(service, &order.account)),
            },
        };
        (self.after(&effect, latency), self.deliver(now, &answer, &effect))
    }

    fn decide(&mut self, asked: &Asked, reference: &str) -> (Effect, Span) {
        let kind = match asked {
            Asked::Order(_) | Asked::OrderAsync(_) | Asked::Confirm(_) => Kind::Sale,
            Asked::Create(_) | Asked::Validate(_) | Asked::Bill(..) => Kind::Lookup,
            Asked::Reverse(_) => Kind::Reversal,
            Asked::Note(_) => Kind::Advice,
            Asked::Status(_) | Asked::List(_) => Kind::Inquiry,
        };
        let known = self.deals.get(reference);
        let order = match asked {
            Asked::Order(order)
            | Asked::OrderAsync(order)
            | Asked::Create(order)
            | Asked::Validate(order)
            | Asked::Bill(_, order) => Some(order),
            _ => known.map(|deal| &deal.order),
        };
        self.director.decide(&Facts {
            kind,
            account: order.map_or("", |order| &order.account),
            amount_minor: order.map_or(0, |order| order.amount_minor),
            digest: digest(reference.as_bytes()),
            is_repeat: match kind {
                Kind::Sale => known.is_some_and(|deal| deal.is_confirmed && !deal.is_unseen),
                Kind::Reversal => known.is_some_and(|deal| deal.reversals > 0),
                _ => false,
            },
        })
    }

    fn after(&self, effect: &Effect, latency: Span) -> Span {
        match effect {
            Effect::Late(after) => *after,
            _ => latency,
        }
    }

    /// Carries an order out, unless its reference was there before.
    fn order(&mut self, now: Moment, order: Order, effect: &Effect, takes: Span) -> Answer {
        let reference = order.reference.clone();
        if let Some(deal) = self.deals.get_mut(&reference) {
            let is_own = self.settings.shape == Shape::Tillgate;
            let is_done = deal.status_at(now) == DealStatus::Approved;
            if !self.director.script().idempotent && is_done {
                deal.times += 1;
            } else if !is_own {
                return Answer::Duplicate;
            }
            if deal.is_unseen {
                (deal.order, deal.is_unseen) = (order, false);
            }
            return Answer::Order(reference);
        }
        if self.deals.len() >= DEALS_MAX {
            return Answer::Full;
        }
        self.deals.add(order, DealStatus::Approved, "");
        self.carry_out(now, &reference, effect, takes);
        Answer::Order(reference)
    }

    /// Takes an order back. One that never came is remembered, so that it is declined when it
    /// comes late.
    fn reverse(&mut self, now: Moment, order: Order, effect: &Effect) -> Answer {
        let reference = order.reference.clone();
        if let Some(deal) = self.deals.get_mut(&reference) {
            if matches!(effect, Effect::Decline(_)) && deal.status_at(now) == DealStatus::Approved {
                return Answer::Refused(reference);
            }
            deal.reversals += 1;
            if deal.status != DealStatus::Declined {
                deal.status = DealStatus::Reversed;
            }
        } else if self.deals.len() >= DEALS_MAX {
            return Answer::Full;
        } else {
            let deal = self.deals.add(order, DealStatus::Reversed, "");
            (deal.is_unseen, deal.reversals, deal.times) = (true, 1, 0);
        }
        Answer::Reversed(reference)
    }

    fn create(&mut self, order: Order) -> Answer {
        let reference = order.reference.clone();
        if self.deals.get(&reference).is_some() {
            return Answer::Duplicate;
        }
        if self.deals.len() >= DEALS_MAX {
            return Answer::Full;
        }
        let deal = self.deals.add(order, DealStatus::Approved, "");
        (deal.is_confirmed, deal.times) = (false, 0);
        Answer::Accepted(reference)
    }

    fn confirm(
        &mut self,
        now: Moment,
        named: Option<String>,
        effect: &Effect,
        latency: Span,
    ) -> Answer {
        let Some(reference) = named else { return Answer::Status(None) };
        if self.deals.get(&reference).is_some_and(|deal| !deal.is_confirmed) {
            self.carry_out(now, &reference, effect, latency);
            self.call_back(now, &reference, effect, latency);
        }
        Answer::Accepted(reference)
    }

    /// Gives a deal its outcome.
    fn carry_out(&mut self, now: Moment, reference: &str, effect: &Effect, takes: Span) {
        let Some(deal) = self.deals.get_mut(reference) else { return };
        deal.is_confirmed = true;
        let (mut status, mut contradiction) = (DealStatus::Approved, None);
        match effect {
            Effect::Decline(code) => {
                (status, deal.code) = (DealStatus::Declined, code.clone());
            }
            Effect::Pending(span) => status = DealStatus::Pending(now.after(*span)),
            Effect::ApproveThenDecline(span) => {
                contradiction = Some(Contradiction::DeclinedFrom(now.after(*span)));
            }
            Effect::DeclineThenApprove(span) => {
                contradiction = Some(Contradiction::DeclinedUntil(now.after(*span)));
            }
            _ if takes > Span::ZERO => status = DealStatus::Pending(now.after(takes)),
            _ => {}
        }
        if contradiction.is_some() {
            DECLINED.clone_into(&mut deal.code);
        }
        (deal.status, deal.contradiction) = (status, contradiction);
        deal.times = u32::from(status != DealStatus::Declined);
    }

    fn call_back(&mut self, now: Moment, reference: &str, effect: &Effect, latency: Span) {
        let has_url = |deal: &ShapedDeal| !deal.order.callback_url.is_empty();
        if self.deals.get(reference).is_some_and(has_url) {
            self.callbacks.plan(now, reference, effect, latency);
        }
    }
}
