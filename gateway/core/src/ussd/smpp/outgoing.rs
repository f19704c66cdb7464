//! What is said: the queue, the window, the rate, and what a throttling centre gets again.
//!
//! ```text
//!   Say ──▶ waiting ──▶ in flight ──▶ Accepted, Refused
//!              ▲  │ by      │ │ no answer in time, link lost
//!              │  ▼         │ └──▶ Unknown
//!              │ Late       │
//!              └── throttled ┘
//! ```
//!
//! A text is encoded when it comes, into a buffer that is used again; when it is sent it gets its
//! sequence number, a new one with each attempt.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use tillgate_codec::smpp::CommandStatus;
use tillgate_types::Msisdn;
use zeroize::{Zeroize, Zeroizing};

use super::super::dialog::{Say, SayKind, SayResult};
use super::super::limits::{SEND_BYTES, THROTTLE_FIRST, THROTTLE_LONGEST, WAITING_MAX, WINDOW_MAX};
use super::config::Role;
use super::connection::State;
use super::message::encode_say;
use super::{Queued, SmppConfig, SmppLink, next_sequence};
use crate::rate::Pace;
use crate::time::{Moment, Span};

/// Octets of a buffer at first; most texts fit.
const PDU_BYTES: usize = 512;
/// Where a PDU has its sequence number.
const SEQUENCE: std::ops::Range<usize> = 12..16;

/// A text that has no result yet.
struct Entry {
    ticket: u64,
    /// Who would read it in any dialog; `None` where a session's parameter tells them apart.
    reader: Option<Msisdn>,
    kind: SayKind,
    by: Moment,
    /// Counts the texts of the link: the oldest goes first.
    order: u64,
    pdu: Zeroizing<Vec<u8>>,
}

pub(super) struct Outgoing {
    entries: Vec<Entry>,
    free: Vec<usize>,
    /// By order.
    waiting: VecDeque<usize>,
    in_flight: FxHashMap<u32, usize>,
    /// When each of them is due, first due in front; those that are done are still there.
    due: VecDeque<(Moment, u32)>,
    /// Nothing that waits is due before.
    earliest_by: Moment,
    order: u64,
    window: usize,
    pace: Pace,
    full_at: Moment,
    /// Nothing is sent before: rate or throttling.
    hold: Moment,
    /// Answers of a throttling centre in a row.
    throttles: u32,
    octets: Zeroizing<Vec<u8>>,
}

impl Outgoing {
    pub(super) fn new(config: &SmppConfig) -> Self {
        let window = config.window.clamp(1, WINDOW_MAX);
        let every = Span(Span::s(1).0.checked_div(u64::from(config.per_second)).unwrap_or(0));
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            waiting: VecDeque::new(),
            in_flight: FxHashMap::with_capacity_and_hasher(2 * window, <_>::default()),
            due: VecDeque::new(),
            earliest_by: Moment(u64::MAX),
            order: 0,
            window,
            // A tenth of a second at once: centres count by the second.
            pace: Pace::new(every, config.per_second / 10),
            full_at: Moment::default(),
            hold: Moment::default(),
            throttles: 0,
            octets: Zeroizing::new(Vec::with_capacity(PDU_BYTES)),
        }
    }

    pub(super) fn is_throttled(&self) -> bool {
        self.throttles > 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.is_empty()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        let answers = self.due.front().map(|(due, _)| *due);
        let by = (!self.waiting.is_empty()).then_some(self.earliest_by);
        let next = (!self.waiting.is_empty() && self.has_window()).then_some(self.hold);
        [answers, by, next].into_iter().flatten().min()
    }

    /// A throttling centre gets one text at a time until it takes one.
    fn has_window(&self) -> bool {
        self.in_flight.len() < if self.throttles > 0 { 1 } else { self.window }
    }

    /// Puts a text where its age has it.
    fn wait(&mut self, slot: usize) {
        let Entry { order, by, .. } = self.entries[slot];
        let at = self.waiting.partition_point(|other| self.entries[*other].order < order);
        self.waiting.insert(at, slot);
        self.earliest_by = self.earliest_by.min(by);
    }

    /// A subscriber has begun anew, and nothing names sessions: what was for the dialog before is not
    /// sent any more, nor again, for it would be read in this one.
    pub(super) fn forget(&mut self, now: Moment, reader: Msisdn) {
        for entry in self.entries.iter_mut().filter(|entry| entry.reader == Some(reader)) {
            entry.by = now;
        }
        self.earliest_by = now;
    }

    /// A slot whose buffer is empty.
    fn slot(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            let pdu = Zeroizing::new(Vec::with_capacity(PDU_BYTES));
            let kind = SayKind::Continue;
            let by = Moment(0);
            self.entries.push(Entry { ticket: 0, reader: None, kind, by, order: 0, pdu });
            self.entries.len() - 1
        })
    }

    /// Gives a slot back; its ticket.
    fn release(&mut self, slot: usize) -> u64 {
        let entry = &mut self.entries[slot];
        entry.pdu.as_mut_slice().zeroize();
        entry.pdu.clear();
        self.free.push(slot);
        entry.ticket
    }
}

impl SmppLink {
    pub(super) fn say(&mut self, say: &Say<'_>) {
        let is_late = !self.is_ready
            || self.is_draining
            || say.by <= self.now
            || self.outgoing.waiting.len() >= WAITING_MAX;
        if is_late {
            return self.said(say.ticket, SayResult::Late);
        }
        let outgoing = &mut self.outgoing;
        let slot = outgoing.slot();
        let entry = &mut outgoing.entries[slot];
        if !encode_say(&self.config, say, &mut outgoing.octets, &mut entry.pdu) {
            outgoing.release(slot);
            return self.said(say.ticket, SayResult::Unsayable);
        }
        (entry.ticket, entry.kind, entry.by, entry.order) =
            (say.ticket, say.kind, say.by, outgoing.order);
        let is_bound = say.kind == SayKind::Notify || !say.at.key.is_empty();
        entry.reader = (!is_bound).then_some(say.at.msisdn);
        outgoing.octets.as_mut_slice().zeroize();
        outgoing.order += 1;
        outgoing.wait(slot);
    }

    /// Sends what waits, as far as window, rate and centre allow.
    pub(super) fn dispatch(&mut self) {
        let index = self.legs.iter().position(|leg| leg.role != Role::Receiver).unwrap_or(0);
        if !self.is_ready || self.legs[index].state != State::Bound {
            return;
        }
        self.expire_waiting();
        let (now, outgoing) = (self.now, &mut self.outgoing);
        while let Some(&slot) = outgoing.waiting.front()
            && outgoing.has_window()
            && outgoing.hold <= now
        {
            let outbound = &mut self.legs[index].outbound;
            let entry = &mut outgoing.entries[slot];
            if outbound.len() + entry.pdu.len() > SEND_BYTES {
                return;
            }
            if let Err(until) = outgoing.pace.take(now, &mut outgoing.full_at) {
                outgoing.hold = until;
                return;
            }
            let mut sequence = next_sequence(&mut self.sequence);
            while outgoing.in_flight.contains_key(&sequence) {
                sequence = next_sequence(&mut self.sequence);
            }
            entry.pdu[SEQUENCE].copy_from_slice(&sequence.to_be_bytes());
            outbound.extend_from_slice(&entry.pdu);
            outgoing.waiting.pop_front();
            outgoing.in_flight.insert(sequence, slot);
            outgoing.due.push_back((now.after(self.config.response), sequence));
            self.stats.submits += 1;
        }
    }

    /// The centre's answer to a text; whether there was one with that sequence number.
    pub(super) fn on_said(&mut self, sequence: u32, status: CommandStatus) -> bool {
        let Some(slot) = self.outgoing.in_flight.remove(&sequence) else { return false };
        self.outgoing.forget_due();
        match status {
            CommandStatus::THROTTLED | CommandStatus::QUEUE_FULL => {
                self.stats.throttled += 1;
                let throttles = self.outgoing.throttles;
                let pause = self.pause(THROTTLE_FIRST, THROTTLE_LONGEST, throttles);
                let outgoing = &mut self.outgoing;
                // Several answers of one window are one reason to wait.
                if throttles == 0 || outgoing.hold <= self.now {
                    outgoing.hold = self.now.after(pause);
                    outgoing.throttles = throttles.saturating_add(1);
                }
                outgoing.wait(slot);
                // It may have come back too late to be sent again.
                self.expire_waiting();
            }
            status => {
                self.outgoing.throttles = 0;
                let is_end = self.outgoing.entries[slot].kind == SayKind::End;
                let ticket = self.outgoing.release(slot);
                let result = if status == CommandStatus::OK {
                    self.stats.ends += u64::from(is_end);
                    SayResult::Accepted
                } else {
                    self.stats.refused.count(status);
                    SayResult::Refused(status.0)
                };
                self.said(ticket, result);
            }
        }
        true
    }

    pub(super) fn tick_outgoing(&mut self) {
        while let Some((due, sequence)) = self.outgoing.due.front().copied()
            && due <= self.now
        {
            self.outgoing.due.pop_front();
            if let Some(slot) = self.outgoing.in_flight.remove(&sequence) {
                let ticket = self.outgoing.release(slot);
                self.said(ticket, SayResult::Unknown);
            }
        }
        self.outgoing.forget_due();
        self.expire_waiting();
    }

    /// What nobody would read any more has its result.
    fn expire_waiting(&mut self) {
        if self.outgoing.earliest_by > self.now {
            return;
        }
        let mut earliest = Moment(u64::MAX);
        for _ in 0..self.outgoing.waiting.len() {
            let Some(slot) = self.outgoing.waiting.pop_front() else { break };
            let by = self.outgoing.entries[slot].by;
            if by > self.now {
                earliest = earliest.min(by);
                self.outgoing.waiting.push_back(slot);
            } else {
                let ticket = self.outgoing.release(slot);
                self.said(ticket, SayResult::Late);
            }
        }
        self.outgoing.earliest_by = earliest;
    }

    /// The link is lost: what was sent may have arrived, what was not sent will not be.
    pub(super) fn give_up_outgoing(&mut self) {
        while let Some((_, sequence)) = self.outgoing.due.pop_front() {
            if let Some(slot) = self.outgoing.in_flight.remove(&sequence) {
                let ticket = self.outgoing.release(slot);
                self.said(ticket, SayResult::Unknown);
            }
        }
        while let Some(slot) = self.outgoing.waiting.pop_front() {
            let ticket = self.outgoing.release(slot);
            self.said(ticket, SayResult::Late);
        }
        let outgoing = &mut self.outgoing;
        (outgoing.throttles, outgoing.earliest_by) = (0, Moment(u64::MAX));
        outgoing.hold = Moment::default();
    }

    fn said(&mut self, ticket: u64, result: SayResult) {
        match result {
            SayResult::Accepted => self.stats.accepted += 1,
            SayResult::Refused(_) => {}
            SayResult::Late => self.stats.late += 1,
            SayResult::Unknown => self.stats.unknown += 1,
            SayResult::Unsayable => self.stats.unsayable += 1,
        }
        self.queue.push_back(Queued::Said { ticket, result });
    }
}

impl Outgoing {
    /// Drops what is done from the front of the deadlines.
    fn forget_due(&mut self) {
        while let Some((_, sequence)) = self.due.front()
            && !self.in_flight.contains_key(sequence)
        {
            self.due.pop_front();
        }
    }
}
