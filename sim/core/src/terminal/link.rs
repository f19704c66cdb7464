//! The link of a terminal: connecting, handshake, logon, sealed records, pings.

use tillgate_codec::link::channel::Initiator;
use tillgate_codec::link::message::{
    Acknowledge, Command, GatewayMessage, Logon, MESSAGE_VERSION, Ping as PingMessage,
    ResponseCode, TerminalMessage, Welcome,
};
use tillgate_codec::link::record::{RecordType, Refusal, deframe};

use super::event::{Note, Trouble};
use super::{Phase, Terminal};
use crate::limits::REFUSED_WAIT_MAX;
use crate::rng::Rng;
use crate::time::{Moment, Span};

/// Room kept for a record that comes in pieces; a larger one is given back afterwards.
const PARTIAL_BYTES_KEPT: usize = 256;

/// Separates the stream of ephemeral keys from the terminal's other throws.
const EPHEMERAL_STREAM: u64 = 0x4550_4845_4D45_5241;

impl Terminal {
    pub(super) fn tick(&mut self, now: Moment) {
        match &self.phase {
            Phase::Away(at) if *at <= now => {
                self.connect = true;
                self.phase = Phase::Connecting { by: now.after(self.firmware.connect) };
            }
            Phase::Connecting { by } if *by <= now => {
                self.hang_up(now, Some(Trouble::ConnectTimeout));
            }
            Phase::Shaking { by, .. } | Phase::Linked { welcome_by: Some(by), .. }
                if *by <= now =>
            {
                self.hang_up(now, Some(Trouble::LogonTimeout));
            }
            Phase::Linked { welcome_by: None, .. } => {
                if self.ping.pong_by.is_some_and(|by| by <= now) {
                    return self.hang_up(now, Some(Trouble::PingTimeout));
                }
                let due = self.ping.last_sent.after(self.ping.after) <= now;
                if due && self.ping.pong_by.is_none() {
                    self.send_ping(now);
                }
                self.till.tick(now, &mut self.rng);
            }
            _ => {}
        }
    }

    pub(super) fn connected(&mut self, now: Moment) {
        if !matches!(self.phase, Phase::Connecting { .. }) {
            return;
        }
        self.identity.handshakes += 1;
        let counter = self.identity.handshakes;
        let stream = EPHEMERAL_STREAM ^ counter;
        let entropy = Rng::new(self.rng.throw(), stream).bytes();
        let started = Initiator::start(
            self.firmware.suite,
            self.identity.terminal,
            self.identity.key_id,
            &self.identity.psk,
            self.firmware.gateway.as_ref(),
            counter,
            entropy,
            &mut self.out,
        );
        match started {
            Ok(initiator) => {
                let by = now.after(self.firmware.logon);
                self.phase = Phase::Shaking { by, initiator: Box::new(initiator) };
            }
            Err(_) => self.hang_up(now, Some(Trouble::BadHandshake)),
        }
    }

    pub(super) fn received(&mut self, now: Moment, bytes: &mut [u8]) {
        if self.partial.is_empty() {
            let used = self.records(now, bytes);
            self.partial.extend_from_slice(&bytes[used..]);
            return;
        }
        let mut partial = std::mem::take(&mut self.partial);
        partial.extend_from_slice(bytes);
        let used = self.records(now, &mut partial);
        partial.drain(..used);
        if partial.capacity() <= PARTIAL_BYTES_KEPT || !partial.is_empty() {
            self.partial = partial;
        }
    }

    /// Takes every whole record at the start of `bytes`; gives how many bytes are used up, which is
    /// all of them once the link is given up.
    fn records(&mut self, now: Moment, bytes: &mut [u8]) -> usize {
        let mut used = 0;
        loop {
            let record = match deframe(&bytes[used..]) {
                Ok(Some(record)) => record,
                Ok(None) => return used,
                Err(_) => {
                    self.hang_up(now, Some(Trouble::BadRecord));
                    return bytes.len();
                }
            };
            let whole = &mut bytes[used..used + record.end];
            used += record.end;
            let taken = match record.kind {
                RecordType::SEALED => self.sealed(now, whole),
                RecordType::HELLO_REPLY => self.shaken(now, &whole[record.range]),
                RecordType::REFUSAL => self.refused(now, &whole[record.range]),
                _ => Err(Trouble::BadRecord),
            };
            if let Err(trouble) = taken {
                self.hang_up(now, Some(trouble));
            }
            if matches!(self.phase, Phase::Away(_) | Phase::Gone) {
                return bytes.len();
            }
        }
    }

    fn shaken(&mut self, now: Moment, payload: &[u8]) -> Result<(), Trouble> {
        let by = match &self.phase {
            Phase::Shaking { by, .. } => *by,
            _ => return Err(Trouble::BadRecord),
        };
        let linking = std::mem::replace(&mut self.phase, Phase::Connecting { by });
        let Phase::Shaking { initiator, .. } = linking else {
            return Err(Trouble::BadRecord);
        };
        let channel = initiator.finish(payload).map_err(|_| Trouble::BadHandshake)?;
        self.phase = Phase::Linked { channel, welcome_by: Some(by) };
        let firmware = std::sync::Arc::clone(&self.firmware);
        let logon = Logon { firmware: &firmware.version, catalogue: 0, versions: MESSAGE_VERSION };
        self.send(now, &TerminalMessage::Logon(logon));
        Ok(())
    }

    /// A refusal is not authenticated: it may only make the terminal wait longer.
    fn refused(&mut self, now: Moment, payload: &[u8]) -> Result<(), Trouble> {
        if !matches!(self.phase, Phase::Shaking { .. }) {
            return Err(Trouble::BadRecord);
        }
        let refusal = Refusal::decode(payload).map_err(|_| Trouble::BadRecord)?;
        self.till.notes.push(Note::Trouble(Trouble::Refused(refusal.code)));
        self.close = true;
        let wait = Span::s(u64::from(refusal.retry_after_s));
        self.disconnected(now, wait.min(REFUSED_WAIT_MAX));
        Ok(())
    }

    fn sealed(&mut self, now: Moment, record: &mut [u8]) -> Result<(), Trouble> {
        let Phase::Linked { channel, .. } = &mut self.phase else {
            return Err(Trouble::BadRecord);
        };
        let body = channel.open(record).map_err(|_| Trouble::BadSeal)?;
        match GatewayMessage::decode(body).map_err(|_| Trouble::BadMessage)? {
            GatewayMessage::Welcome(welcome) => self.welcomed(now, &welcome),
            GatewayMessage::Answer(answer) => self.till.answered(now, &answer, body, &mut self.rng),
            GatewayMessage::Pong(_) => self.ping.pong_by = None,
            GatewayMessage::Settled(settled) => self.till.settled(now, &settled, &mut self.rng),
            GatewayMessage::Command(command) => self.commanded(now, &command),
            GatewayMessage::Found(found) => self.till.found(now, &found, &mut self.rng),
            // The terminal said what the gateway does not understand: a fault of one of them.
            // Terminals of the simulator do not ask for listings.
            GatewayMessage::Reject(_) | GatewayMessage::Listing(_) => {
                return Err(Trouble::BadMessage);
            }
        }
        // The till may want to send because of this record; the next one may be a command.
        self.carry_out(now);
        Ok(())
    }

    fn welcomed(&mut self, now: Moment, welcome: &Welcome) {
        if let Phase::Linked { welcome_by, .. } = &mut self.phase {
            *welcome_by = None;
        }
        self.failures = 0;
        let idle = Span::s(u64::from(welcome.idle_s));
        self.ping.after = self.firmware.ping.unwrap_or(Span(idle.0 / 3 * 2));
        self.ping.pong_by = None;
        self.till.notes.push(Note::Online);
        match welcome.code {
            ResponseCode::APPROVED => {}
            ResponseCode::TERMINAL_INACTIVE => self.till.notes.push(Note::Blocked),
            code => self.till.notes.push(Note::Trouble(Trouble::LogonDeclined(code))),
        }
        self.till.online(now, welcome, &mut self.rng);
    }

    fn commanded(&mut self, now: Moment, command: &Command<'_>) {
        let result = self.till.order(now, &command.order, &mut self.rng);
        self.send(now, &TerminalMessage::Acknowledge(Acknowledge { command: command.id, result }));
    }

    fn send_ping(&mut self, now: Moment) {
        let nonce = u32::try_from(self.rng.below(1 << 32)).unwrap_or(0);
        self.ping.pong_by = Some(now.after(self.firmware.logon));
        self.send(now, &TerminalMessage::Ping(PingMessage { nonce }));
    }

    /// Seals one of the rare messages; they come too seldom to keep a buffer for.
    fn send(&mut self, now: Moment, message: &TerminalMessage<'_>) {
        let mut body = Vec::new();
        message.encode(&mut body);
        if let Phase::Linked { channel, .. } = &mut self.phase {
            self.ping.last_sent = now;
            if channel.seal(&body, &mut self.out).is_err() {
                self.hang_up(now, Some(Trouble::BadSeal));
            }
        }
    }

    /// Seals the till's body.
    pub(super) fn send_request(&mut self, now: Moment) {
        if let Phase::Linked { channel, .. } = &mut self.phase {
            self.ping.last_sent = now;
            if channel.seal(self.till.body(), &mut self.out).is_err() {
                self.hang_up(now, Some(Trouble::BadSeal));
            }
        }
    }

    /// Closes the connection from this side.
    pub(super) fn hang_up(&mut self, now: Moment, why: Option<Trouble>) {
        if let Some(trouble) = why {
            self.till.notes.push(Note::Trouble(trouble));
        }
        self.close = true;
        self.disconnected(now, Span::ZERO);
    }

    /// The connection is gone; the next attempt comes after a pause of at least `at_least`.
    pub(super) fn disconnected(&mut self, now: Moment, at_least: Span) {
        if matches!(self.phase, Phase::Away(_) | Phase::Gone) {
            return;
        }
        self.leave();
        let pause = self.firmware.reconnect.pause(self.failures, &mut self.rng);
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Away(now.after(pause.max(at_least)));
    }

    /// Forgets the link.
    pub(super) fn leave(&mut self) {
        if self.is_online() {
            self.till.notes.push(Note::Offline);
        }
        self.till.offline(&mut self.rng);
        self.partial = Vec::new();
        self.ping.pong_by = None;
    }
}
