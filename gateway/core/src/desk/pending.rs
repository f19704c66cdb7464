//! A transaction in flight, who waits for it, and the alarms that watch over it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use arrayvec::ArrayVec;
use tillgate_store_core::{Key, StoreId, Transaction};

use super::{Order, Origin};
use crate::limits::{DeskLimits, WAITERS_MAX};
use crate::time::{Moment, Span};

/// A transaction between its intent and its outcome.
pub(super) struct Pending {
    pub(super) row: Transaction,
    pub(super) bridge: u16,
    waiters: ArrayVec<Waiter, WAITERS_MAX>,
    attempt: u32,
    /// Inquiries so far; sets the next pause.
    asked: u32,
    /// Whether the bridge owes a result for an inquiry or a repeat.
    asking: bool,
    /// Whether the bridge owes the result of the first order.
    ordered: bool,
}

struct Waiter {
    origin: Origin,
    answer_at: Moment,
}

impl Pending {
    /// Its order is about to leave for the first time.
    pub(super) fn begun(
        row: Transaction,
        bridge: u16,
        origin: Origin,
        limits: &DeskLimits,
    ) -> Self {
        let mut pending = Self::recovered(row, bridge);
        pending.ordered = true;
        pending.waiters.push(Waiter { origin, answer_at: origin.received.after(limits.answer) });
        pending
    }

    /// Found open in the store after a restart: nobody waits, nobody owes a result.
    pub(super) fn recovered(row: Transaction, bridge: u16) -> Self {
        Self {
            row,
            bridge,
            waiters: ArrayVec::new(),
            attempt: 1,
            asked: 0,
            asking: false,
            ordered: false,
        }
    }

    /// When the one waiter of a transaction just begun must hear something.
    pub(super) fn answer_at(&self) -> Moment {
        self.waiters.first().map_or(Moment(u64::MAX), |waiter| waiter.answer_at)
    }

    /// Adds a waiter; `None` when there is no room. A terminal waits once: its newer request
    /// takes the place of the older, whose session is told nothing more than that.
    pub(super) fn attach(
        &mut self,
        now: Moment,
        origin: Origin,
        limits: &DeskLimits,
    ) -> Option<Moment> {
        let answer_at = origin.received.max(now).after(limits.answer);
        self.waiters.try_push(Waiter { origin, answer_at }).ok()?;
        Some(answer_at)
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

    /// Nobody waits, and no first order is on its way.
    pub(super) fn is_unattended(&self) -> bool {
        self.waiters.is_empty() && !self.ordered
    }

    /// The bridge has reported on the order or the inquiry it had; says whether it was one of
    /// those that [`DeskLimits::inquiries_max`] counts.
    pub(super) fn stop_asking(&mut self) -> bool {
        self.ordered = false;
        std::mem::take(&mut self.asking)
    }

    /// An inquiry leaves.
    pub(super) fn start_asking(&mut self) {
        self.asking = true;
        self.asked = self.asked.saturating_add(1);
    }

    /// The result that is due belongs to the one order that ever left.
    pub(super) fn is_first_order(&self) -> bool {
        self.ordered
    }

    pub(super) fn is_asking(&self) -> bool {
        self.asking || self.ordered
    }

    pub(super) fn asked(&self) -> u32 {
        self.asked
    }

    /// The order goes out once more under the same reference.
    pub(super) fn repeat(&mut self) {
        self.attempt = self.attempt.saturating_add(1);
    }

    /// The row as the store holds it now.
    pub(super) fn renew(&mut self, row: Transaction) {
        assert_eq!(self.row.key, row.key, "a row replaces itself");
        self.row = row;
    }

    /// What the bridge is told.
    pub(super) fn order(&self, store: StoreId) -> Order {
        Order {
            key: self.row.key,
            bridge: self.bridge,
            reference: self.row.reference(store),
            service: self.row.service,
            product: self.row.product,
            amount_minor: self.row.amount_minor,
            currency: self.row.currency,
            subscriber: self.row.subscriber,
            attempt: self.attempt,
        }
    }
}

/// What an alarm is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// Somebody has waited long enough.
    Answer,
    /// Ask the bridge what became of the order.
    Inquire,
}

/// The alarms of all pending transactions, earliest first. Stale ones find nothing and pass.
pub(super) struct Alarms {
    heap: BinaryHeap<Reverse<(Moment, Key, Alarm)>>,
    random: u64,
}

impl Alarms {
    pub(super) fn new(seed: u64) -> Self {
        Self { heap: BinaryHeap::new(), random: seed }
    }

    pub(super) fn answer(&mut self, at: Moment, key: Key) {
        self.heap.push(Reverse((at, key, Alarm::Answer)));
    }

    /// At once, give or take a little, so that a long list does not arrive in one instant.
    pub(super) fn inquire_soon(&mut self, now: Moment, key: Key, limits: &DeskLimits) {
        let pause = self.jitter(limits.inquiry_first);
        self.heap.push(Reverse((now.after(pause), key, Alarm::Inquire)));
    }

    /// After a pause that doubles with every inquiry, half of it drawn at random.
    pub(super) fn inquire_later(&mut self, now: Moment, key: Key, asked: u32, limits: &DeskLimits) {
        let doubled = limits.inquiry_first.0.saturating_mul(1 << asked.min(16));
        let half = Span(doubled.min(limits.inquiry_longest.0) / 2);
        let pause = Span(half.0 + self.jitter(half).0);
        self.heap.push(Reverse((now.after(pause), key, Alarm::Inquire)));
    }

    pub(super) fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    pub(super) fn pop(&mut self, now: Moment) -> Option<(Key, Alarm)> {
        let Reverse((at, _, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, key, alarm))| (key, alarm))
    }

    /// Between nothing and `span`, by SplitMix64: spread, not secrecy.
    fn jitter(&mut self, span: Span) -> Span {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Span((z ^ (z >> 31)) % span.0.max(1))
    }
}
