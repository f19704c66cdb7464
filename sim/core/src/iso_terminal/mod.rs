//! A terminal of another maker, sans-I/O: ISO 8583 messages with authentication codes, to a
//! listener of the gateway. It is written from `docs/iso8583.md` over the codec alone.
//!
//! ```text
//!   Away ──Connect──▶ Connecting ──Connected──▶ Linked ──0800──▶ 0810 sets the clock
//!    ▲                    │                       │
//!    └────── pause ◀──────┴── closed, no answer ──┤   0200 ─ no answer ─┬─▶ 0201, the same content
//!                                                 │                     └─▶ 0420, 0421, .. until 0430
//!                                                 ├─▶ 0220, 0221, .. until 0230, once it was answered
//!                                                 └─▶ 0500 when it is stopped ─▶ 0320 each sale ─▶ 0500
//! ```
//!
//! The verbs, inputs and outputs are those of [`crate::terminal`]. The connection is in this file and
//! in `link`, what is sold in `sale`, what is written and read in `message`.

mod card;
mod check;
mod clock;
mod link;
pub(crate) mod message;
mod sale;

use std::sync::Arc;

use tillgate_codec::iso8583::{Dialect, MacKey};
use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::message::BusinessDate;

pub use tillgate_core::listener::Profile;

use self::clock::Clock;
use self::sale::SaleFlow;
use crate::firmware::{Habits, LoadModel, Mix, Reconnect};
use crate::provider::iso8583::MacAlgorithm;
use crate::rng::Rng;
use crate::sales_log::SalesLog;
use crate::terminal::{Input, Note, Output};
use crate::time::{Moment, Span};

/// How a kind of terminal behaves.
pub struct Firmware {
    /// What its messages look like; fields 64 and 128 carry the authentication code.
    pub dialect: Dialect,
    /// How authentication codes are made; `None`: there are none.
    pub mac: Option<Mac>,
    /// What is sold.
    pub mix: Mix,
    /// Processing codes of products; of one that is not listed it is 50SSPP, product PP of service SS.
    pub codes: Vec<ProductCode>,
    /// Trace numbers of each date begin above this one.
    pub stan_floor: u32,
    /// When it is sold.
    pub custom: LoadModel,
    /// Of 1000 sales answered, how many are sent once more as if the answer had been lost.
    pub retry_permille: u16,
    /// Of 1000 sales approved, how many are confirmed by an advice (0220).
    pub confirm_permille: u16,
    /// Of 1000 settlements that agree, how many are followed by the batch (0320); of those that differ
    /// all, unless it is 0.
    pub upload_permille: u16,
    /// What goes on beside selling; bills and repeats of the sealed link are not.
    pub habits: Habits,
    /// Whether the cards' issuer is the simulated one, so that it is known what a chip is answered.
    pub knows_issuer: bool,
    /// Whether it closes the connection when nothing is left to be asked.
    pub hangs_up: bool,
    /// Pauses between connection attempts.
    pub reconnect: Reconnect,
    /// From the connection attempt to the connection.
    pub connect: Span,
    /// How long it waits for an answer.
    pub answer: Span,
    /// Silence after which the line is tested.
    pub test_after: Span,
    /// When the business day ends, minutes after local midnight.
    pub cutoff_min: u16,
    /// A day near which its clock is first set: messages carry no year.
    pub day: BusinessDate,
}

/// What a processing code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductCode {
    pub service: u16,
    pub product: u16,
    /// Six digits.
    pub code: [u8; 6],
}

/// How authentication codes are made, and of how many bytes of a terminal's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac {
    pub algorithm: MacAlgorithm,
    pub key_bytes: usize,
}

/// A simulated terminal of another maker.
pub struct IsoTerminal {
    firmware: Arc<Firmware>,
    rng: Rng,
    /// Where messages have codes.
    key: Option<MacKey>,
    /// The key before: what was asked with it is answered with it.
    former: Option<MacKey>,
    phase: Phase,
    /// Connections failed in a row.
    failures: u8,
    /// A logon or a line test on its way.
    service: Option<Service>,
    needs_logon: bool,
    /// Whether it was last reported as online.
    online: bool,
    clock: Option<Clock>,
    /// The number of the last logon or line test.
    trace: u32,
    till: SaleFlow,
    /// When something last arrived.
    heard: Moment,
    /// The beginning of a frame whose end has not come.
    partial: Vec<u8>,
    /// What the last input gave to send, and whether it was handed out already.
    out: Vec<u8>,
    sent: bool,
    /// How many of the notes were handed out already.
    told: usize,
    connect: bool,
    close: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not connected; tries again at that moment.
    Away(Moment),
    Connecting {
        by: Moment,
    },
    Linked,
    /// Gone for good.
    Gone,
}

/// An 0800 that is not answered yet.
#[derive(Clone, Copy)]
struct Service {
    is_logon: bool,
    stan: u32,
    by: Moment,
}

impl Mac {
    /// The key of the codes: the first bytes of what was entered; `None` if there is none of that
    /// length.
    #[must_use]
    pub fn key(self, psk: &Psk) -> Option<MacKey> {
        self.algorithm.key(psk.bytes().get(..self.key_bytes)?)
    }
}

impl IsoTerminal {
    /// A terminal that is switched on at `now` and connects at once. `psk` is the key that the
    /// operator was given for it; only where messages have codes.
    #[must_use]
    pub fn new(
        terminal: u32,
        psk: Option<&Psk>,
        firmware: Arc<Firmware>,
        seed: u64,
        now: Moment,
    ) -> Self {
        Self {
            rng: Rng::new(seed, u64::from(terminal)),
            key: firmware.mac.zip(psk).and_then(|(mac, psk)| mac.key(psk)),
            former: None,
            phase: Phase::Away(now),
            failures: 0,
            service: None,
            needs_logon: true,
            online: false,
            clock: None,
            trace: 0,
            till: SaleFlow::new(terminal, Arc::clone(&firmware), seed),
            firmware,
            heard: now,
            partial: Vec::new(),
            out: Vec::new(),
            sent: false,
            told: 0,
            connect: false,
            close: false,
        }
    }

    /// The journal has this number of it from before: its numbers of that date go on above.
    #[must_use]
    pub fn resumed(mut self, date: BusinessDate, stan: u32) -> Self {
        self.till.resume(date, stan);
        self
    }

    /// Takes one input. Drain [`IsoTerminal::poll`] afterwards.
    pub fn handle(&mut self, now: Moment, input: Input<'_>) {
        self.out.clear();
        self.sent = false;
        self.till.notes.clear();
        self.told = 0;
        match input {
            Input::Begin => self.till.begin(now, &mut self.rng),
            Input::Customer { intended } => self.till.customer(intended),
            Input::Connected => self.connected(now),
            Input::Received(bytes) => self.received(now, bytes),
            Input::Closed => self.disconnected(now),
            Input::Deadline => self.tick(now),
            Input::Stop => self.till.stop(),
            Input::PowerCut { back } => self.power_cut(back),
            Input::Rekey { psk, reconnect, .. } => self.rekey(now, &psk, reconnect),
        }
        self.go_on(now);
        let online = self.phase == Phase::Linked && self.clock.is_some();
        if online != std::mem::replace(&mut self.online, online) {
            self.till.notes.push(if online { Note::Online } else { Note::Offline });
        }
    }

    /// The next thing to do; `None` when there is nothing more.
    pub fn poll(&mut self) -> Option<Output<'_>> {
        if let Some(note) = self.till.notes.get(self.told) {
            self.told += 1;
            return Some(Output::Note(*note));
        }
        if !self.sent && !self.out.is_empty() {
            self.sent = true;
            return Some(Output::Send(&self.out));
        }
        if std::mem::take(&mut self.close) {
            return Some(Output::Close);
        }
        std::mem::take(&mut self.connect).then_some(Output::Connect)
    }

    /// When to come back with [`Input::Deadline`], if nothing else happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        match self.phase {
            Phase::Away(at) => Some(at),
            Phase::Connecting { by } => Some(by),
            Phase::Gone => None,
            Phase::Linked => match self.service {
                Some(service) => Some(service.by),
                None => {
                    let test = self.heard.after(self.firmware.test_after);
                    let due = self.till.deadline();
                    Some(due.filter(|at| self.till.is_waiting() || *at < test).unwrap_or(test))
                }
            },
        }
    }

    /// What the merchant saw.
    #[must_use]
    pub fn book(&self) -> &SalesLog {
        &self.till.book
    }

    /// Whether nothing is left to do, for good.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.phase == Phase::Gone
    }

    /// Connects at once if it has hung up until its next customer: for whoever stops it and does not
    /// want to wait so long for its totals.
    pub fn connect_now(&mut self, now: Moment) {
        if let (Phase::Away(at), 0) = (&mut self.phase, self.failures) {
            *at = now.min(*at);
        }
    }

    /// Does what the input has made possible: sends what waits, hangs up, leaves for good.
    fn go_on(&mut self, now: Moment) {
        self.till.settle_up(self.clock.map(|clock| clock.read(now)));
        if self.till.is_finished(self.clock.is_some()) && !self.is_gone() {
            self.leave();
            self.phase = Phase::Gone;
            return self.till.notes.push(Note::Stopped);
        }
        if self.phase != Phase::Linked || self.service.is_some() || !self.out.is_empty() {
            return;
        }
        if self.needs_logon {
            return self.send_service(now, true);
        }
        if let Some(clock) = self.clock {
            self.till.sell_if_due(now, clock.read(now), &mut self.rng);
        }
        if let Some(message) = self.till.next_message(now) {
            return self.send(message);
        }
        match self.till.next_customer() {
            Some(at) if self.firmware.hangs_up && at > now => {
                self.leave();
                self.phase = Phase::Away(at);
            }
            _ => {}
        }
    }

    /// Whatever was under way on the line is gone; what the book and the clock have is not.
    fn power_cut(&mut self, back: Moment) {
        if self.is_gone() {
            return;
        }
        self.leave();
        self.till.lose_power(&mut self.rng);
        self.phase = Phase::Away(back);
    }

    fn rekey(&mut self, now: Moment, psk: &Psk, reconnect: bool) {
        let Some(mac) = self.firmware.mac else { return };
        self.former = std::mem::replace(&mut self.key, mac.key(psk));
        self.needs_logon = true;
        if reconnect && matches!(self.phase, Phase::Connecting { .. } | Phase::Linked) {
            self.hang_up(now, None);
        }
    }
}

#[cfg(test)]
mod tests;
