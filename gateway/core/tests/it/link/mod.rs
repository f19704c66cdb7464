//! A session manager, and the terminals' ends of its links.

#![allow(dead_code, unused_imports, reason = "each test file uses its part")]
use tillgate_codec::link::channel::{Channel, Initiator, Psk, StaticSecret, Suite, accept};
use tillgate_codec::link::channel::{HELLO_BYTES, Hello};
use tillgate_codec::link::record::{HEADER_BYTES, RecordType, Refusal, deframe};
use tillgate_core::id::{Peer, SessionAge, SessionId};
use tillgate_core::limits::SessionLimits;
use tillgate_core::processing::{Effect, Handshaken, Opened};
use tillgate_core::session::{CloseReason, Input, Output, SessionManager};
use tillgate_core::time::{Moment, Span};
use tillgate_store_core::TerminalId;

pub(crate) const PSK: [u8; 32] = [7; 32];
pub(crate) const SECRET: [u8; 32] = [9; 32];

/// An output with its bytes copied out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Admit(u32, SessionId),
    Refuse(u32, Vec<u8>),
    Send(SessionId, Vec<u8>),
    Pause(SessionId),
    Resume(SessionId),
    Close(SessionId, CloseReason),
    Handshake(SessionId, Vec<u8>),
    Request(SessionId, TerminalId, Vec<u8>),
    Online(SessionId, TerminalId, u64),
    Offline(SessionId, TerminalId),
}

pub(crate) struct Rig {
    pub(crate) sessions: SessionManager,
    pub(crate) now: Moment,
    /// Of each request, whether its session had logged on.
    pub(crate) logged_on: Vec<bool>,
}

impl Rig {
    pub(crate) fn new(limits: SessionLimits) -> Self {
        Self {
            sessions: SessionManager::new(limits, 3, Moment(0)),
            now: Moment(1),
            logged_on: Vec::new(),
        }
    }

    pub(crate) fn give(&mut self, input: Input<'_>) -> Vec<Seen> {
        self.sessions.handle(self.now, input);
        let mut seen = Vec::new();
        while let Some(output) = self.sessions.poll() {
            seen.push(match output {
                Output::Admit { connection, session } => Seen::Admit(connection, session),
                Output::Refuse { connection, bytes } => Seen::Refuse(connection, bytes.to_vec()),
                Output::Send { session, bytes } => Seen::Send(session, bytes.to_vec()),
                Output::Pause { session } => Seen::Pause(session),
                Output::Resume { session } => Seen::Resume(session),
                Output::Close { session, why } => Seen::Close(session, why),
                Output::Handshake { session, hello } => Seen::Handshake(session, hello.to_vec()),
                Output::Request { session, terminal, body, logged_on, .. } => {
                    self.logged_on.push(logged_on);
                    Seen::Request(session, terminal, body.to_vec())
                }
                Output::Online { session, terminal, age } => {
                    Seen::Online(session, terminal, age.counter)
                }
                Output::Offline { session, terminal } => Seen::Offline(session, terminal),
            });
        }
        seen
    }

    pub(crate) fn receive(&mut self, session: SessionId, bytes: &[u8]) -> Vec<Seen> {
        let mut bytes = bytes.to_vec();
        self.give(Input::Received { session, bytes: &mut bytes })
    }

    pub(crate) fn connect(&mut self) -> SessionId {
        self.connect_from(Peer(1))
    }

    pub(crate) fn connect_from(&mut self, peer: Peer) -> SessionId {
        match self.give(Input::Opened { connection: 1, peer }).as_slice() {
            [Seen::Admit(1, session)] => *session,
            [.., Seen::Close(..), Seen::Admit(1, session)] => *session,
            other => panic!("not admitted: {other:?}"),
        }
    }

    /// The whole handshake; gives the terminal's end.
    pub(crate) fn shake(&mut self, session: SessionId, terminal: u32, counter: u64) -> Channel {
        let (initiator, hello) = hello(terminal, counter);
        let seen = self.receive(session, &hello);
        let [Seen::Handshake(_, payload)] = seen.as_slice() else {
            panic!("no handshake: {seen:?}")
        };
        let mut reply = Vec::new();
        let opened = answer_hello(payload, &mut reply);
        let result = Some(Handshaken { opened, reply: &reply });
        let seen = self.give(Input::Handshaken { session, result });
        let Some(Seen::Send(_, record)) = seen.first() else { panic!("no reply: {seen:?}") };
        initiator.finish(&record[HEADER_BYTES..]).unwrap()
    }

    pub(crate) fn online(&mut self, terminal: u32, counter: u64) -> (SessionId, Channel) {
        let session = self.connect();
        let mut channel = self.shake(session, terminal, counter);
        let seen = self.receive(session, &sealed(&mut channel, b"logon"));
        assert!(seen.contains(&Seen::Online(session, TerminalId(terminal), counter)), "{seen:?}");
        self.give(Input::Replied { session, body: b"", effect: Effect::None });
        (session, channel)
    }

    pub(crate) fn pass(&mut self, span: Span) -> Vec<Seen> {
        self.now = self.now.after(span);
        let due = self.sessions.deadline().is_some_and(|at| at <= self.now);
        let seen = if due { self.give(Input::Deadline) } else { Vec::new() };
        assert!(self.sessions.deadline().is_none_or(|at| at > self.now), "a deadline that stays");
        seen
    }
}

pub(crate) fn hello(terminal: u32, counter: u64) -> (Initiator, Vec<u8>) {
    let gateway = StaticSecret::new(SECRET).public();
    let mut bytes = Vec::new();
    let suite = Suite::NkPsk0;
    let psk = Psk::new(PSK);
    let entropy = [5; 32];
    let initiator =
        Initiator::start(suite, terminal, 1, &psk, Some(&gateway), counter, entropy, &mut bytes);
    (initiator.unwrap(), bytes)
}

pub(crate) fn answer_hello(payload: &[u8], reply: &mut Vec<u8>) -> Opened {
    let hello = Hello::decode(payload).unwrap();
    let (psk, secret) = (Psk::new(PSK), StaticSecret::new(SECRET));
    let accepted = accept(&hello, &psk, &secret, 0, [6; 32], reply).unwrap();
    Opened {
        terminal: TerminalId(hello.terminal),
        age: SessionAge { generation: 0, counter: accepted.counter },
        channel: accepted.channel,
    }
}

pub(crate) fn sealed(channel: &mut Channel, body: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    channel.seal(body, &mut record).unwrap();
    record
}
