//! A terminal over USSD: the till of `sale`, whose requests are sealed datagrams in dialogs (wire.md, section 16).
//!
//! ```text
//!   Away ──▶ Idle ──dials──▶ [Dialling] ──▶ Asked ──reply, CON──▶ Turn ──enters──▶ Asked
//!    ▲         ▲                              │                     │
//!    │         └───────── reply, END ─────────┴───── hangs up ──────┘
//!    └──── dialog over, refused, no answer in time: a doubt of the till
//! ```
//!
//! Sans-I/O: [`UssdTerminal::handle`] takes one input, [`UssdTerminal::poll`] is drained to `None` after it,
//! [`UssdTerminal::deadline`] says when to come back. `dialog` has the frames.

mod dialog;
mod event;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::datagram::{Exchange, Gathered, Keys};
use tillgate_codec::link::message::Welcome;

use self::event::{Frame, Phase};
pub use self::event::{UssdBearer, UssdIdentity, UssdInput, UssdNote, UssdOutput};
use super::sale::{SaleFlow, Turn};
use super::{Note, Trouble};
use crate::firmware::Firmware;
use crate::rng::Rng;
use crate::sales_log::SalesLog;
use crate::time::{Moment, Span};

/// Separates the randomness of the bearer from the till's.
const USSD_STREAM: u64 = 0x5553_5344_0000_0000;

/// A simulated terminal that has USSD and no TCP.
pub struct UssdTerminal {
    terminal: u32,
    key_id: u8,
    keys: Keys,
    counter: u64,
    firmware: Arc<Firmware>,
    bearer: Arc<UssdBearer>,
    rng: Rng,
    till: SaleFlow,
    phase: Phase,
    /// Of the last logon; without one the next request is a logon.
    welcome: Option<Welcome>,
    /// Opens the reply to the request that is on its way, and the parts that have come.
    exchange: Option<Exchange>,
    gathered: Gathered,
    /// The last request, as its frame, and whether its reply ends the dialog.
    frame: Vec<u8>,
    is_last: bool,
    /// An earlier one that is sent again.
    copied: Option<Vec<u8>>,
    /// A dialog exists for the centre.
    is_open: bool,
    /// The till waits for a dialog to send its request in.
    is_queued: bool,
    has_begun: bool,
    /// When the network loses the terminal.
    drop_at: Option<Moment>,
    /// Dialogs without a reply, in a row.
    failures: u8,
    outputs: VecDeque<UssdOutput>,
}

impl UssdTerminal {
    /// A terminal that is switched on and waits for its customers.
    #[must_use]
    pub fn new(
        identity: &UssdIdentity,
        firmware: Arc<Firmware>,
        bearer: Arc<UssdBearer>,
        seed: u64,
    ) -> Self {
        let UssdIdentity { terminal, key_id, psk, counter } = identity;
        let mut till = SaleFlow::new(*terminal, Arc::clone(&firmware));
        till.uses_datagrams();
        Self {
            terminal: *terminal,
            key_id: *key_id,
            keys: Keys::new(psk),
            counter: *counter,
            rng: Rng::new(seed, USSD_STREAM | u64::from(*terminal)),
            till,
            firmware,
            bearer,
            phase: Phase::Idle,
            welcome: None,
            exchange: None,
            gathered: Gathered::default(),
            frame: Vec::new(),
            is_last: false,
            copied: None,
            is_open: false,
            is_queued: false,
            has_begun: false,
            drop_at: None,
            failures: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Takes one input. Drain [`UssdTerminal::poll`] afterwards.
    pub fn handle(&mut self, now: Moment, input: UssdInput<'_>) {
        match input {
            UssdInput::Begin => self.begin(now),
            UssdInput::Text { text, ends } => self.text(now, text, ends),
            UssdInput::Over => self.over(now),
            UssdInput::Deadline => self.tick(now),
            UssdInput::Stop => self.till.stop(now),
        }
        self.carry_out(now);
    }

    /// The next thing to do; `None` when there is nothing more.
    pub fn poll(&mut self) -> Option<UssdOutput> {
        self.outputs.pop_front()
    }

    /// When to come back with [`UssdInput::Deadline`], if nothing else happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let till = || self.till.deadline();
        let own = match self.phase {
            Phase::Away(at) => Some(at),
            Phase::Idle => till(),
            Phase::Dialling { by, .. } | Phase::Asked { by, .. } => Some(by),
            Phase::Turn { until } => Some(till().map_or(until, |till| till.min(until))),
            Phase::Gone => None,
        };
        own.into_iter().chain(self.drop_at).min()
    }

    /// What the merchant saw.
    #[must_use]
    pub fn book(&self) -> &SalesLog {
        &self.till.book
    }

    /// Whether everything is resolved, after [`UssdInput::Stop`].
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.phase, Phase::Gone)
    }

    /// Whether it is in a dialog.
    #[must_use]
    pub fn is_in_dialog(&self) -> bool {
        self.is_open
    }

    /// The highest counter that was used.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// Terminals do not all begin at once.
    fn begin(&mut self, now: Moment) {
        if !self.has_begun {
            self.has_begun = true;
            let pause = self.firmware.reconnect.pause(0, &mut self.rng);
            self.phase = Phase::Away(now.after(pause));
            self.till.begin(now, &mut self.rng);
        }
    }

    fn tick(&mut self, now: Moment) {
        if self.drop_at.is_some_and(|at| at <= now) {
            self.drop_at = None;
            self.outputs.push_back(UssdOutput::Drop);
            return;
        }
        match self.phase {
            Phase::Away(at) if at <= now => self.come_back(now),
            Phase::Dialling { by, what } | Phase::Asked { by, what } if by <= now => {
                let trouble = match what {
                    Frame::Logon => Trouble::LogonTimeout,
                    Frame::Request | Frame::Replay => Trouble::AnswerTimeout,
                };
                self.lost(now, Some(trouble), Span::ZERO);
            }
            Phase::Turn { until } if until <= now => {
                self.outputs.push_back(UssdOutput::HangUp);
                self.phase = Phase::Idle;
            }
            Phase::Idle | Phase::Turn { .. } => self.till.tick(now, &mut self.rng),
            _ => {}
        }
    }

    /// The pause is over: what is in doubt is asked about, after a logon if the date is not known.
    fn come_back(&mut self, now: Moment) {
        if self.is_open {
            // Its end is on the way.
            self.phase = Phase::Away(now.after(Span::ms(100)));
            return;
        }
        self.phase = Phase::Idle;
        match self.welcome {
            None => self.log_on(now),
            Some(welcome) => self.till.online(now, &welcome, &mut self.rng),
        }
    }

    /// Does what the till asked for, and goes when nothing is left to do.
    fn carry_out(&mut self, now: Moment) {
        match std::mem::replace(&mut self.till.turn, Turn::Nothing) {
            Turn::Nothing => {}
            Turn::Send => {
                self.is_queued = true;
                self.send_queued(now);
            }
            Turn::Hangup => {
                // Only a logon tells the date in force.
                self.welcome = None;
                self.lost(now, None, Span::ZERO);
            }
        }
        self.outputs
            .extend(self.till.notes.drain(..).map(|it| UssdOutput::Note(UssdNote::Till(it))));
        if self.till.is_finished() && !self.is_gone() {
            if self.is_open {
                self.outputs.push_back(UssdOutput::HangUp);
            }
            (self.phase, self.drop_at) = (Phase::Gone, None);
            self.outputs.push_back(UssdOutput::Note(UssdNote::Till(Note::Stopped)));
        }
    }

    /// What is under way over this bearer is in doubt.
    pub(super) fn leave_till(&mut self) {
        if self.is_open {
            self.outputs.push_back(UssdOutput::HangUp);
        }
        self.till.offline(&mut self.rng);
        self.till.notes.clear();
        (self.exchange, self.is_queued, self.drop_at, self.copied) = (None, false, None, None);
    }

    pub(super) fn rest(&mut self) {
        self.phase = Phase::Gone;
    }

    pub(super) fn till_mut(&mut self) -> &mut SaleFlow {
        &mut self.till
    }

    /// The till comes over from another bearer, and logs on first.
    pub(super) fn take_over(&mut self, now: Moment, give: impl FnOnce(&mut SaleFlow)) {
        give(&mut self.till);
        self.till.uses_datagrams();
        (self.phase, self.welcome, self.failures) = (Phase::Away(now), None, 0);
    }

    pub(super) fn change_key(&mut self, key_id: u8, psk: &Psk) {
        (self.key_id, self.keys, self.counter) = (key_id, Keys::new(psk), 0);
        // A copy of what was sealed with the old one is none of the new one's.
        self.copied = None;
    }

    pub(super) fn log_on_anew(&mut self, now: Moment) {
        self.welcome = None;
        if !matches!(self.phase, Phase::Away(_)) {
            self.lost(now, None, Span::ZERO);
        }
    }

    /// Nothing came of what was on its way: the dialog ends, and the till goes on after a pause.
    fn lost(&mut self, now: Moment, why: Option<Trouble>, at_least: Span) {
        self.till.notes.extend(why.map(Note::Trouble));
        if self.is_open {
            self.outputs.push_back(UssdOutput::HangUp);
        }
        self.till.offline(&mut self.rng);
        (self.exchange, self.is_queued, self.drop_at) = (None, false, None);
        let pause = self.firmware.reconnect.pause(self.failures, &mut self.rng);
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Away(now.after(pause.max(at_least)));
    }
}
