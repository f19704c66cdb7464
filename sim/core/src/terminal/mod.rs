//! One terminal, sans-I/O: four verbs and no socket.
//!
//! ```text
//!   Away ──Connect──▶ Connecting ──Connected──▶ Shaking ──reply──▶ Linked ──welcome──▶ (online)
//!    ▲                    │                        │                  │                   │
//!    └────── pause ◀──────┴── Closed, refused, no answer in time ─────┴───────────────────┘
//! ```
//!
//! [`Terminal::handle`] takes one input; after each, [`Terminal::poll`] is drained to `None`, and
//! [`Terminal::deadline`] says when to come back with [`Input::Deadline`]. The link is in this file
//! and in `link`; what is sold over it is the till's business.

mod bearers;
mod event;
mod link;
mod sale;
pub(crate) mod subscriber;
pub(crate) mod ussd;

use std::sync::Arc;

use tillgate_codec::link::channel::{Channel, Initiator, Psk};

pub use event::{Finished, Input, Note, Output, Trouble};
use sale::{SaleFlow, Turn};
pub use ussd::{UssdBearer, UssdIdentity, UssdInput, UssdNote, UssdOutput, UssdTerminal};

use crate::firmware::Firmware;
use crate::rng::Rng;
use crate::sales_log::SalesLog;
use crate::time::{Moment, Span};

/// Who a terminal is.
pub struct Identity {
    pub terminal: u32,
    /// Which of its pre-shared keys it uses.
    pub key_id: u8,
    /// That key.
    pub psk: Psk,
    /// The highest handshake counter it used before: every hello goes higher.
    pub handshakes: u64,
}

/// A simulated terminal.
pub struct Terminal {
    identity: Identity,
    firmware: Arc<Firmware>,
    rng: Rng,
    phase: Phase,
    till: SaleFlow,
    /// Connections failed in a row.
    failures: u8,
    ping: Ping,
    /// The beginning of a record whose end has not come.
    partial: Vec<u8>,
    /// What the last input gave to send, and whether it was handed out already.
    out: Vec<u8>,
    sent: bool,
    /// How many of the notes were handed out already.
    told: usize,
    connect: bool,
    close: bool,
}

enum Phase {
    /// Not connected; tries again at that moment.
    Away(Moment),
    Connecting {
        by: Moment,
    },
    Shaking {
        by: Moment,
        initiator: Box<Initiator>,
    },
    /// The channel is open; online when no welcome is due any more.
    Linked {
        channel: Channel,
        welcome_by: Option<Moment>,
    },
    /// Logged off for good.
    Gone,
}

/// Keeps an idle link alive.
struct Ping {
    after: Span,
    last_sent: Moment,
    /// A pong is due by then.
    pong_by: Option<Moment>,
}

impl Terminal {
    /// A terminal that is switched on at `now` and connects at once.
    #[must_use]
    pub fn new(identity: Identity, firmware: Arc<Firmware>, seed: u64, now: Moment) -> Self {
        let terminal = identity.terminal;
        Self {
            identity,
            rng: Rng::new(seed, u64::from(terminal)),
            phase: Phase::Away(now),
            till: SaleFlow::new(terminal, Arc::clone(&firmware)),
            firmware,
            failures: 0,
            ping: Ping { after: Span::s(60), last_sent: now, pong_by: None },
            partial: Vec::new(),
            out: Vec::new(),
            sent: false,
            told: 0,
            connect: false,
            close: false,
        }
    }

    /// Takes one input. Drain [`Terminal::poll`] afterwards.
    pub fn handle(&mut self, now: Moment, input: Input<'_>) {
        self.out.clear();
        self.sent = false;
        self.till.notes.clear();
        self.told = 0;
        match input {
            Input::Begin => self.till.begin(now, &mut self.rng),
            Input::Customer { intended } => self.till.customer(now, intended, &mut self.rng),
            Input::Connected => self.connected(now),
            Input::Received(bytes) => self.received(now, bytes),
            Input::Closed => self.disconnected(now, Span::ZERO),
            Input::Deadline => self.tick(now),
            Input::Stop => self.till.stop(now),
            Input::PowerCut { back } => self.power_cut(back),
            Input::Rekey { key_id, psk, reconnect } => self.rekey(now, (key_id, psk), reconnect),
        }
        self.carry_out(now);
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
        match &self.phase {
            Phase::Away(at) => Some(*at),
            Phase::Connecting { by } | Phase::Shaking { by, .. } => Some(*by),
            Phase::Linked { welcome_by: Some(by), .. } => Some(*by),
            Phase::Linked { welcome_by: None, .. } => {
                let link = self.ping.pong_by.unwrap_or(self.ping.last_sent.after(self.ping.after));
                Some(self.till.deadline().map_or(link, |till| till.min(link)))
            }
            Phase::Gone => None,
        }
    }

    /// What the merchant saw.
    #[must_use]
    pub fn book(&self) -> &SalesLog {
        &self.till.book
    }

    /// Whether it is logged on.
    #[must_use]
    pub fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Linked { welcome_by: None, .. })
    }

    /// Whether it has logged off for good.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.phase, Phase::Gone)
    }

    /// Bytes held on the heap, without the book's entries; for the memory report.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let initiator = match &self.phase {
            Phase::Shaking { .. } => size_of::<Initiator>(),
            _ => 0,
        };
        self.partial.capacity() + self.out.capacity() + self.till.heap_bytes() + initiator
    }

    /// Whatever was under way on the link is gone, without a word to anybody.
    fn power_cut(&mut self, back: Moment) {
        if self.is_gone() {
            return;
        }
        self.close = !matches!(self.phase, Phase::Away(_));
        self.till.lose_power();
        self.leave();
        self.phase = Phase::Away(back);
    }

    fn rekey(&mut self, now: Moment, (key_id, psk): (u8, Psk), reconnect: bool) {
        self.identity = Identity { key_id, psk, handshakes: 0, ..self.identity };
        let is_connected = !matches!(self.phase, Phase::Away(_) | Phase::Gone);
        if reconnect && is_connected {
            self.hang_up(now, None);
        }
    }

    /// Does what the till asked for, and logs off when nothing is left to do.
    fn carry_out(&mut self, now: Moment) {
        match std::mem::replace(&mut self.till.turn, Turn::Nothing) {
            Turn::Nothing => {}
            Turn::Send => self.send_request(now),
            Turn::Hangup => self.hang_up(now, None),
        }
        if self.till.is_finished() && !self.is_gone() {
            if !matches!(self.phase, Phase::Away(_)) {
                self.close = true;
                self.leave();
            }
            self.phase = Phase::Gone;
            self.till.notes.push(Note::Stopped);
        }
    }
}

#[cfg(test)]
mod tests;
