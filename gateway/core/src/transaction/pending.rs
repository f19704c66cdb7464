//! A transaction that the gateway still has to act on, and who waits for it.

use arrayvec::ArrayVec;
use tillgate_store_core::{FollowUp, Key, Kind, StoreId, Transaction};

use super::Origin;
use super::bridges::Attended;
use super::commit::Way;
use crate::card::CardData;
use crate::limits::{EXPIRED_GRACE, TransactionLimits, WAITERS_MAX};
use crate::provider::{ProviderRequest, ProviderRequestKind};
use crate::time::{Moment, Span, UnixMillis};

/// What the gateway has to do about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Find out the outcome of a sale.
    FindOut,
    /// Have the provider take it back.
    TakeBack,
    /// Tell the provider of its confirmation.
    Advise,
    /// A reversal: nothing, until its original's outcome is known.
    Wait,
}

impl Task {
    /// `None`: nothing, or it is the operator's.
    pub(super) fn of(row: &Transaction) -> Option<Self> {
        match row.owes() {
            Some(FollowUp::Operator) => None,
            Some(FollowUp::Reversal) => Some(Self::TakeBack),
            Some(FollowUp::Advice) => Some(Self::Advise),
            None if row.is_final() => None,
            None if row.kind == Kind::Reversal => Some(Self::Wait),
            None => Some(Self::FindOut),
        }
    }
}

/// Where a pending transaction comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It came up in this process.
    Live,
    /// It was open when the gateway started: what was tried before is not known.
    Recovered,
}

/// Whether an order may still be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// It is wanted.
    Fresh,
    /// It had expired when the gateway started: too late to do it, not to find out.
    Stale,
}

/// What the bridge owes a result for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InFlight {
    None,
    /// The first order: certainly the only one that ever left.
    First,
    /// Anything else, in one of the queue's places.
    Later,
}

pub(super) struct Pending {
    pub(super) row: Transaction,
    pub(super) task: Task,
    pub(super) age: Age,
    /// What the bridge receives; of a reversal it names the original.
    request: ProviderRequest,
    /// Until its first order has been reported on.
    way: Option<Way>,
    waiters: ArrayVec<Waiter, WAITERS_MAX>,
    in_flight: InFlight,
    /// Times tried since the task began; sets the next pause.
    asked: u32,
    /// A command about it is on its way to the ledger.
    pub(super) staged: bool,
    /// It waits for a place in its queue.
    pub(super) queued: bool,
    /// When the next thing is done about it; alarms of other moments are stale.
    pub(super) wake: Option<Moment>,
    /// When it is given up on and handed to the operator.
    expires: Moment,
    /// From when on an order that the provider has not seen cannot be on its way any more.
    settles: Moment,
    /// The first question that left after that; what was found out by an earlier one says less.
    settled_from: Option<u32>,
}

struct Waiter {
    origin: Origin,
    answer_at: Moment,
}

/// The outcome of somebody who wants to wait.
pub(super) struct Attached {
    /// When they must be answered.
    pub(super) answer_at: Moment,
    /// Whose place they took: requests of the same terminal over older sessions.
    pub(super) replaced: ArrayVec<Origin, WAITERS_MAX>,
}

impl Pending {
    /// A row to act on. `sale` is what the bridge is asked about: the row itself, or of a
    /// terminal's reversal its original.
    pub(super) fn new(
        row: Transaction,
        task: Task,
        sale: Option<&Transaction>,
        (store, bridge): (StoreId, u16),
        source: Source,
    ) -> Self {
        let request = request(&row.key, sale.unwrap_or(&row), store, bridge);
        // What was declined may have been taken back before: because it was silent, or because of
        // an earlier approval as late as this one.
        let again = task == Task::TakeBack && row.kind.is_sale() && row.is_final();
        let said = source == Source::Recovered || again;
        Self {
            row,
            task,
            age: Age::Fresh,
            request: ProviderRequest { attempt: u32::from(said), ..request },
            way: None,
            waiters: ArrayVec::new(),
            in_flight: InFlight::None,
            asked: 0,
            staged: false,
            queued: false,
            wake: None,
            expires: Moment(u64::MAX),
            settles: Moment(u64::MAX),
            settled_from: None,
        }
    }

    /// Sets when it is given up on: [`TransactionLimits::expire`] after the task began.
    pub(super) fn set_expiry(&mut self, now: Moment, wall: UnixMillis, limits: &TransactionLimits) {
        let since_ms = self.row.due.map_or(self.row.at_ms, |due| due.since_ms);
        let age = Span::ms(wall.0.saturating_sub(since_ms));
        self.expires = now.after(Span(limits.expire.0.saturating_sub(age.0)));
    }

    pub(super) fn has_expired(&self, now: Moment) -> bool {
        self.expires <= now
    }

    /// Found at the start: it was given up on while nobody was there, so it is tried shortly.
    pub(super) fn found_expired(&mut self, now: Moment) {
        self.age = Age::Stale;
        self.expires = now.after(EXPIRED_GRACE);
    }

    pub(super) fn bridge(&self) -> u16 {
        self.request.bridge
    }

    /// Adds a waiter; `None` when there is no room. A terminal that comes over a new session has
    /// lost the older one: it takes its place.
    pub(super) fn attach(
        &mut self,
        now: Moment,
        origin: Origin,
        limits: &TransactionLimits,
    ) -> Option<Attached> {
        let older = |waiter: &Waiter| {
            waiter.origin.terminal == origin.terminal && waiter.origin.session != origin.session
        };
        let replaced =
            self.waiters.iter().filter(|waiter| older(waiter)).map(|waiter| waiter.origin);
        let replaced = replaced.collect();
        self.waiters.retain(|waiter| !older(waiter));
        let answer_at = origin.received.max(now).after(limits.answer);
        self.waiters.try_push(Waiter { origin, answer_at }).ok()?;
        Some(Attached { answer_at, replaced })
    }

    /// The first waiter, of a transaction that just came; its answer is due from its arrival on.
    pub(super) fn await_first(&mut self, origin: Origin, limits: &TransactionLimits) -> Moment {
        let answer_at = origin.received.after(limits.answer);
        self.waiters.push(Waiter { origin, answer_at });
        answer_at
    }

    /// Takes everybody off the list.
    pub(super) fn waiters(&mut self) -> ArrayVec<Origin, WAITERS_MAX> {
        self.waiters.drain(..).map(|waiter| waiter.origin).collect()
    }

    /// Takes those off the list who may not be kept waiting any longer.
    pub(super) fn overdue(&mut self, now: Moment) -> ArrayVec<Origin, WAITERS_MAX> {
        let due = self.waiters.iter().filter(|waiter| waiter.answer_at <= now);
        let origins = due.map(|waiter| waiter.origin).collect();
        self.waiters.retain(|waiter| waiter.answer_at > now);
        origins
    }

    /// Whether somebody waits.
    pub(super) fn attended(&self) -> Attended {
        if self.waiters.is_empty() { Attended::No } else { Attended::Yes }
    }

    /// Nobody waits, and no first order is on its way.
    pub(super) fn is_unattended(&self) -> bool {
        self.waiters.is_empty() && self.in_flight != InFlight::First
    }

    /// An order is out (again): as long as its bridge has not reported on it, it may leave yet.
    pub(super) fn order_again(&mut self, now: Moment) -> ProviderRequest {
        self.settles_at(Moment(u64::MAX));
        self.send(now, ProviderRequestKind::Authorize)
    }

    /// What the provider calls the sale; known only once it has answered.
    pub(super) fn learn_reference(&mut self, sale: &Transaction) {
        self.request.provider_reference = sale.done_reference();
    }

    /// Whether an order is out that its bridge has not reported on.
    pub(super) fn is_ordered(&self) -> bool {
        self.is_owed() && self.settles == Moment(u64::MAX)
    }

    /// The bridge has reported; whether that frees a place in its queue.
    pub(super) fn stop(&mut self) -> bool {
        let in_flight = std::mem::replace(&mut self.in_flight, InFlight::None);
        if in_flight != InFlight::None {
            // What it woke for was this report.
            self.wake = None;
        }
        in_flight == InFlight::Later
    }

    /// The result that is due belongs to the one order that ever left.
    pub(super) fn is_first_order(&self) -> bool {
        self.in_flight == InFlight::First
    }

    /// Nothing is to be begun: a result, an outcome or a place in the queue is to come.
    pub(super) fn is_busy(&self) -> bool {
        self.in_flight != InFlight::None || self.staged || self.queued
    }

    /// Nothing will happen to it unless somebody sees to it.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_busy() && self.wake.is_none() && self.task != Task::Wait
    }

    pub(super) fn asked(&self) -> u32 {
        self.asked
    }

    /// Whether the bridge still owes a result.
    pub(super) fn is_owed(&self) -> bool {
        self.in_flight != InFlight::None
    }

    /// Whether this is the alarm that it waits for; it no longer waits.
    pub(super) fn wakes(&mut self, now: Moment) -> bool {
        let due = self.wake.is_some_and(|at| at <= now);
        if due {
            self.wake = None;
        }
        due
    }

    /// Whether anything of this task may have left for the provider before.
    pub(super) fn was_tried(&self) -> bool {
        self.request.attempt > 0
    }

    /// Whether an order that the provider had not seen when it was asked by that question was not on
    /// its way then either.
    pub(super) fn had_settled(&self, question: u32) -> bool {
        self.settled_from.is_some_and(|first| question >= first)
    }

    /// The order that was out is reported on, or its process is gone: it may be on its way for this
    /// long. Until then it may not even have left its bridge's queue.
    pub(super) fn settle_after(&mut self, now: Moment, span: Span) {
        self.settles_at(now.after(span));
    }

    fn settles_at(&mut self, at: Moment) {
        self.settles = at;
        self.settled_from = None;
    }

    /// The first order leaves, with the account in clear and what goes with it: nothing later about it
    /// names a card.
    pub(super) fn order_first(&mut self, way: Way) -> (ProviderRequest, Option<Box<CardData>>) {
        let Way { account: subscriber, card, alternatives } = way;
        // Whatever cannot go on has no use for the number of a card.
        self.way = (!alternatives.is_empty()).then(|| {
            let card = card.as_ref().map(|card| Box::new(card.duplicate()));
            Way { account: subscriber, card, alternatives }
        });
        self.settles_at(Moment(u64::MAX));
        self.in_flight = InFlight::First;
        self.request.attempt = 1;
        (ProviderRequest { subscriber, ..self.request }, card)
    }

    /// Something may have been sent: it goes on nowhere.
    pub(super) fn stay(&mut self) {
        self.way = None;
    }

    /// The bridges that it may go on to.
    pub(super) fn alternatives(&self) -> &[u16] {
        self.way.as_ref().map_or(&[], |way| &way.alternatives)
    }

    /// Goes on to one of the alternatives, which is the sale's bridge from now on. Nothing else is
    /// begun until that is durable.
    pub(super) fn go_on_to(&mut self, next: u16) -> u16 {
        if let Some(way) = &mut self.way {
            self.request.bridge = next;
            way.alternatives.retain(|bridge| *bridge != next);
        }
        self.staged = true;
        self.request.bridge
    }

    /// The order leaves for the bridge that it went on to: the first one there.
    /// `None`: the bridge that it left has said meanwhile that it carried the sale out.
    pub(super) fn order_next(&mut self) -> Option<(ProviderRequest, Option<Box<CardData>>)> {
        let way = self.way.take()?;
        Some(self.order_first(way))
    }

    /// Whether its order may go out again: it is wanted, and there is all that it names.
    pub(super) fn is_repeatable(&self) -> bool {
        self.age == Age::Fresh && !self.row.terms.masked
    }

    /// A question leaves, with its number.
    pub(super) fn inquire(&mut self, now: Moment) -> ProviderRequest {
        self.leave(now);
        ProviderRequest { kind: ProviderRequestKind::Inquire, attempt: self.asked, ..self.request }
    }

    /// An order, a reversal or an advice leaves (again), under the same reference.
    pub(super) fn send(&mut self, now: Moment, kind: ProviderRequestKind) -> ProviderRequest {
        self.leave(now);
        self.request.kind = kind;
        self.request.attempt = self.request.attempt.saturating_add(1);
        self.request
    }

    fn leave(&mut self, now: Moment) {
        self.in_flight = InFlight::Later;
        self.asked = self.asked.saturating_add(1);
        if self.settled_from.is_none() && self.settles <= now {
            self.settled_from = Some(self.asked);
        }
    }

    /// The row as the store holds it now; whether there is something else to do about it.
    pub(super) fn renew(&mut self, row: Transaction, task: Task) -> bool {
        assert_eq!(self.row.key, row.key, "a row replaces itself");
        self.row = row;
        self.staged = false;
        let other = self.task != task;
        if other {
            self.task = task;
            self.request.attempt = 0;
            self.asked = 0;
            self.settled_from = None;
        }
        other
    }
}

fn request(key: &Key, sale: &Transaction, store: StoreId, bridge: u16) -> ProviderRequest {
    ProviderRequest {
        kind: ProviderRequestKind::Authorize,
        key: *key,
        sale: sale.key,
        at_ms: sale.at_ms,
        seller: sale.seller,
        rrn: sale.rrn(),
        bridge,
        reference: sale.reference(store),
        provider_reference: sale.done_reference(),
        service: sale.service,
        product: sale.product,
        amount_minor: sale.amount_minor,
        currency: sale.currency,
        subscriber: sale.subscriber,
        lookup: sale.terms.lookup,
        attempt: 0,
    }
}
