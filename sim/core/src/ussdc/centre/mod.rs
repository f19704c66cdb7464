//! A USSD centre, sans-I/O: the server's side of SMPP 3.4, and one dialog per subscriber.
//!
//! ```text
//!   Idle ──Dial──▶ Application ──text that asks──▶ Subscriber ──Answer──▶ Application
//!                   │  ▲ last text                   │
//!                   │  └── dialog of the network ◀───┼── text that asks, of no dialog
//!                   └──────▶ Over ◀── abort, drop, ──┘
//!                                     timeout, lost link, broken rule
//! ```
//!
//! What an application sends is held against the link's profile: the first rule that it breaks ends the
//! dialog as a bad one. A text that crosses the end of its dialog is late, which is no fault; a second
//! one is.

mod check;
mod deliver;
mod dialog;
mod event;
mod link;
mod serve;
mod settings;
mod submit;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

pub use self::check::KEY_MISMATCH;
use self::deliver::Said;
use self::dialog::{Dialog, Turn};
pub use self::dialog::{Status, Violation};
pub use self::event::{Counts, Input, Output};
use self::link::{Link, Waiting};
pub use self::settings::Settings;
use super::timers::{Timers, place};
use crate::rng::Rng;
use crate::time::Moment;

/// Bytes of a dialog.
pub(super) const DIALOG_BYTES: usize = size_of::<Dialog>();

/// A USSD centre.
pub struct Centre {
    settings: Settings,
    dialogs: Vec<Dialog>,
    timers: Timers,
    links: BTreeMap<u32, Link>,
    /// Links that applications read, in turn.
    receivers: Vec<u32>,
    turn: usize,
    next_key: u32,
    message: u32,
    rng: Rng,
    counts: Counts,
    outputs: VecDeque<Output>,
    /// Links with octets to send.
    sending: VecDeque<u32>,
    /// Links to close after that.
    closing: VecDeque<u32>,
}

impl Centre {
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        let handsets = settings.subscribers.count();
        Self {
            settings,
            dialogs: vec![Dialog::NONE; handsets],
            timers: Timers::new(handsets),
            links: BTreeMap::new(),
            receivers: Vec::new(),
            turn: 0,
            next_key: 0,
            message: 0,
            rng: Rng::new(seed, u64::MAX - 2),
            counts: Counts::default(),
            outputs: VecDeque::new(),
            sending: VecDeque::new(),
            closing: VecDeque::new(),
        }
    }

    pub fn handle(&mut self, now: Moment, input: Input<'_>) {
        match input {
            Input::Opened { link } => self.open(now, link),
            Input::Received { link, bytes } => self.receive(now, link, bytes),
            Input::Closed { link } => self.lose(now, link),
            Input::Dial { handset, dialled } => self.dial(now, handset, dialled),
            Input::Answer { handset, text } => self.answer(now, handset, Said::Input, text),
            Input::LastAnswer { handset, text } => self.last_answer(now, handset, text),
            Input::HangUp { handset } => self.hang_up(now, handset),
            Input::Drop { handset } => self.end(now, handset, Status::NetworkDrop),
            Input::Tick => self.tick(now),
        }
    }

    /// The next output, if there is one. What is to be sent comes after all else, in one piece.
    pub fn poll(&mut self) -> Option<Output> {
        if let Some(output) = self.outputs.pop_front() {
            return Some(output);
        }
        while let Some(link) = self.sending.pop_front() {
            if let Some(at) = self.links.get_mut(&link) {
                at.is_queued = false;
                return Some(Output::Send { link, bytes: std::mem::take(&mut at.out) });
            }
        }
        self.closing.pop_front().map(|link| Output::Close { link })
    }

    /// When something is due without anything happening.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let links = self.links.values().filter_map(|link| self.link_deadline(link));
        links.chain(self.timers.first()).min()
    }

    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Links on which applications receive.
    #[must_use]
    pub fn receivers(&self) -> usize {
        self.receivers.len()
    }

    #[must_use]
    pub fn is_in_dialog(&self, handset: u32) -> bool {
        self.dialogs.get(place(handset)).is_some_and(Dialog::is_open)
    }

    /// Dialogs that are open, by counting.
    #[must_use]
    pub fn open_dialogs(&self) -> usize {
        self.dialogs.iter().filter(|dialog| dialog.is_open()).count()
    }

    fn dial(&mut self, now: Moment, handset: u32, dialled: &str) {
        if self.is_in_dialog(handset) || place(handset) >= self.dialogs.len() {
            return;
        }
        let Some(link) = self.receiver() else {
            self.outputs.push_back(Output::Over { handset, key: 0, status: Status::NoLink });
            return;
        };
        self.begin(now, handset, link, Turn::Application);
        self.say(now, handset, Said::Begin, dialled);
    }

    fn answer(&mut self, now: Moment, handset: u32, said: Said, text: &str) {
        let wait = self.settings.application;
        let session = self.settings.session;
        let counts = u8::from(self.settings.variant.end_bit);
        let Some(dialog) = self.dialogs.get_mut(place(handset)) else { return };
        if dialog.turn != Turn::Subscriber {
            return;
        }
        dialog.turn = Turn::Application;
        dialog.dialogue = (dialog.dialogue + counts) & 0x7F;
        dialog.due = now.after(wait).min(dialog.begun.after(session));
        self.timers.set(handset, dialog.due);
        self.say(now, handset, said, text);
    }

    /// Where the profile has an operation for both, half of the centre's messages say them in one.
    fn last_answer(&mut self, now: Moment, handset: u32, text: &str) {
        if self.settings.variant.last_input.is_some() && self.rng.chance(500) {
            self.answer(now, handset, Said::LastInput, text);
            return self.finish(now, handset, Status::NetworkDrop, None);
        }
        self.answer(now, handset, Said::Input, text);
        self.end(now, handset, Status::NetworkDrop);
    }

    /// Where the profile has texts for it, half of the centre's messages are those.
    fn hang_up(&mut self, now: Moment, handset: u32) {
        let texts = &self.settings.variant.abort_texts;
        let count = u64::try_from(texts.len()).unwrap_or(0);
        let pick = usize::try_from(self.rng.below(count)).unwrap_or(0);
        let only = !deliver::can_release(&self.settings.variant);
        match texts.get(pick).cloned().filter(|_| only || self.rng.chance(500)) {
            None => self.end(now, handset, Status::UserAbort),
            Some(text) => {
                self.finish(now, handset, Status::UserAbort, Some((Said::AbortText, &text)));
            }
        }
    }

    /// The next link that an application reads.
    fn receiver(&mut self) -> Option<u32> {
        self.turn = (self.turn + 1) % self.receivers.len().max(1);
        self.receivers.get(self.turn).copied()
    }

    fn begin(&mut self, now: Moment, handset: u32, link: u32, turn: Turn) {
        let space = self.settings.variant.key.space().min(self.settings.keys).max(1);
        let wait = match turn {
            Turn::Application => self.settings.application,
            _ => self.settings.subscriber,
        };
        let due = now.after(wait).min(now.after(self.settings.session));
        let Some(dialog) = self.dialogs.get_mut(place(handset)) else { return };
        let serial = dialog.serial.wrapping_add(1);
        let may_be_late = dialog.turn == Turn::Over && !dialog.refused && now < dialog.due;
        let former = may_be_late.then_some(dialog.key);
        // What is late in the dialog before has another key than what comes in this one.
        let is_taken = former == Some(self.next_key % space) && space > 2;
        let key = (self.next_key + u32::from(is_taken)) % space;
        self.next_key = (key + 1) % space;
        *dialog = Dialog { turn, serial, link, key, begun: now, due, former, ..Dialog::NONE };
        self.timers.set(handset, due);
    }

    /// Ends a dialog, and releases it where the application knows of it and the profile has a way.
    fn end(&mut self, now: Moment, handset: u32, status: Status) {
        let said = match status {
            Status::UserAbort => Some(Said::Abort),
            Status::NetworkDrop
            | Status::SubscriberTimeout
            | Status::ApplicationTimeout
            | Status::SessionTimeout => Some(Said::Release),
            _ => None,
        };
        let can = deliver::can_release(&self.settings.variant);
        self.finish(now, handset, status, said.filter(|_| can).map(|said| (said, "")));
    }

    /// Ends a dialog with a message, if the application knows of it.
    fn finish(&mut self, now: Moment, handset: u32, status: Status, last: Option<(Said, &str)>) {
        let grace = self.settings.application;
        let counts = u8::from(self.settings.variant.end_bit);
        let Some(dialog) = self.dialogs.get_mut(place(handset)) else { return };
        if !dialog.is_open() {
            return;
        }
        dialog.turn = Turn::Over;
        dialog.due = now.after(grace);
        dialog.dialogue = (dialog.dialogue + counts) & 0x7F;
        let (key, told) = (dialog.key, dialog.told);
        self.outputs.push_back(Output::Over { handset, key, status });
        if let Some((said, text)) = last.filter(|_| told) {
            self.say(now, handset, said, text);
        }
    }

    /// Says something to the application, or lets it wait for a place in the window.
    fn say(&mut self, now: Moment, handset: u32, said: Said, text: &str) {
        let Some(dialog) = self.dialogs.get(place(handset)) else { return };
        let Some(link) = self.links.get_mut(&dialog.link) else { return };
        let serial = dialog.serial;
        if link.unanswered() >= self.settings.window || !link.waiting.is_empty() {
            let text = text.to_owned();
            link.waiting.push_back(Waiting { handset, serial, said, text });
            return;
        }
        self.deliver(now, handset, said, text);
    }

    fn deliver(&mut self, now: Moment, handset: u32, said: Said, text: &str) {
        let Some(subscriber) = self.settings.subscribers.number(handset) else { return };
        let Some(dialog) = self.dialogs.get_mut(place(handset)) else { return };
        let Some(link) = self.links.get_mut(&dialog.link) else { return };
        dialog.told = true;
        let sequence = link.send(now, Some((handset, dialog.serial)));
        let message = deliver::Message {
            sequence,
            said,
            subscriber,
            service_code: self.settings.service_code_of(handset),
            key: dialog.key,
            dialogue: dialog.dialogue,
            text,
        };
        deliver::write(&self.settings.variant, &message, &mut link.out);
        self.counts.sent_pdus += 1;
        let link = dialog.link;
        self.queue(link);
    }

    /// Lets the link's octets out.
    fn queue(&mut self, link: u32) {
        let Some(at) = self.links.get_mut(&link) else { return };
        if !at.is_queued {
            at.is_queued = true;
            self.sending.push_back(link);
        }
    }

    fn fault(&mut self, link: u32, violation: Violation) {
        self.outputs.push_back(Output::Fault { link, violation });
    }
}
