//! The dialogs of all links: who dials, which menu answers, what is asked of the gateway, and the
//! outcome of a sale whose subscriber is gone. Sans-I/O: [`Dialogs::handle`] takes one [`Input`],
//! [`Dialogs::poll`] is drained to `None` after it, [`Dialogs::deadline`] says when to come back.
//!
//! ```text
//!   Begin ─▶ Showing ──Input──▶ Asking ──Replied──▶ Showing, Ending
//!               │                  │ too late, or the subscriber is gone
//!               ▼ gone             ▼
//!             over              Unseen ─▶ asks again until it knows, then sends the receipt after
//! ```
//!
//! A subscriber has one dialog at a time. A sale is ordered once for each confirmation; what its
//! subscriber did not see of it is found out by repeats, which never sell, and sent as a notification
//! where a link of the same network can.
//!
//! Dialogs with service codes that a link has for terminals carry sealed frames instead:
//! `frames` has them.

mod ask;
mod begin;
mod event;
mod memory;
mod over;
pub(super) mod slot;
mod terminals;
mod unseen;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tillgate_codec::ussd::Room;
use tillgate_types::{Moment, Msisdn, Span};
use zeroize::{Zeroize, Zeroizing};

pub use self::event::{Clocks, DialogRecord, DialogStats, FrameStats, Input, Output};
use self::memory::Memory;
use self::slot::{Id, Open, Phase, Slots};
use super::frames::{Frames, Outgoing, is_of_frames, is_ticket_of_frames};
use super::limits::{BEGIN_BURST, BEGIN_EVERY};
use super::{DialogAddress, DialogEvent, EndReason, Say, SayKind};
use crate::directory::Directory;
use crate::id::SessionId;
use crate::menu::{Menu, Notice};
use crate::processing::{HandsetAsk, HandsetOrigin};
use crate::rate::{Debts, Pace};
use crate::time::Calendar;
use crate::timers::Timers;
use crate::transaction::Origin;

/// Bounds of [`Dialogs`].
#[derive(Clone, Copy, Debug)]
pub struct DialogLimits {
    /// Dialogs at once, with those that nobody sees any more. Each takes at most 1 KiB.
    pub dialogs_max: u32,
    /// A subscriber who does not answer for so long has gone.
    pub idle: Span,
}

impl Default for DialogLimits {
    fn default() -> Self {
        Self { dialogs_max: 100_000, idle: Span::s(180) }
    }
}

/// A link, as far as its dialogs depend on it.
#[derive(Clone, Debug)]
pub struct DialogLink {
    /// Its name in the configuration.
    pub name: String,
    /// Whose subscribers it has: a receipt may go out over another link of the same network.
    pub network: String,
    /// What it carries in one string.
    pub room: Room,
    /// Whether it can say something without a dialog.
    pub notifies: bool,
    /// Within which the subscriber receives something after each input.
    pub answer: Span,
    /// Service codes whose dialogs carry the frames of terminals.
    pub terminals: Vec<String>,
}

/// See the module.
pub struct Dialogs {
    links: Vec<(DialogLink, bool)>,
    menus: Vec<Arc<Menu>>,
    limits: DialogLimits,
    calendar: Calendar,
    /// Part of every session's id.
    reactor: u16,
    slots: Slots<Open>,
    frames: Frames,
    /// The output of frames that the one polled last points into.
    outgoing: Option<Outgoing>,
    /// Of each subscriber the dialog that is seen.
    live: FxHashMap<Msisdn, Id>,
    memory: Memory,
    pace: Pace,
    paces: Debts<Msisdn>,
    /// Who was sent a receipt lately: an answer to it is no stray.
    told: Debts<Msisdn>,
    timers: Timers,
    queue: VecDeque<Queued>,
    /// What the queued outputs point into; wiped when the queue is empty.
    arena: Vec<u8>,
    /// The address that the output points to.
    address: Option<Box<DialogAddress>>,
    random: u64,
    draining: bool,
    stats: DialogStats,
}

/// An output whose bytes lie in the arena.
enum Queued {
    Say {
        link: u16,
        ticket: u64,
        at: Box<DialogAddress>,
        kind: SayKind,
        text: Range<usize>,
        by: Moment,
    },
    Request {
        origin: Origin,
        from: HandsetOrigin,
        ask: QueuedAsk,
    },
    Over(DialogRecord),
}

enum QueuedAsk {
    LogOn(Range<usize>),
    ChangePin(Range<usize>, Range<usize>),
    Message(Range<usize>),
}

/// No dialog waits for the result of a text with it.
pub(super) const NO_TICKET: u64 = u64::MAX;

impl Dialogs {
    /// Without dialogs. The first menu that answers a service code counts; `seed` is of what tells
    /// dialogs from one another, and not to be foreseen.
    #[must_use]
    pub fn new(
        links: Vec<DialogLink>,
        menus: Vec<Arc<Menu>>,
        limits: DialogLimits,
        calendar: Calendar,
        (reactor, seed): (u16, u64),
    ) -> Self {
        Self {
            links: links.into_iter().map(|link| (link, false)).collect(),
            menus,
            limits,
            calendar,
            reactor,
            slots: Slots::default(),
            frames: Frames::new(reactor, limits.idle),
            outgoing: None,
            live: FxHashMap::default(),
            memory: Memory::default(),
            pace: Pace::new(BEGIN_EVERY, BEGIN_BURST),
            paces: Debts::default(),
            told: Debts::default(),
            timers: Timers::default(),
            queue: VecDeque::new(),
            arena: Vec::new(),
            address: None,
            random: seed,
            draining: false,
            stats: DialogStats::default(),
        }
    }

    /// Takes one input. Drain [`Dialogs::poll`] to `None` before the next.
    pub fn handle(&mut self, at: Clocks, input: Input<'_>, directory: &Directory) {
        match input {
            Input::Event { link, event } => self.on_event(at, link, &event, directory),
            Input::Opened { session, result } => self.frames.opened(at.now, session, result),
            Input::Replied { session, body, effect } if is_of_frames(session) => {
                self.frames.replied(at.now, session, body, effect);
            }
            Input::Replied { session, body, effect } => {
                let id = Id { slot: session.slot, generation: session.generation };
                self.on_replied(at, id, (body, effect), directory);
            }
            Input::Deadline => self.on_deadline(at, directory),
            Input::Drain => {
                self.draining = true;
                self.frames.drain();
            }
        }
    }

    /// The next thing to do; `None` until the next [`Dialogs::handle`].
    pub fn poll(&mut self) -> Option<Output<'_>> {
        let Some(queued) = self.queue.pop_front() else {
            // PINs and accounts were in it.
            self.arena.as_mut_slice().zeroize();
            self.arena.clear();
            return self.poll_frames();
        };
        let arena = &self.arena;
        Some(match queued {
            Queued::Say { link, ticket, at, kind, text, by } => {
                let at = self.address.insert(at);
                let text = std::str::from_utf8(&arena[text]).unwrap_or_default();
                Output::Say { link, say: Say { ticket, at, kind, text, by } }
            }
            Queued::Request { origin, from, ask } => {
                let ask = match ask {
                    QueuedAsk::LogOn(pin) => HandsetAsk::LogOn { pin: &arena[pin] },
                    QueuedAsk::ChangePin(old, new) => {
                        HandsetAsk::ChangePin { old: &arena[old], new: &arena[new] }
                    }
                    QueuedAsk::Message(body) => HandsetAsk::Message(&arena[body]),
                };
                Output::Request { origin, from, ask }
            }
            Queued::Over(record) => Output::Over(record),
        })
    }

    /// When to send [`Input::Deadline`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.timers.next().into_iter().chain(self.frames.deadline()).min()
    }

    /// Counters and gauges.
    #[must_use]
    pub fn stats(&self) -> DialogStats {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let unseen = count(self.slots.len()).saturating_sub(count(self.live.len()));
        let (open, frames) = (count(self.open()), self.frames.stats());
        let redelivered = self.stats.redelivered + frames.redelivered;
        DialogStats { open, unseen, redelivered, frames, ..self.stats }
    }

    /// After [`Input::Drain`]: nobody waits for an answer. Sales that nobody sees are the journal's.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.draining
            && !self.frames.is_asking()
            && !self.slots.ids().into_iter().any(|id| {
                let phase = self.slots.get(id).map(|open| open.phase);
                matches!(phase, Some(Phase::Asking(_) | Phase::Ending(_)))
            })
    }

    fn on_event(&mut self, at: Clocks, link: u16, event: &DialogEvent<'_>, directory: &Directory) {
        match event {
            DialogEvent::Begin { at: address, dialled } => {
                self.stats.begins += 1;
                if self.link(link).is_for_terminals(&address.service_code) {
                    return self.on_terminal(at, (link, address), dialled);
                }
                self.frames.end_of(at.now, address.msisdn, EndReason::Replaced);
                self.on_begin(at, (link, address), dialled, directory);
            }
            DialogEvent::Input { at: address, text } => {
                self.stats.inputs += 1;
                if self.frames.input(at.now, (link, address), text) {
                    return;
                }
                let of = &self.links[usize::from(link)].0;
                if of.is_for_terminals(&address.service_code) {
                    self.stats.strays += 1;
                    return self.frames.refuse_stray(at.now, (link, of), address);
                }
                self.on_input(at, (link, address), text, directory);
            }
            DialogEvent::Ended { at: address, why } => {
                if self.frames.ended(at.now, (link, address), *why) {
                    return;
                }
                if let Some(id) = self.dialog_at(link, address) {
                    self.leave(at, id, *why);
                }
            }
            DialogEvent::Said { ticket: NO_TICKET, .. } => {}
            DialogEvent::Said { ticket, .. } if is_ticket_of_frames(*ticket) => {
                self.frames.on_said(*ticket);
            }
            DialogEvent::Said { ticket, result } => self.on_said(at, *ticket, *result),
            DialogEvent::Lost => {
                self.set_ready(link, false);
                self.frames.lost(at.now, link);
                for id in self.slots.ids() {
                    let is_lost = |open: &&Open| open.link == link && open.phase.is_seen();
                    if self.slots.get(id).filter(is_lost).is_some() {
                        self.leave(at, id, EndReason::LinkLost);
                    }
                }
            }
            DialogEvent::Ready => self.set_ready(link, true),
        }
    }

    fn set_ready(&mut self, link: u16, is_ready: bool) {
        if let Some((_, ready)) = self.links.get_mut(usize::from(link)) {
            *ready = is_ready;
        }
    }

    fn link(&self, link: u16) -> &DialogLink {
        &self.links[usize::from(link)].0
    }

    /// The dialog that a subscriber sees over a link, if it is the one of that key.
    fn dialog_at(&self, link: u16, address: &DialogAddress) -> Option<Id> {
        let id = *self.live.get(&address.msisdn)?;
        let open = self.slots.get(id)?;
        (open.link == link && open.at.key == address.key).then_some(id)
    }

    /// Puts bytes where the queued outputs point to.
    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.arena.len();
        if self.arena.capacity() - start < bytes.len() {
            // A buffer that grows leaves a copy behind.
            let mut larger = Vec::with_capacity((start + bytes.len()).next_power_of_two());
            larger.extend_from_slice(&self.arena);
            self.arena.as_mut_slice().zeroize();
            self.arena = larger;
        }
        self.arena.extend_from_slice(bytes);
        start..self.arena.len()
    }

    /// Says something to somebody who has no dialog here, and waits for no result.
    fn dismiss(
        &mut self,
        at: Clocks,
        (link, address): (u16, &DialogAddress),
        notice: Notice,
        directory: &Directory,
    ) {
        let mut text = Zeroizing::new(String::new());
        let handset = directory.registry.handset(address.msisdn);
        let terminal = handset.and_then(|held| directory.registry.terminal(held.terminal));
        let language = terminal.map(|terminal| terminal.language).unwrap_or_default();
        let menu = &self.menus[usize::from(self.menu_of(&address.service_code).unwrap_or(0))];
        menu.notice(notice, language, self.link(link).room, &mut text);
        let by = at.now.after(self.link(link).answer);
        let text = self.keep(text.as_bytes());
        let (address, kind) = (Box::new(address.clone()), SayKind::End);
        self.queue.push_back(Queued::Say { link, ticket: NO_TICKET, at: address, kind, text, by });
    }

    /// The menu of a service code.
    fn menu_of(&self, code: &str) -> Option<u16> {
        let place = self.menus.iter().position(|menu| menu.answers(code))?;
        u16::try_from(place).ok()
    }

    /// What tells one dialog from another; nobody foresees it who does not know the seed.
    fn next_random(&mut self) -> u64 {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// The handle under which the pool knows a dialog.
fn session(reactor: u16, id: Id) -> SessionId {
    SessionId { reactor, slot: id.slot, generation: id.generation }
}
