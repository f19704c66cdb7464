//! A provider that keeps its word once it is reached, over a wire that keeps nothing.

use std::collections::BTreeMap;

use tillgate_core::provider::{Capabilities, ProviderRequest, ProviderRequestKind, ProviderResult};
use tillgate_core::time::{Moment, Span};
use tillgate_store_core::{Key, ProviderOutcome, Text};
use tillgate_types::ResponseCode;

use crate::walk::dice::Dice;

/// What it knows of a reference.
#[derive(Clone, Copy, Debug, Default)]
struct Deal {
    /// Times it was done, taken back or not.
    done_times: u32,
    stands: bool,
    declined: bool,
    /// Refused from now on.
    gone: bool,
}

pub(crate) struct Provider {
    can: Capabilities,
    dice: Dice,
    deals: BTreeMap<Text<32>, Deal>,
    /// On its way to the provider; orders only, for at most half a minute.
    orders: Vec<(Moment, ProviderRequest)>,
    /// On its way to the gateway.
    results: Vec<(Moment, Key, ProviderResult)>,
    pub(crate) refuses_to_take_back: bool,
    pub(crate) calm: bool,
}

impl Provider {
    pub(crate) fn new(can: Capabilities, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let refuses_to_take_back = dice.of(3);
        let (deals, orders, results) = Default::default();
        Self { can, dice, deals, orders, results, refuses_to_take_back, calm: false }
    }

    pub(crate) fn has_done(&self, reference: &Text<32>) -> bool {
        self.deals.get(reference).is_some_and(|deal| deal.stands)
    }

    /// A person saw to it that the deal is undone.
    pub(crate) fn make_good(&mut self, reference: &Text<32>) {
        if let Some(deal) = self.deals.get_mut(reference) {
            (deal.stands, deal.gone) = (false, true);
        }
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.orders.is_empty() && self.results.is_empty()
    }

    /// Results that were on their way find nobody.
    pub(crate) fn gateway_is_gone(&mut self) {
        self.results.clear();
    }

    /// Something leaves the gateway for it.
    pub(crate) fn hear(&mut self, now: Moment, order: &ProviderRequest) {
        let soon = now.after(Span::ms(u64::from(self.dice.below(900)) + 1));
        let unknown = ProviderResult::Outcome(ProviderOutcome::Unknown);
        let trouble = if self.calm { 9 } else { self.dice.below(10) };
        if trouble == 0 && order.kind == ProviderRequestKind::Authorize && order.attempt <= 1 {
            let code = ResponseCode::PROVIDER_UNAVAILABLE;
            return self.results.push((
                soon,
                order.key,
                ProviderResult::Outcome(ProviderOutcome::NotSent { code }),
            ));
        }
        if trouble == 1 {
            return self.results.push((soon, order.key, unknown));
        }
        if trouble == 2 && order.kind == ProviderRequestKind::Authorize {
            let late = now.after(Span::s(u64::from(self.dice.below(30))));
            self.orders.push((late, *order));
            return self.results.push((soon, order.key, unknown));
        }
        let found = self.answer(order);
        if trouble == 3 {
            return self.results.push((soon, order.key, unknown));
        }
        if trouble == 4 {
            self.results.push((soon, order.key, unknown));
            let late = now.after(Span::s(u64::from(self.dice.below(90))));
            return self.results.push((late, order.key, found));
        }
        if trouble == 5 {
            self.results.push((soon, order.key, found.clone()));
        }
        self.results.push((soon, order.key, found));
    }

    /// What has arrived at the gateway.
    pub(crate) fn heard(&mut self, now: Moment) -> Vec<(Key, ProviderResult)> {
        let due = |at: &Moment| *at <= now;
        let (orders, later) =
            std::mem::take(&mut self.orders).into_iter().partition(|(at, _)| due(at));
        self.orders = later;
        let orders: Vec<(Moment, ProviderRequest)> = orders;
        for (_, order) in orders {
            self.answer(&order);
        }
        let (results, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.results).into_iter().partition(|(at, ..)| due(at));
        self.results = later;
        results.into_iter().map(|(_, key, found)| (key, found)).collect()
    }

    fn answer(&mut self, order: &ProviderRequest) -> ProviderResult {
        let declined = || {
            let (code, reference) = (ResponseCode::NO_SUCH_SUBSCRIBER, Text::new());
            ProviderResult::Outcome(ProviderOutcome::Declined { code, reference, chip: None })
        };
        let approved = || {
            let reference = Text::from("P-7").unwrap();
            ProviderResult::Outcome(ProviderOutcome::Approved { reference, chip: None })
        };
        let known = self.deals.contains_key(&order.reference);
        let deal = self.deals.entry(order.reference).or_default();
        match order.kind {
            ProviderRequestKind::Lookup => unreachable!("nobody here looks anything up"),
            ProviderRequestKind::Authorize if deal.gone || deal.declined => declined(),
            ProviderRequestKind::Authorize if self.can.idempotent && deal.stands => approved(),
            ProviderRequestKind::Authorize if self.dice.of(6) => {
                deal.declined = true;
                declined()
            }
            ProviderRequestKind::Authorize => {
                deal.done_times += 1;
                deal.stands = true;
                approved()
            }
            ProviderRequestKind::Inquire if !known => {
                self.deals.remove(&order.reference);
                ProviderResult::NotFound { attempt: order.attempt }
            }
            ProviderRequestKind::Inquire if deal.stands => approved(),
            ProviderRequestKind::Inquire => declined(),
            ProviderRequestKind::Reverse if deal.stands && self.refuses_to_take_back => {
                ProviderResult::Outcome(ProviderOutcome::ReversalDeclined)
            }
            ProviderRequestKind::Reverse => {
                (deal.stands, deal.gone) = (false, true);
                ProviderResult::Outcome(ProviderOutcome::Reversed)
            }
            ProviderRequestKind::Advise => {
                ProviderResult::Outcome(ProviderOutcome::AdviceAcknowledged)
            }
        }
    }

    pub(crate) fn judge(&self, seed: u64) {
        for (reference, deal) in &self.deals {
            assert!(deal.done_times <= 1, "seed {seed}: {reference} was done twice");
        }
    }
}
