//! The pool's part: jobs wait a while, overtake each other, and run the core's own functions.

use tillgate_codec::link::datagram::{Request, TerminalFrame};
use tillgate_codec::link::message::{GatewayMessage, TerminalMessage};
use tillgate_core::claims::Claim;
use tillgate_core::id::SessionId;
use tillgate_core::listener;
use tillgate_core::processing::HandsetOrigin;
use tillgate_core::processing::{
    self, Datagram, DatagramRefusal, Greeting, HandsetAsk, Handshaken, LinkParameters,
    PIN_ENTROPY_BYTES, Processed, SALT_BYTES, Shaken,
};
use tillgate_core::session;
use tillgate_core::time::Moment;
use tillgate_core::transaction::{Input, Origin, Push, Reply};
use tillgate_core::ussd::dialogs;
use tillgate_store_core::{ChipAnswer, TerminalId};

use super::super::World;
use super::super::event::Event;
use super::super::thief::Overheard;
use super::ussd::KeptAsk;

/// Work for a pool thread.
#[expect(clippy::large_enum_variant, reason = "it is boxed while it waits")]
pub(in super::super) enum Job {
    /// A hello to be answered.
    Hello { session: SessionId, hello: Vec<u8> },
    /// A request to be decoded and verified.
    Request {
        origin: Origin,
        body: Vec<u8>,
        /// Which state of the registry the operator had been notified of when it came.
        acknowledged: usize,
    },
    /// A message of the listener to be decoded and verified.
    Frame {
        /// The session that it came over; the origin has what its answer is given back for.
        over: SessionId,
        origin: Origin,
        message: Vec<u8>,
        acknowledged: usize,
    },
    /// What a dialog of a handset asks, to be verified.
    Handset { origin: Origin, from: HandsetOrigin, ask: KeptAsk, acknowledged: usize },
    /// A frame of a terminal over USSD, to be opened, decoded and verified.
    Datagram {
        session: SessionId,
        received: Moment,
        frame: Vec<u8>,
        /// In whose dialog it came.
        subscriber: u64,
        acknowledged: usize,
    },
    /// An answer to be encoded, and when the writer gave it.
    Reply { reply: Reply, said: Moment },
    /// A command for a terminal.
    Push(Push),
}

impl Job {
    pub(super) fn request(origin: Origin, body: &[u8]) -> Self {
        Self::Request { origin, body: body.to_vec(), acknowledged: 0 }
    }
}

impl World {
    /// Queues a job; it runs when a thread has come to it.
    pub(super) fn post(&mut self, mut job: Job) {
        if let Job::Request { origin, body, acknowledged } = &mut job {
            let sessions = &self.wire.sessions;
            self.witness.spoke(self.now, *origin, |session| sessions.contains_key(&session));
            *acknowledged = self.witness.entered(self.now, *origin, body);
        }
        if let Job::Request { origin, body, .. } = &job {
            let terminal = origin.terminal;
            self.say(|| format!("from {terminal}: {:?}", TerminalMessage::decode(body)));
            Overheard::asks(&mut self.overheard, terminal, body);
        }
        if let Job::Frame { over, origin, message, acknowledged } = &mut job {
            let read = self.witness.entered_frame(self.now, (*origin, *over), message);
            *acknowledged = read;
            let terminal = origin.terminal;
            self.say(|| format!("from {terminal}: {}", hex(message)));
        }
        if let Job::Handset { origin, from, ask, acknowledged } = &mut job {
            let (asks, ask) = ((*origin, *from), ask.lent());
            *acknowledged = self.witness.handset_entered(self.now, asks, &ask);
            if let HandsetAsk::Message(body) = ask {
                let terminal = origin.terminal;
                self.say(|| format!("handset, {terminal}: {:?}", TerminalMessage::decode(body)));
            }
        }
        if let Job::Datagram { session, received, frame, subscriber, acknowledged } = &mut job {
            let came = (*session, *received);
            *acknowledged = self.witness.datagram_entered(self.now, came, *subscriber, frame);
            self.say(|| format!("a datagram: {}", hex(frame)));
        }
        let at = self.now.after(self.pool_delay());
        let life = self.life;
        if let Some(process) = &mut self.process {
            process.jobs += 1;
        }
        self.queue.push(at, Event::Job { life, job: Box::new(job) });
    }

    /// A thread has come to a job.
    pub(in super::super) fn work(&mut self, job: Job) {
        if let Some(process) = &mut self.process {
            process.jobs -= 1;
        }
        match job {
            Job::Hello { session, hello } => self.shake(session, &hello),
            Job::Request { origin, body, acknowledged } => {
                self.request(origin, &body, acknowledged);
            }
            Job::Frame { origin, message, acknowledged, .. } => {
                self.frame(origin, &message, acknowledged);
            }
            Job::Handset { origin, from, ask, acknowledged } => {
                self.handset((origin, from), &ask.lent(), acknowledged);
            }
            Job::Datagram { session, received, frame, acknowledged, .. } => {
                self.datagram(Datagram { session, received, frame: &frame }, acknowledged);
            }
            Job::Reply { reply, said } => self.reply(&reply, said),
            Job::Push(push) => self.push(&push),
        }
    }

    fn shake(&mut self, session: SessionId, hello: &[u8]) {
        let entropy = self.network.entropy();
        let Some(process) = &mut self.process else { return };
        let mut reply = Vec::new();
        let keys = &self.network.keys;
        let (received, claims) = (self.now, &mut process.claims);
        let claim = |claim: &Claim| claims.claim(received, claim);
        let greeting = Greeting { session, received, hello };
        let shaken =
            processing::handshake(greeting, &process.directory, keys, claim, entropy, &mut reply);
        self.counts.handshakes += 1;
        let heard = shaken.as_ref().map(|shaken| shaken.opened.age).map_err(|refusal| *refusal);
        self.witness.greeted(self.now, hello, heard);
        let mut result = None;
        if let Ok(Shaken { opened, counter, displaced }) = shaken {
            if let Some(session) = displaced {
                self.tell_sessions(session.reactor, session::Input::Displaced { session });
            }
            self.witness.shaken(session, opened.age);
            self.mail_writer(Input::Ask(counter));
            result = Some(Handshaken { opened, reply: &reply });
        }
        self.tell_sessions(session.reactor, session::Input::Handshaken { session, result });
    }

    fn request(&mut self, origin: Origin, body: &[u8], acknowledged: usize) {
        let wall = self.wall();
        let calendar = &self.config.calendar;
        let Some(process) = &self.process else { return };
        let processed =
            processing::decode_request(body, origin, wall, calendar, &process.directory);
        self.witness.verified(self.now, origin, body, acknowledged);
        match processed {
            Processed::Ask(ask) => {
                self.witness.served(self.now, origin);
                self.mail_writer(Input::Ask(ask));
            }
            Processed::Reply(reply) => self.reply(&reply, self.now),
        }
    }

    fn frame(&mut self, origin: Origin, message: &[u8], acknowledged: usize) {
        let at = (self.wall(), &self.config.calendar);
        let Some(process) = &self.process else { return };
        let Some(port) = &process.port else { return };
        let (listener, keys) = (&port.listener, &self.network.keys);
        let processed =
            processing::decode_frame(message, listener, origin, at, &process.directory, keys);
        self.witness.verified_frame(self.now, origin, acknowledged);
        match processed {
            Processed::Ask(ask) => {
                self.witness.served_frame(self.now, ask.origin);
                self.mail_writer(Input::Ask(ask));
            }
            Processed::Reply(reply) => self.reply(&reply, self.now),
        }
    }

    fn handset(
        &mut self,
        asks: (Origin, HandsetOrigin),
        ask: &HandsetAsk<'_>,
        acknowledged: usize,
    ) {
        let (origin, from) = asks;
        let mut entropy = [0; PIN_ENTROPY_BYTES];
        entropy[..32].copy_from_slice(&self.network.entropy());
        entropy[32..].copy_from_slice(&self.network.entropy()[..PIN_ENTROPY_BYTES - 32]);
        let at = (self.wall(), &self.config.calendar);
        let Some(process) = &self.process else { return };
        let with = (&process.directory, &self.network.keys);
        let processed = processing::decode_handset(ask, from, origin, at, with, || entropy);
        self.witness.handset_verified(self.now, asks, ask, acknowledged);
        match processed {
            Processed::Ask(ask) => {
                self.witness.served_handset(self.now, origin, from);
                self.mail_writer(Input::Ask(ask));
            }
            Processed::Reply(reply) => self.reply(&reply, self.now),
        }
    }

    /// Opens a datagram; then it is asked as over TCP.
    fn datagram(&mut self, datagram: Datagram<'_>, acknowledged: usize) {
        let Datagram { session, received, frame } = datagram;
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&self.network.entropy()[..SALT_BYTES]);
        let at = (self.wall(), &self.config.calendar);
        let Some(process) = &mut self.process else { return };
        let (claims, directory) = (&mut process.claims, &process.directory);
        let claim = |terminal, age| claims.claim_datagram(received, terminal, age);
        let with = (directory, &self.network.keys);
        let found = processing::open_datagram(datagram, at, with, claim, salt);
        let generation = match TerminalFrame::decode(frame) {
            Ok(TerminalFrame::Request(Request { header, .. })) => {
                directory.key(TerminalId(header.terminal), header.key_id).map(|key| key.generation)
            }
            _ => None,
        };
        let (result, processed) = match found {
            Ok((opening, processed)) => (Ok(Box::new(opening)), Some(processed)),
            Err(refusal) => (Err(refusal), None),
        };
        self.counts.frames += u64::from(result.is_ok());
        let is_copy = matches!(result, Err(DatagramRefusal::Replayed));
        self.counts.copies += u64::from(is_copy);
        let outcome = result.as_ref().map(|_| ()).map_err(|refusal| *refusal);
        self.say(|| format!("the datagram {} is {outcome:?}", session.generation));
        self.witness.datagram_opened(self.now, session, (generation, acknowledged), outcome);
        self.tell_dialogs(dialogs::Input::Opened { session, result });
        match processed {
            Some(Processed::Ask(ask)) => {
                self.witness.served(self.now, ask.origin);
                self.mail_writer(Input::Ask(ask));
            }
            Some(Processed::Reply(reply)) => self.reply(&reply, self.now),
            None => {}
        }
    }

    /// Encodes an answer; from here on it is as good as said.
    fn reply(&mut self, reply: &Reply, said: Moment) {
        let Some(process) = &self.process else { return };
        let idle_s = u16::try_from(self.config.sessions.idle.0 / 1_000_000_000).unwrap_or(u16::MAX);
        let answer_s = u16::try_from(self.config.writer.answer.0 / 1_000_000_000);
        let parameters =
            LinkParameters { idle_s, answer_s: answer_s.unwrap_or(u16::MAX), catalogue: 0 };
        let mut body = Vec::new();
        processing::encode_reply(
            reply,
            &self.network.keys,
            &process.directory.registry,
            &parameters,
            self.wall(),
            &mut body,
        );
        self.trace.note(self.now, b'r', &body);
        let terminal = reply.origin.terminal;
        self.say(|| match GatewayMessage::decode(&body) {
            Ok(GatewayMessage::Answer(answer)) => format!("to {terminal}: {answer:?}"),
            other => format!("to {terminal}: {other:?}"),
        });
        let is_handsets = reply.origin.session.reactor == self.config.ussd();
        if !is_handsets {
            Overheard::learns(&mut self.overheard, terminal, &body);
        }
        self.witness.left(self.now, said, reply.origin, &body, &self.network.pins);
        let session = reply.origin.session;
        if session.reactor == self.config.port() {
            return self.reply_frame(reply, &body);
        }
        let effect = processing::effect(&reply.content);
        if is_handsets {
            if self.witness.is_datagram(session) {
                self.witness.datagram_answered(session, &body);
            } else {
                self.witness.handset_answered(self.now, reply.origin, &body);
            }
            return self.tell_dialogs(dialogs::Input::Replied { session, body: &body, effect });
        }
        let input = session::Input::Replied { session, body: &body, effect };
        self.tell_sessions(session.reactor, input);
    }

    /// Gives an answer to the listener, with the key for its code.
    fn reply_frame(&mut self, reply: &Reply, body: &[u8]) {
        let origin = reply.origin;
        self.witness.left_frame(self.now, origin, body);
        let Some(process) = &self.process else { return };
        let Some(port) = &process.port else { return };
        let (listener, keys) = (&port.listener, &self.network.keys);
        let mac = processing::answer_key(listener, &origin, &process.directory, keys);
        let chip = processing::chip_answer(&reply.content);
        let chip = chip.map_or(&[][..], ChipAnswer::as_bytes);
        let effect = processing::effect(&reply.content);
        let (session, mac) = (origin.session, mac.as_ref());
        self.tell_port(listener::Input::Replied { session, body, chip, mac, effect });
        self.witness.answer_turn_ends(self.now, origin);
    }

    fn push(&mut self, push: &Push) {
        let mut body = Vec::new();
        processing::encode_command(push, &mut body);
        self.witness.told(push);
        for reactor in 0..self.config.reactors {
            let terminal = push.terminal;
            self.tell_sessions(reactor, session::Input::Push { terminal, body: &body });
        }
    }
}

/// A frame as a story shows it.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
