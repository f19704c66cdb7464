//! Terminals of an ISO 8583 listener, from frames to frames: they share nothing with the gateway but
//! the codec.

mod card;
mod limits;
mod mac;
mod money;
mod shared;
mod shared_walk;

use std::sync::Arc;

use tillgate_codec::iso8583::{Dialect, Fields, Message, Mti, Tpdu};
use tillgate_core::id::{Peer, SessionId};
use tillgate_core::listener::limits::ListenerLimits;
use tillgate_core::listener::{CloseReason, Input, Listener, ListenerManager, Output, Profile};
use tillgate_core::online::PresenceChange;
use tillgate_core::processing::{self, Processed};
use tillgate_core::time::{Calendar, Span};
use tillgate_core::transaction::{Origin, Reply};
use tillgate_store_core::{Change, RegistryRecord, TerminalId};

use crate::support::{Rig, keys, terminal};

/// As the terminals of the tests are enabled.
pub(super) const NAME: &str = "pos";
pub(super) const TPDU: Tpdu = Tpdu([0x60, 0x00, 0x01, 0x80, 0x02]);

/// A listener over a rig: what the shell does, without sockets.
pub(super) struct Port {
    pub(super) rig: Rig,
    pub(super) manager: ListenerManager,
    listener: Arc<Listener>,
    dialect: Dialect,
    pub(super) sent: Vec<(SessionId, Vec<u8>)>,
    pub(super) closed: Vec<(SessionId, CloseReason)>,
    pub(super) paused: Vec<(SessionId, bool)>,
    pub(super) admitted: Vec<SessionId>,
    pub(super) refused: usize,
    /// Terminals that came and went.
    pub(super) changes: Vec<PresenceChange>,
    /// What was not answered, and why.
    pub(super) troubles: Vec<(Option<TerminalId>, &'static str)>,
    /// Requests that went to the pool.
    pub(super) asked: Vec<(Origin, Vec<u8>)>,
    calendar: Calendar,
}

pub(super) fn listener(mac: &str) -> Arc<Listener> {
    let text = Profile::builtin("nac-terminal").unwrap();
    let text = &text.replace("dialect = \"nac\"", &format!("dialect = \"nac\"\n{mac}"));
    let dialect = |name: &str| Dialect::builtin(name).ok_or_else(|| name.to_owned());
    let profile = Profile::parse(text, dialect).unwrap();
    Arc::new(Listener { name: NAME.to_owned(), profile })
}

impl Port {
    pub(super) fn new() -> Self {
        Self::with(ListenerLimits::default())
    }

    pub(super) fn with(limits: ListenerLimits) -> Self {
        Self::over(Rig::new(), limits)
    }

    pub(super) fn over(mut rig: Rig, limits: ListenerLimits) -> Self {
        let mut record = terminal(100);
        record.listener = NAME.to_owned();
        let records = vec![RegistryRecord::Terminal(record)];
        rig.change(Change { records, ..Change::default() });
        let calendar = Calendar::default();
        Self {
            manager: ListenerManager::new(listener(""), limits, calendar.clone(), 3),
            listener: listener(""),
            dialect: Dialect::builtin("nac").unwrap(),
            rig,
            sent: Vec::new(),
            closed: Vec::new(),
            paused: Vec::new(),
            admitted: Vec::new(),
            refused: 0,
            changes: Vec::new(),
            troubles: Vec::new(),
            asked: Vec::new(),
            calendar,
        }
    }

    /// Over a listener whose messages carry authentication codes.
    pub(super) fn with_mac(mac: &str) -> Self {
        Self::new().and_mac(mac, ListenerLimits::default())
    }

    pub(super) fn and_mac(mut self, mac: &str, limits: ListenerLimits) -> Self {
        self.listener = listener(mac);
        let (listener, calendar) = (Arc::clone(&self.listener), self.calendar.clone());
        self.manager = ListenerManager::new(listener, limits, calendar, 3);
        self
    }

    /// The same store after a restart; every connection is gone.
    pub(super) fn restart(self) -> Self {
        let mut port = Self::over_as_is(self.rig.restart());
        port.calendar = self.calendar;
        port
    }

    fn over_as_is(rig: Rig) -> Self {
        Self { rig, ..Self::new() }
    }

    pub(super) fn input(&mut self, input: Input<'_>) {
        self.manager.handle(self.rig.now, input);
        self.changes.extend(self.manager.presence_changes());
        let trouble = self.manager.trouble();
        self.troubles.extend(trouble.map(|trouble| (trouble.terminal, trouble.why)));
        assert_eq!(self.manager.trouble(), None, "said once");
        while let Some(output) = self.manager.poll() {
            match output {
                Output::Admit { session, .. } => self.admitted.push(session),
                Output::Refuse { .. } => self.refused += 1,
                Output::Send { session, bytes } => self.sent.push((session, bytes.to_vec())),
                Output::Pause { session } => self.paused.push((session, true)),
                Output::Resume { session } => self.paused.push((session, false)),
                Output::Close { session, why } => self.closed.push((session, why)),
                Output::Request { lane: session, terminal, received, message, .. } => {
                    let (generation, logged_on) = (0, false);
                    let origin = Origin { session, terminal, received, generation, logged_on };
                    self.asked.push((origin, message.to_vec()));
                }
            }
        }
    }

    pub(super) fn connect(&mut self, peer: u64) -> SessionId {
        self.try_connect(peer).unwrap()
    }

    pub(super) fn try_connect(&mut self, peer: u64) -> Option<SessionId> {
        let before = self.admitted.len();
        self.input(Input::Opened { connection: 0, peer: Peer(peer) });
        self.admitted.get(before).copied()
    }

    pub(super) fn pass(&mut self, span: Span) {
        self.rig.now = self.rig.now.after(span);
        while self.manager.deadline().is_some_and(|at| at <= self.rig.now) {
            self.input(Input::Deadline);
        }
    }

    pub(super) fn receive(&mut self, session: SessionId, bytes: &[u8]) {
        self.input(Input::Received { session, bytes });
    }

    /// The pool, the writer and the way back, as long as there is something to do.
    pub(super) fn work(&mut self) {
        loop {
            std::mem::take(&mut self.asked).into_iter().for_each(|asked| self.serve(asked));
            if self.rig.replies.is_empty() && self.asked.is_empty() {
                return;
            }
            self.deliver();
        }
    }

    /// The pool and the writer, for one request.
    pub(super) fn serve(&mut self, (origin, message): (Origin, Vec<u8>)) {
        let processed = processing::decode_frame(
            &message,
            &self.listener,
            origin,
            (self.rig.wall, &self.calendar),
            &self.rig.directory,
            &keys(),
        );
        match processed {
            Processed::Ask(ask) => self.rig.input(tillgate_core::transaction::Input::Ask(ask)),
            Processed::Reply(reply) => self.rig.replies.push(reply),
        }
    }

    /// The way back.
    pub(super) fn deliver(&mut self) {
        let replies = std::mem::take(&mut self.rig.replies);
        replies.iter().for_each(|reply| self.reply(reply));
    }

    fn reply(&mut self, reply: &Reply) {
        let body = self.rig.body_of(reply);
        let (session, effect) = (reply.origin.session, processing::effect(&reply.content));
        let directory = &self.rig.directory;
        let mac = processing::answer_key(&self.listener, &reply.origin, directory, &keys());
        let chip = processing::chip_answer(&reply.content).map_or(&[][..], |chip| chip.as_bytes());
        self.input(Input::Replied { session, body: &body, chip, mac: mac.as_ref(), effect });
    }

    pub(super) fn frame(&self, message: &Message) -> Vec<u8> {
        let mut framed = Vec::new();
        self.dialect.encode_framed(message, &mut framed).unwrap();
        framed
    }

    /// Sends a request over a new connection, and gives the answer's bytes; `None`: it was closed.
    pub(super) fn ask(&mut self, message: &Message) -> Option<Vec<u8>> {
        let session = self.connect(1);
        let frame = self.frame(message);
        self.receive(session, &frame);
        self.work();
        let sent = std::mem::take(&mut self.sent);
        if !self.closed.iter().any(|(closed, _)| *closed == session) {
            self.input(Input::Closed { session });
        }
        assert!(sent.len() <= 1, "one answer to one request");
        sent.into_iter().next().map(|(_, bytes)| bytes)
    }

    /// The answer as a message.
    pub(super) fn read(&self, framed: &[u8]) -> Message {
        let frame = self.dialect.framing().deframe(framed).unwrap().unwrap();
        assert_eq!(frame.end, framed.len());
        let mut fields = Fields::new();
        Message::from_view(&self.dialect.view(&framed[frame.message], &mut fields).unwrap())
    }

    /// The response code of a request.
    pub(super) fn code(&mut self, message: &Message) -> String {
        let answer = self.ask(message).expect("it is answered");
        let answer = self.read(&answer);
        assert_eq!(Some(answer.mti), message.mti.answer());
        assert_eq!(answer.tpdu, Some(TPDU.swapped()));
        let repeated = |message: &Message| {
            [3, 11, 41].map(|field| message.text(field).unwrap().parse::<u64>().unwrap())
        };
        assert_eq!(repeated(&answer), repeated(message));
        answer.text(39).unwrap().to_owned()
    }
}

/// A request of terminal 100, at noon of the rig's day.
pub(super) fn request(mti: &str, processing: &str, stan: u32) -> Message {
    let mut message = Message::new(Mti::parse(mti).unwrap()).with_tpdu(TPDU);
    message.set(3, processing).set_number(11, stan.into()).set(41, "00000100");
    message
}

pub(super) fn sale(stan: u32) -> Message {
    let mut message = request("0200", "500000", stan);
    message.set_number(4, 2_500).set(12, "120000").set(13, "1123").set(49, "404");
    message.set(102, "254700000001");
    message
}

pub(super) fn voucher(stan: u32) -> Message {
    let mut message = sale(stan);
    message.set(3, "500001").set_number(4, 5_000).remove(102);
    message
}

/// The message as another type.
pub(super) fn as_type(message: &Message, mti: &str) -> Message {
    let mut other = Message::new(Mti::parse(mti).unwrap()).with_tpdu(TPDU);
    for number in message.numbers() {
        other.set_bytes(number, message.bytes(number).unwrap());
    }
    other
}

pub(super) const TERMINAL: TerminalId = TerminalId(100);
