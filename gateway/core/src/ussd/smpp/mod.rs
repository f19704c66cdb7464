//! One link to a USSD centre over SMPP 3.4, as its application (ESME). Sans-I/O:
//! [`SmppLink::handle`] takes one [`Input`], [`SmppLink::poll`] is drained to `None` after it,
//! [`SmppLink::deadline`] says when to come back.
//!
//! ```text
//!            deadline        Connected       accepted
//!   waiting ─────────▶ connecting ─────▶ binding ─────▶ bound ◀──▶ throttled
//!      ▲                   │                │             │ Drain, nothing in flight
//!      └──── pause ◀───────┴─ lost, refused, unanswered ◀─┴─▶ unbinding ─▶ closed
//! ```
//!
//! A link of a transmitter and a receiver has two connections that live and die together: with one
//! of them no dialog goes on.
//!
//! PDUs are read in [`SmppLink::poll`], one after the other. A request of the centre is answered before
//! its event is given out, so that no provider, however slow, holds an answer back; what is said then
//! follows in the same write. Every [`Say`](super::Say) has exactly one
//! [`DialogEvent::Said`], which is `Unknown` once an octet of it was sent and no answer came.
//!
//! `config` is what it is made with, `event` what goes in and out, `connection` the sessions,
//! `incoming` reads PDUs, `received` tells their repeats, `message` what they say of dialogs,
//! `outgoing` has what is said.

mod config;
mod connection;
mod event;
mod incoming;
mod message;
mod outgoing;
mod received;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use tillgate_codec::smpp::Pdu;
use zeroize::Zeroizing;

pub use self::config::{BindAs, SmppConfig};
use self::connection::{Leg, State};
pub use self::event::{
    Connection, DownReason, Input, LinkState, Output, Refusals, SmppStats, SmppStatus,
};
use self::outgoing::Outgoing;
use super::dialog::{DialogAddress, DialogEvent, EndReason, SayResult};
use super::limits::{INPUT_BYTES_MAX, READ_BYTES_MAX};
use crate::time::{Moment, Span};

/// See the module.
pub struct SmppLink {
    config: SmppConfig,
    legs: Vec<Leg>,
    outgoing: Outgoing,
    /// What is to be reported before anything else is read.
    queue: VecDeque<Queued>,
    /// Of the message that was read last.
    address: Option<DialogAddress>,
    text: Zeroizing<String>,
    /// Follows the event of that message.
    ended: Option<EndReason>,
    sequence: u32,
    random: u64,
    /// In a row, without a minute in between in which it was bound.
    failures: u32,
    /// Of the last input.
    now: Moment,
    is_ready: bool,
    ready_since: Moment,
    is_draining: bool,
    down: Option<DownReason>,
    congestion: Option<u8>,
    stats: SmppStats,
}

enum Queued {
    Connect(Connection),
    Said { ticket: u64, result: SayResult },
    Lost,
    Ready,
}

/// What a message of the centre was.
#[derive(Clone, Copy)]
enum Seen {
    Begin,
    Input,
    Ended(EndReason),
}

/// What comes next, without the octets that it borrows.
enum Next {
    Queued(Queued),
    Seen(Seen),
    Send(usize),
    Close(Connection),
}

impl SmppLink {
    /// Not connected; the first [`Input::Deadline`] opens it. `seed` is of the pauses' jitter.
    #[must_use]
    pub fn new(config: SmppConfig, seed: u64, now: Moment) -> Self {
        let roles = config.bind.roles();
        Self {
            outgoing: Outgoing::new(&config),
            legs: roles.iter().map(|role| Leg::new(*role, now)).collect(),
            config,
            queue: VecDeque::new(),
            address: None,
            // Each octet is a character of at most three bytes.
            text: Zeroizing::new(String::with_capacity(3 * INPUT_BYTES_MAX)),
            ended: None,
            sequence: 0,
            random: seed | 1,
            failures: 0,
            now,
            is_ready: false,
            ready_since: now,
            is_draining: false,
            down: None,
            congestion: None,
            stats: SmppStats::default(),
        }
    }

    /// Takes one input. Drain [`SmppLink::poll`] to `None` before the next.
    pub fn handle(&mut self, now: Moment, input: Input<'_>) {
        self.now = now;
        self.forget_flushed();
        match input {
            Input::Connected(connection) if self.is_current(connection) => {
                self.bind(connection.index);
            }
            Input::Lost(connection) if self.is_current(connection) => {
                let why = match self.legs[connection.index].state {
                    State::Connecting(_) => DownReason::Unreachable,
                    State::Unbinding(_) => DownReason::Drained,
                    _ => DownReason::EndedByCentre,
                };
                self.legs[connection.index].is_gone = true;
                self.go_down(why);
            }
            Input::Received(connection, bytes) if self.is_current(connection) => {
                assert!(bytes.len() <= READ_BYTES_MAX, "{} octets of one read", bytes.len());
                let leg = &mut self.legs[connection.index];
                if leg.is_reading() {
                    leg.inbound.extend_from_slice(bytes);
                    leg.last = now;
                }
            }
            Input::Overflowed(connection) if self.is_current(connection) => {
                self.go_down(DownReason::NotReading);
            }
            Input::Connected(_) | Input::Lost(_) | Input::Received(..) | Input::Overflowed(_) => {}
            Input::Say(say) => self.say(&say),
            Input::Deadline => self.tick(),
            Input::Drain => self.is_draining = true,
        }
    }

    /// The next thing to do; `None` until the next [`SmppLink::handle`].
    pub fn poll(&mut self) -> Option<Output<'_>> {
        match self.next()? {
            Next::Queued(queued) => Some(match queued {
                Queued::Connect(connection) => Output::Connect(connection),
                Queued::Said { ticket, result } => {
                    Output::Event(DialogEvent::Said { ticket, result })
                }
                Queued::Lost => Output::Event(DialogEvent::Lost),
                Queued::Ready => Output::Event(DialogEvent::Ready),
            }),
            Next::Seen(seen) => {
                let at = self.address.as_ref()?;
                Some(Output::Event(match seen {
                    Seen::Begin => DialogEvent::Begin { at, dialled: &self.text },
                    Seen::Input => DialogEvent::Input { at, text: &self.text },
                    Seen::Ended(why) => DialogEvent::Ended { at, why },
                }))
            }
            Next::Send(index) => {
                let leg = &mut self.legs[index];
                leg.is_flushed = true;
                let attempt = leg.attempt;
                Some(Output::Send(Connection { index, attempt }, &leg.outbound))
            }
            Next::Close(connection) => Some(Output::Close(connection)),
        }
    }

    /// When to send [`Input::Deadline`]; `None` only after a drain.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let legs = self.legs.iter().filter_map(|leg| leg.deadline(self.config.enquire));
        legs.chain(self.outgoing.deadline()).min()
    }

    /// The profile of its centre: alphabets, lengths, whether there are notifications.
    #[must_use]
    pub fn profile(&self) -> &super::profile::SmppProfile {
        &self.config.profile
    }

    /// Whether dialogs can go on, and begin, on it.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Whether everything has its result and every connection is closed, after [`Input::Drain`].
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.is_draining && self.legs.iter().all(|leg| matches!(leg.state, State::Closed))
    }

    /// State and counters.
    #[must_use]
    pub fn status(&self) -> SmppStatus {
        let states = self.legs.iter().map(|leg| leg.state.shown());
        let state = states.min().unwrap_or(LinkState::Closed);
        let is_throttled = state == LinkState::Bound && self.outgoing.is_throttled();
        SmppStatus {
            state: if is_throttled { LinkState::Throttled } else { state },
            down: self.down,
            in_flight: self.outgoing.in_flight(),
            waiting: self.outgoing.waiting(),
            congestion: self.congestion,
            stats: self.stats,
        }
    }

    fn forget_flushed(&mut self) {
        self.legs.iter_mut().filter(|leg| leg.is_flushed).for_each(Leg::forget_outbound);
    }

    fn next(&mut self) -> Option<Next> {
        self.forget_flushed();
        loop {
            if let Some(queued) = self.queue.pop_front() {
                return Some(Next::Queued(queued));
            }
            if let Some(why) = self.ended.take() {
                return Some(Next::Seen(Seen::Ended(why)));
            }
            if let Some(seen) = self.read() {
                return Some(Next::Seen(seen));
            }
            if self.queue.is_empty() {
                self.dispatch();
                self.go_on_draining();
            }
            if self.queue.is_empty() {
                break;
            }
        }
        self.wipe_text();
        if let Some(index) = self.legs.iter().position(|leg| !leg.outbound.is_empty()) {
            return Some(Next::Send(index));
        }
        self.legs.iter_mut().find_map(|leg| leg.closing.take()).map(Next::Close)
    }

    fn is_current(&self, connection: Connection) -> bool {
        let leg = self.legs.get(connection.index);
        leg.is_some_and(|leg| leg.is_open() && leg.attempt == connection.attempt)
    }

    /// Appends a PDU of the link's own to what a connection is to send. It does not break the
    /// specification: [`SmppConfig::check`] was asked before.
    fn send(&mut self, index: usize, pdu: &Pdu<'_>) {
        if pdu.encode(&mut self.legs[index].outbound).is_err() {
            self.stats.unsayable += 1;
        }
    }

    fn next_sequence(&mut self) -> u32 {
        next_sequence(&mut self.sequence)
    }

    /// A pause: doubled after each failure, half of it drawn.
    fn pause(&mut self, first: Span, longest: Span, failures: u32) -> Span {
        let longest = first.0.saturating_mul(1 << failures.min(16)).min(longest.0);
        // Marsaglia's xorshift: jitter needs no better.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        Span(longest / 2 + self.random % (longest / 2 + 1))
    }
}

/// Sequence numbers are 1 to 0x7fffffff (SMPP 3.4, 3.2).
fn next_sequence(sequence: &mut u32) -> u32 {
    *sequence = *sequence % 0x7FFF_FFFF + 1;
    *sequence
}
