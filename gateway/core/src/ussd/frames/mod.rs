//! Dialogs with terminals: sealed frames instead of menus. Sans-I/O, and part of
//! [`super::dialogs::Dialogs`], which says whose dialogs these are.
//!
//! ```text
//!   Begin ─▶ Listening ──REQUEST──▶ Opening ──▶ Asking ──answer, or too late──▶ part 0, Listening
//!               ▲  │                   │                                          or over
//!               └──┘ NEXT: a part      └─▶ refused, over
//! ```
//!
//! The pool opens a request and asks; the reply is sealed here with what it found, and held until the
//! next request. Nothing is kept of a request when its dialog ends: it goes on, and the terminal asks
//! again in another dialog.

mod reply;
mod talk;

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};
use tillgate_codec::link::datagram::TerminalFrame;
use tillgate_codec::ussd::armour;
use tillgate_types::{Moment, Msisdn, Span};

use self::talk::{Phase, Talk};
use super::dialogs::slot::{Id, Slots};
use super::dialogs::{DialogLink, DialogRecord};
use super::limits::{
    BEGINS_REMEMBERED_MAX, REDELIVERY, REQUEST_BURST, REQUEST_EVERY, TERMINAL_TEXTS_MAX,
};
use super::{DialogAddress, EndReason, SayKind};
use crate::id::SessionId;
use crate::processing::DatagramRefusal;
use crate::rate::{Debts, Pace};
use crate::timers::Timers;

/// Marks the slots of sessions that are requests of frames: those of menus are below it.
const FRAMES: u32 = 1 << 31;

/// Marks the tickets of their texts.
const FRAMES_TICKET: u64 = 1 << 63;

/// What a terminal is shown that has dialled the service code alone.
const READY: &str = "OK";

/// Counters since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameStats {
    /// Requests that were opened.
    pub opened: u64,
    /// Parts of replies that were said.
    pub parts: u64,
    /// Texts that came twice before the centre had the reply to the first.
    pub redelivered: u64,
    /// Requests that were answered before their outcome was known.
    pub late: u64,
    /// Frames refused, by [`DatagramRefusal::ALL`]'s order.
    pub refused: [u64; DatagramRefusal::ALL.len()],
}

/// One thing to do.
pub(super) enum Outgoing {
    Say { ticket: u64, link: u16, at: Box<DialogAddress>, kind: SayKind, text: String, by: Moment },
    Open { session: SessionId, received: Moment, frame: Vec<u8> },
    Over(DialogRecord),
}

/// See the module.
pub(super) struct Frames {
    reactor: u16,
    idle: Span,
    slots: Slots<Talk>,
    /// Of each subscriber the dialog that goes on.
    live: FxHashMap<Msisdn, Id>,
    pace: Pace,
    paces: Debts<Msisdn>,
    timers: Timers,
    /// Counts requests: an answer that comes late belongs to none of today.
    turn: u32,
    draining: bool,
    queue: VecDeque<Outgoing>,
    stats: FrameStats,
}

/// Whether a text was said in a dialog of frames.
pub(super) fn is_ticket_of_frames(ticket: u64) -> bool {
    ticket & FRAMES_TICKET != 0
}

/// Whether it is a request of frames.
pub(super) fn is_of_frames(session: SessionId) -> bool {
    session.slot & FRAMES != 0
}

impl Frames {
    pub(super) fn new(reactor: u16, idle: Span) -> Self {
        Self {
            reactor,
            idle,
            slots: Slots::default(),
            live: FxHashMap::default(),
            pace: Pace::new(REQUEST_EVERY, REQUEST_BURST),
            paces: Debts::default(),
            timers: Timers::default(),
            turn: 0,
            draining: false,
            queue: VecDeque::new(),
            stats: FrameStats::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn stats(&self) -> FrameStats {
        self.stats
    }

    /// Nothing more is asked; what was, is answered.
    pub(super) fn drain(&mut self) {
        self.draining = true;
    }

    /// Whether a subscriber has a dialog with frames.
    pub(super) fn has(&self, msisdn: Msisdn) -> bool {
        self.live.contains_key(&msisdn)
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        self.timers.next()
    }

    pub(super) fn poll(&mut self) -> Option<Outgoing> {
        self.queue.pop_front()
    }

    /// Whether a terminal waits for an answer.
    pub(super) fn is_asking(&self) -> bool {
        let asks = |id: &Id| self.slots.get(*id).is_some_and(|talk| talk.phase.is_asking());
        self.slots.ids().iter().any(asks)
    }

    /// Whether a centre has delivered a begin again.
    pub(super) fn is_redelivery(
        &self,
        now: Moment,
        (link, address): (u16, &DialogAddress),
        dialled: &str,
    ) -> bool {
        let found = self.live.get(&address.msisdn).and_then(|id| self.slots.get(*id));
        found.is_some_and(|talk| {
            let is_same = talk.is_at(link, address) && talk.dialled == digest(dialled);
            let is_certain = !address.key.is_empty() || talk.phase.is_asking();
            is_same && is_certain && now.since(talk.began) < REDELIVERY
        })
    }

    /// A terminal dials; `refusal` says why it may not.
    pub(super) fn begin(
        &mut self,
        now: Moment,
        (link, of): (u16, &DialogLink),
        address: &DialogAddress,
        dialled: &str,
        refusal: Option<DatagramRefusal>,
    ) {
        self.end_of(now, address.msisdn, EndReason::Replaced);
        let talk = Talk::new(now, (link, of), address, digest(dialled));
        let id = self.slots.insert(talk);
        self.live.insert(address.msisdn, id);
        if let Some(refusal) = refusal {
            return self.refuse(now, id, refusal);
        }
        match behind(dialled, &address.service_code) {
            Some(text) => self.take(now, id, text),
            None => {
                self.say(now, id, SayKind::Continue, READY.to_owned());
                self.wait(id, now.after(self.idle));
            }
        }
    }

    /// What was typed; `false`: it belongs to no dialog of these.
    pub(super) fn input(
        &mut self,
        now: Moment,
        (link, address): (u16, &DialogAddress),
        text: &str,
    ) -> bool {
        let Some(id) = self.at(link, address) else { return false };
        let Some(talk) = self.slots.get_mut(id) else { return false };
        if talk.phase.is_asking() {
            // Its reply is on the way: what was delivered again asks nothing.
            return true;
        }
        talk.received = now;
        talk.at.renew(address);
        if talk.texts >= TERMINAL_TEXTS_MAX {
            self.refuse(now, id, DatagramRefusal::SubscriberTooFast);
            return true;
        }
        let typed = digest(text);
        if talk.held.is_some() && (typed == talk.typed || typed == talk.request) {
            if !talk.is_taken {
                // Delivered again: nobody asks for what he cannot have missed yet.
                self.stats.redelivered += 1;
                return true;
            }
            // The same once more: its reply once more.
            let part = if typed == talk.typed { talk.part } else { 0 };
            (talk.typed, talk.part) = (typed, part);
            self.say_part(now, id, part);
            return true;
        }
        self.take(now, id, text);
        true
    }

    /// A frame in its armour.
    fn take(&mut self, now: Moment, id: Id, text: &str) {
        let mut frame = Vec::new();
        let typed = digest(text);
        let found = match armour::decode(text.as_bytes(), &mut frame) {
            Ok(_) => TerminalFrame::decode(&frame).map_err(DatagramRefusal::from),
            Err(_) => Err(DatagramRefusal::Malformed),
        };
        let is_last = match found {
            Ok(TerminalFrame::Next { index }) => {
                let Some(talk) = self.slots.get_mut(id) else { return };
                if !talk.has_part(index) {
                    return self.refuse(now, id, DatagramRefusal::Malformed);
                }
                (talk.typed, talk.part) = (typed, index);
                return self.say_part(now, id, index);
            }
            Ok(TerminalFrame::Request(request)) => request.header.is_last,
            Err(refusal) => return self.refuse(now, id, refusal),
        };
        let Some(msisdn) = self.slots.get(id).map(|talk| talk.at.msisdn) else { return };
        if self.draining {
            return self.refuse(now, id, DatagramRefusal::Busy);
        }
        if !self.may_ask(now, msisdn) {
            return self.refuse(now, id, DatagramRefusal::SubscriberTooFast);
        }
        self.turn = self.turn.wrapping_add(1);
        let turn = self.turn;
        let Some(talk) = self.slots.get_mut(id) else { return };
        (talk.typed, talk.request, talk.part, talk.held) = (typed, typed, 0, None);
        (talk.phase, talk.turn, talk.is_last) = (Phase::Opening, turn, is_last);
        let (received, due) = (talk.received, talk.received.after(talk.answer));
        self.wait(id, due);
        let session = SessionId { reactor: self.reactor, slot: id.slot | FRAMES, generation: turn };
        self.queue.push_back(Outgoing::Open { session, received, frame });
    }

    fn may_ask(&mut self, now: Moment, msisdn: Msisdn) -> bool {
        let mut full_at = self.paces.take(msisdn).unwrap_or_default();
        let taken = self.pace.take(now, &mut full_at);
        self.paces.keep(now, BEGINS_REMEMBERED_MAX, msisdn, full_at);
        taken.is_ok()
    }

    /// A dialog is over; `false`: it was none of these.
    pub(super) fn ended(
        &mut self,
        now: Moment,
        (link, address): (u16, &DialogAddress),
        why: EndReason,
    ) -> bool {
        let found = self.at(link, address);
        if let Some(id) = found {
            self.close(now, id, why);
        }
        found.is_some()
    }

    /// A subscriber begins another dialog.
    pub(super) fn end_of(&mut self, now: Moment, msisdn: Msisdn, why: EndReason) {
        if let Some(id) = self.live.get(&msisdn).copied() {
            self.close(now, id, why);
        }
    }

    pub(super) fn lost(&mut self, now: Moment, link: u16) {
        for id in self.slots.ids() {
            if self.slots.get(id).is_some_and(|talk| talk.link == link) {
                self.close(now, id, EndReason::LinkLost);
            }
        }
    }

    pub(super) fn on_deadline(&mut self, now: Moment) {
        while let Some((fired, slot, generation)) = self.timers.pop(now) {
            let id = Id { slot, generation };
            let Some(talk) = self.slots.get_mut(id) else { continue };
            if talk.armed != fired {
                continue;
            }
            talk.armed = Moment(u64::MAX);
            if talk.due > now {
                let due = talk.due;
                self.wait(id, due);
            } else if talk.phase.is_asking() {
                self.answer_nothing(now, id);
            } else {
                self.close(now, id, EndReason::SubscriberTimeout);
            }
        }
    }

    fn wait(&mut self, id: Id, due: Moment) {
        let Some(talk) = self.slots.get_mut(id) else { return };
        talk.due = due;
        if due < talk.armed {
            talk.armed = due;
            self.timers.arm(due, id.slot, id.generation);
        }
    }

    /// The dialog of that key over a link.
    fn at(&self, link: u16, address: &DialogAddress) -> Option<Id> {
        let id = *self.live.get(&address.msisdn)?;
        self.slots.get(id)?.is_at(link, address).then_some(id)
    }

    fn close(&mut self, now: Moment, id: Id, why: EndReason) {
        let Some(talk) = self.slots.remove(id) else { return };
        if self.live.get(&talk.at.msisdn) == Some(&id) {
            self.live.remove(&talk.at.msisdn);
        }
        self.queue.push_back(Outgoing::Over(talk.record(now, why)));
    }
}

/// What was dialled behind the service code.
fn behind<'d>(dialled: &'d str, code: &str) -> Option<&'d str> {
    let rest = dialled.trim().strip_suffix('#').unwrap_or(dialled);
    let rest = rest.strip_prefix('*').unwrap_or(rest);
    let rest = rest.strip_prefix(code.trim_matches(['*', '#']))?;
    rest.strip_prefix('*').filter(|rest| !rest.is_empty())
}

fn digest(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    hasher.finish()
}
