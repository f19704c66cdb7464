//! One connection: its session with the centre, from the bind to the unbind.

use tillgate_codec::smpp::{Body, CommandId, CommandStatus, Pdu};
use zeroize::{Zeroize as _, Zeroizing};

use super::super::limits::{
    CONNECT, PAUSE_FIRST, PAUSE_LONGEST, RECEIVE_BYTES, SEND_BYTES, UNBIND,
};
use super::config::Role;
use super::received::Received;
use super::{Connection, DownReason, LinkState, Queued, SmppLink};
use crate::time::{Moment, Span};

pub(super) struct Leg {
    pub(super) role: Role,
    pub(super) attempt: u32,
    pub(super) state: State,
    /// What came and was not read yet.
    pub(super) inbound: Zeroizing<Vec<u8>>,
    /// How much of it was read.
    pub(super) read: usize,
    /// Of the messages that came.
    pub(super) received: Received,
    pub(super) outbound: Zeroizing<Vec<u8>>,
    /// What is outbound was given to the shell.
    pub(super) is_flushed: bool,
    /// The socket is gone already.
    pub(super) is_gone: bool,
    /// To be closed once what is outbound was given to the shell.
    pub(super) closing: Option<Connection>,
    /// Sequence number of the request of the session whose answer is owed, and since when.
    pub(super) pending: Option<(u32, Moment)>,
    /// When something came last.
    pub(super) last: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Tried again then.
    Waiting(Moment),
    /// Given up then.
    Connecting(Moment),
    /// Given up then.
    Binding(Moment),
    Bound,
    /// Closed then.
    Unbinding(Moment),
    Closed,
}

impl State {
    pub(super) const fn shown(self) -> LinkState {
        match self {
            Self::Waiting(_) => LinkState::Waiting,
            Self::Connecting(_) => LinkState::Connecting,
            Self::Binding(_) => LinkState::Binding,
            Self::Bound => LinkState::Bound,
            Self::Unbinding(_) => LinkState::Unbinding,
            Self::Closed => LinkState::Closed,
        }
    }
}

impl Leg {
    pub(super) fn new(role: Role, now: Moment) -> Self {
        Self {
            role,
            attempt: 0,
            state: State::Waiting(now),
            inbound: Zeroizing::default(),
            read: 0,
            received: Received::default(),
            outbound: Zeroizing::default(),
            is_flushed: false,
            is_gone: false,
            closing: None,
            pending: None,
            last: now,
        }
    }

    /// Whether there is a socket, or one is being opened.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, State::Waiting(_) | State::Closed)
    }

    /// Whether octets that came are read.
    pub(super) fn is_reading(&self) -> bool {
        matches!(self.state, State::Binding(_) | State::Bound | State::Unbinding(_))
    }

    /// Also wipes it: PINs of vouchers are in it.
    pub(super) fn forget_outbound(&mut self) {
        self.outbound.as_mut_slice().zeroize();
        self.outbound.clear();
        self.is_flushed = false;
    }

    pub(super) fn deadline(&self, enquire: Span) -> Option<Moment> {
        match self.state {
            State::Waiting(until)
            | State::Connecting(until)
            | State::Binding(until)
            | State::Unbinding(until) => Some(until),
            State::Bound => Some(match self.pending {
                Some((_, due)) => due,
                None => self.last.after(enquire),
            }),
            State::Closed => None,
        }
    }
}

impl SmppLink {
    /// The connection is open.
    pub(super) fn bind(&mut self, index: usize) {
        if !matches!(self.legs[index].state, State::Connecting(_)) {
            return;
        }
        let (sequence, due) = (self.next_sequence(), self.now.after(self.config.response));
        let leg = &mut self.legs[index];
        // Buffers have their full length at once: what grows leaves a copy behind.
        leg.inbound.reserve_exact(RECEIVE_BYTES);
        leg.outbound.reserve_exact(SEND_BYTES);
        leg.received.clear();
        (leg.state, leg.last, leg.pending) = (State::Binding(due), self.now, Some((sequence, due)));
        let bind = self.config.bind_pdu(leg.role, sequence);
        // `SmppConfig::check` was asked before; without a bind there is no answer, and the link
        // tries again.
        if bind.encode(&mut leg.outbound).is_err() {
            self.stats.unsayable += 1;
        }
    }

    /// The answer to the bind, or to an `enquire_link` or `unbind`.
    pub(super) fn on_session_answer(
        &mut self,
        index: usize,
        command: CommandId,
        status: CommandStatus,
    ) {
        let leg = &mut self.legs[index];
        leg.pending = None;
        match leg.state {
            State::Binding(_)
                if status == CommandStatus::OK && command != CommandId::GENERIC_NACK =>
            {
                leg.state = State::Bound;
                self.stats.binds += 1;
                if self.legs.iter().all(|leg| leg.state == State::Bound) {
                    (self.is_ready, self.ready_since) = (true, self.now);
                    self.queue.push_back(Queued::Ready);
                }
            }
            State::Binding(_) => self.go_down(DownReason::BindRefused(status)),
            State::Unbinding(_) => self.go_down(DownReason::Drained),
            // Whatever the status, the centre is there.
            _ => {}
        }
    }

    pub(super) fn tick(&mut self) {
        for index in 0..self.legs.len() {
            self.tick_leg(index);
        }
        self.tick_outgoing();
    }

    fn tick_leg(&mut self, index: usize) {
        let now = self.now;
        let leg = &mut self.legs[index];
        match leg.state {
            State::Waiting(until) if until <= now => {
                leg.attempt = leg.attempt.wrapping_add(1);
                leg.state = State::Connecting(now.after(CONNECT));
                let connection = Connection { index, attempt: leg.attempt };
                self.queue.push_back(Queued::Connect(connection));
            }
            State::Connecting(until) if until <= now => self.go_down(DownReason::Unreachable),
            State::Binding(until) if until <= now => self.go_down(DownReason::BindUnanswered),
            State::Unbinding(until) if until <= now => self.go_down(DownReason::Drained),
            State::Bound => match leg.pending {
                // Anything that came since says that the centre is there.
                Some((_, due)) if due <= now && leg.last.after(self.config.response) > now => {
                    leg.pending = None;
                }
                Some((_, due)) if due <= now => self.go_down(DownReason::EnquireUnanswered),
                None if leg.last.after(self.config.enquire) <= now => {
                    let sequence = self.next_sequence();
                    let due = now.after(self.config.response);
                    self.legs[index].pending = Some((sequence, due));
                    self.send(index, &Pdu::new(sequence, Body::EnquireLink));
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Unbinds once everything has its result.
    pub(super) fn go_on_draining(&mut self) {
        if !self.is_draining || !self.outgoing.is_empty() {
            return;
        }
        for index in 0..self.legs.len() {
            match self.legs[index].state {
                State::Closed | State::Unbinding(_) => {}
                State::Bound => {
                    let sequence = self.next_sequence();
                    let due = self.now.after(UNBIND);
                    let leg = &mut self.legs[index];
                    (leg.state, leg.pending) = (State::Unbinding(due), Some((sequence, due)));
                    self.send(index, &Pdu::new(sequence, Body::Unbind));
                }
                _ => self.drop_leg(index, DownReason::Drained, self.now),
            }
        }
    }

    /// The link is lost, or given up: with one connection the others are of no use.
    pub(super) fn go_down(&mut self, why: DownReason) {
        // A centre that binds and closes again and again is not worth a try every second.
        if self.is_ready && self.now.since(self.ready_since) >= PAUSE_LONGEST {
            self.failures = 0;
        }
        let pause = self.pause(PAUSE_FIRST, PAUSE_LONGEST, self.failures);
        self.failures = self.failures.saturating_add(1);
        let until = self.now.after(pause);
        for index in 0..self.legs.len() {
            // On the way down each has its own unbind.
            let goes_on = matches!(self.legs[index].state, State::Unbinding(due) if due > self.now);
            let is_gone = self.legs[index].is_gone || self.legs[index].pending.is_none();
            if !(why == DownReason::Drained && goes_on && !is_gone) {
                self.drop_leg(index, why, until);
            }
        }
        self.give_up_outgoing();
        if std::mem::take(&mut self.is_ready) {
            self.queue.push_back(Queued::Lost);
        }
    }

    fn drop_leg(&mut self, index: usize, why: DownReason, until: Moment) {
        let is_last = self.is_draining;
        let leg = &mut self.legs[index];
        if leg.is_open() {
            if !leg.is_gone {
                leg.closing = Some(Connection { index, attempt: leg.attempt });
            }
            self.down = Some(why);
        }
        if leg.is_gone {
            leg.forget_outbound();
        }
        leg.state = match leg.state {
            State::Closed => State::Closed,
            _ if is_last => State::Closed,
            _ => State::Waiting(until),
        };
        leg.forget_inbound();
        (leg.is_gone, leg.pending) = (false, None);
    }
}
