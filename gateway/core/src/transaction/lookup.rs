//! Lookups: what is to be paid on an account, asked of its provider before anything is paid.
//!
//! ```text
//!   Lookup ─▶ LOOKUP ─▶ bridge ─▶ found: a token ──▶ Sale with the token ─▶ the provider's reference
//!                │          └─▶ nothing: its code                             goes into the row
//!                └─ answer deadline: 91
//! ```
//!
//! Nothing of it is durable: a lookup moves no money, and after a restart a terminal looks up again.
//! A terminal has one question on its way and one token at a time; a token is of its terminal,
//! service, account and amount, and pays once.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use tillgate_store_core::commission::ChargeRules;
use tillgate_store_core::{
    Begin, BusinessDate, Key, Lookup, ProductId, ResponseCode, SellerId, ServiceId, StoreId,
    TerminalId, Text,
};

use super::timers::Alarm;
use super::{Answered, Content, Origin, Output, TransactionManager};
use crate::limits::{FOUND_FOR, FOUND_MAX};
use crate::provider::{Bill, ProviderRequest, ProviderRequestKind};
use crate::routing::Candidates;
use crate::time::{Moment, UnixMillis};

/// A question about an account.
#[derive(Clone, Debug)]
pub struct LookupRequest {
    /// Of the request.
    pub stan: u32,
    /// Of the request.
    pub date: BusinessDate,
    /// Who would pay.
    pub seller: SellerId,
    /// What is to be paid.
    pub service: ServiceId,
    /// Denomination or plan; 0 for an open amount.
    pub product: ProductId,
    /// What the customer wants to pay, minor units; 0: it does not say.
    pub amount_minor: u64,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Which account.
    pub account: Text<24>,
    /// What is charged on top.
    pub charges: ChargeRules,
    /// The bridges that it may be asked of.
    pub bridges: Candidates,
}

/// A question on its way.
struct Asked {
    origin: Origin,
    request: LookupRequest,
    bridge: u16,
    token: u64,
    answer_at: Moment,
}

/// What was found and not paid yet.
struct Found {
    token: u64,
    request: LookupRequest,
    /// Where it was found.
    bridge: u16,
    /// Least and most that may be paid.
    amounts_minor: (u64, u64),
    reference: Text<32>,
    until: Moment,
}

#[derive(Default)]
pub(super) struct Lookups {
    asked: FxHashMap<TerminalId, Asked>,
    found: FxHashMap<TerminalId, Found>,
    /// In the order of their tokens, and so of their ends; stale ones find nothing and pass.
    oldest: VecDeque<(TerminalId, u64)>,
    /// Whether an alarm is set for the first of them.
    watched: bool,
    last: u64,
}

impl Lookups {
    pub(super) fn is_idle(&self) -> bool {
        self.asked.is_empty()
    }

    /// A number that no earlier lookup had, also before a restart.
    fn next_token(&mut self, wall: UnixMillis) -> u64 {
        self.last = (self.last + 1).max(wall.0 << 16);
        self.last
    }

    fn keep(&mut self, now: Moment, terminal: TerminalId, found: Found) {
        self.oldest.push_back((terminal, found.token));
        self.found.insert(terminal, found);
        if self.oldest.len() > 2 * FOUND_MAX {
            let is_live = |terminal: &TerminalId, token: &u64| {
                self.found.get(terminal).is_some_and(|found| found.token == *token)
            };
            self.oldest.retain(|(terminal, token)| is_live(terminal, token));
        }
        self.forget(now);
    }

    /// Drops what is over, and what there are too many of.
    fn forget(&mut self, now: Moment) {
        while let Some((terminal, token)) = self.oldest.front() {
            match self.found.get(terminal).filter(|found| found.token == *token) {
                Some(found) if now < found.until && self.found.len() <= FOUND_MAX => break,
                Some(_) => drop(self.found.remove(terminal)),
                None => {}
            }
            self.oldest.pop_front();
        }
    }

    /// When the first of them is over, unless an alarm is set for that.
    fn watch(&mut self) -> Option<Moment> {
        let (terminal, _) = self.oldest.front().filter(|_| !self.watched)?;
        let until = self.found.get(terminal)?.until;
        self.watched = true;
        Some(until)
    }

    /// The bridge at which what a sale pays was found, if the token is its terminal's.
    pub(super) fn found_at(&self, sale: &Key, token: u64) -> Option<u16> {
        let found = self.found.get(&sale.terminal).filter(|found| found.token == token);
        found.map(|found| found.bridge)
    }

    /// What the provider calls what a sale pays. The token is used up.
    ///
    /// # Errors
    /// It needs one, or the token is not of this terminal, service, account and amount, or not any
    /// more; or it was found at another provider than the one that the sale goes to.
    pub(super) fn redeem(
        &mut self,
        now: Moment,
        (begin, account, bridge): (&Begin, &str, Option<u16>),
        token: u64,
        rule: Lookup,
    ) -> Result<Text<32>, ResponseCode> {
        if token == 0 && rule != Lookup::Required {
            return Ok(Text::new());
        }
        let terminal = begin.key.terminal;
        let found = self.found.get(&terminal).filter(|found| found.token == token);
        let found = found.filter(|found| now < found.until).ok_or(ResponseCode::LOOK_UP_AGAIN)?;
        let request = &found.request;
        let same = (request.service, request.product, &request.account[..], Some(found.bridge))
            == (begin.service, begin.product, account, bridge);
        if !same {
            return Err(ResponseCode::LOOK_UP_AGAIN);
        }
        let (low, high) = found.amounts_minor;
        if !(low..=high).contains(&begin.amount_minor) {
            return Err(ResponseCode::INVALID_AMOUNT);
        }
        let reference = found.reference;
        self.found.remove(&terminal);
        Ok(reference)
    }
}

impl TransactionManager {
    pub(super) fn on_lookup(&mut self, now: Moment, origin: Origin, request: LookupRequest) {
        let terminal = origin.terminal;
        let key = key_of(terminal, &request);
        if let Some(asked) = self.lookups.asked.get_mut(&terminal) {
            if !asked.request.asks_the_same(&request) {
                return self.refuse(origin, Answered::Lookup, key, ResponseCode::IN_PROGRESS);
            }
            // It came back over another link: the answer goes there.
            let before = std::mem::replace(&mut asked.origin, origin);
            return self.reply(before, Content::Nothing);
        }
        let looks_up = |bridge: &u16| self.bridges.capabilities(*bridge).lookup;
        let mut able: Candidates = request.bridges.iter().copied().filter(looks_up).collect();
        if able.is_empty() {
            return self.refuse(origin, Answered::Lookup, key, ResponseCode::NOT_SUPPORTED);
        }
        self.bridges.prefer_well(now, &mut able);
        // The other half is for what is owed.
        let places = self.limits.inquiries_max.div_ceil(2);
        let open = !self.draining;
        let free = |bridge: &u16| {
            open && self.bridges.is_active(*bridge) && self.bridges.enter(*bridge, places)
        };
        let Some(bridge) = able.into_iter().find(free) else {
            return self.refuse(origin, Answered::Lookup, key, ResponseCode::PROVIDER_UNAVAILABLE);
        };
        let token = self.lookups.next_token(self.wall);
        let answer_at = origin.received.max(now).after(self.limits.answer);
        self.alarms.at(answer_at, Alarm::Lookup(terminal));
        let asked = Asked { origin, request, bridge, token, answer_at };
        self.outputs.push_back(Output::Provider(asked.order(self.store_id, self.wall), None));
        self.lookups.asked.insert(terminal, asked);
    }

    /// The provider has answered, or nobody has.
    pub(super) fn on_looked_up(
        &mut self,
        now: Moment,
        key: Key,
        result: Result<Box<Bill>, ResponseCode>,
    ) {
        let terminal = key.terminal;
        if self.lookups.asked.get(&terminal).is_none_or(|asked| asked.key() != key) {
            return;
        }
        let Some(asked) = self.lookups.asked.remove(&terminal) else { return };
        let Asked { origin, request, bridge, token, .. } = asked;
        let key = key_of(terminal, &request);
        self.bridges.leave(bridge);
        self.feed(now, bridge);
        let bill = match result {
            Ok(bill) => bill,
            Err(code) => return self.refuse(origin, Answered::Lookup, key, code),
        };
        let amounts_minor = match (bill.amount_minor, bill.amount_range_minor) {
            (0, (0, 0)) => (1, u64::MAX),
            (amount, (0, 0)) => (amount, amount),
            (_, range) => range,
        };
        // Of what the customer wants to pay, where that may be chosen.
        let (low, high) = amounts_minor;
        let chosen = (low..=high).contains(&request.amount_minor);
        let paid_minor = if chosen { request.amount_minor } else { bill.amount_minor };
        let Ok(charges) = request.charges.charge(paid_minor) else {
            return self.refuse(origin, Answered::Lookup, key, ResponseCode::MALFUNCTION);
        };
        let (reference, until) = (bill.reference, now.after(FOUND_FOR));
        let content = Content::Found {
            stan: request.stan,
            date: request.date,
            token,
            charged_minor: charges.fee_minor + charges.tax_minor,
            currency: request.currency,
            bill,
        };
        let found = Found { token, request, bridge, amounts_minor, reference, until };
        self.lookups.keep(now, terminal, found);
        self.watch_found();
        self.reply(origin, content);
    }

    /// What was found and not paid in time is forgotten: it may name a card.
    pub(super) fn found_overdue(&mut self, now: Moment) {
        self.lookups.watched = false;
        self.lookups.forget(now);
        self.watch_found();
    }

    /// One alarm for all that was found, however much that is.
    fn watch_found(&mut self) {
        if let Some(until) = self.lookups.watch() {
            self.alarms.at(until, Alarm::Found);
        }
    }

    /// A terminal that has waited long enough receives 91; what its provider says later is dropped.
    pub(super) fn lookup_overdue(&mut self, now: Moment, terminal: TerminalId) {
        let overdue = |asked: &Asked| asked.answer_at <= now;
        if let Some(asked) = self.lookups.asked.get(&terminal).filter(|asked| overdue(asked)) {
            let key = asked.key();
            self.on_looked_up(now, key, Err(ResponseCode::PROVIDER_UNAVAILABLE));
        }
    }
}

impl LookupRequest {
    /// Whether it is the same question, by the same number.
    fn asks_the_same(&self, other: &Self) -> bool {
        let content = |request: &Self| {
            let Self { stan, date, service, product, amount_minor, account, .. } = *request;
            (stan, date, service, product, amount_minor, account)
        };
        content(self) == content(other)
    }
}

impl Asked {
    /// What its result names. Not the request's own number: a terminal may use that again, and an
    /// answer that comes late must not be taken for the one to another question.
    fn key(&self) -> Key {
        let stan = u32::try_from(self.token & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Key { stan, ..key_of(self.origin.terminal, &self.request) }
    }

    fn order(&self, store: StoreId, wall: UnixMillis) -> ProviderRequest {
        let request = &self.request;
        ProviderRequest {
            kind: ProviderRequestKind::Lookup,
            key: self.key(),
            sale: key_of(self.origin.terminal, request),
            at_ms: wall.0,
            seller: request.seller,
            rrn: Text::new(),
            bridge: self.bridge,
            reference: store.reference(self.token),
            provider_reference: Text::new(),
            service: request.service,
            product: request.product,
            amount_minor: request.amount_minor,
            currency: request.currency,
            subscriber: request.account,
            lookup: Text::new(),
            attempt: 1,
        }
    }
}

fn key_of(terminal: TerminalId, request: &LookupRequest) -> Key {
    Key { date: request.date, terminal, stan: request.stan }
}
