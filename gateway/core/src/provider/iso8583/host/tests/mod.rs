//! The host's connections against a host that the tests play.

mod answers;
mod card;
mod keys;
mod session;
mod walk;

use tillgate_codec::iso8583::{Dialect, Fields, MacKey, MacPadding, Message, Mti};

use super::{Action, Connection, Host, HostSettings, Note, Now};
use crate::card::CardData;
use crate::provider::iso8583::Profile;
use crate::provider::{
    Exchange, ProviderOutcome, ProviderRequest, ProviderRequestKind, ProviderResult, Text,
};
use crate::time::{Moment, Span};

fn approved() -> ProviderResult {
    ProviderResult::Outcome(ProviderOutcome::Approved { reference: Text::new(), chip: None })
}

fn profile(name: &str, edit: impl FnOnce(String) -> String) -> Profile {
    let text = edit(Profile::builtin(name).unwrap().to_owned());
    Profile::parse(&text, |name| Dialect::builtin(name).ok_or_else(String::new)).unwrap()
}

/// A host's connections, and the one who plays the host.
struct Bench {
    host: Host,
    dialect: Dialect,
    mac: Option<MacKey>,
    ms: u64,
    notes: Vec<Note>,
    done: Vec<(ProviderRequest, ProviderResult)>,
    late: Vec<(ProviderRequest, ProviderResult)>,
    closed: Vec<Connection>,
    opened: Vec<Connection>,
}

impl Bench {
    fn of(profile: Profile, key: Option<[u8; 16]>, (connections, window): (usize, usize)) -> Self {
        let dialect = profile.dialect().clone();
        let mac = || key.map(|key| MacKey::retail(&key, MacPadding::Zeros));
        let settings = HostSettings { connections, window, entropy: 7 };
        Self::with(Host::new(profile, mac(), settings), dialect, mac())
    }

    fn with(host: Host, dialect: Dialect, mac: Option<MacKey>) -> Self {
        let empty = (Vec::new(), Vec::new(), Vec::new());
        let (notes, done, late) = empty;
        let (closed, opened) = (Vec::new(), Vec::new());
        let mut bench = Self { host, dialect, mac, ms: 1, notes, done, late, closed, opened };
        bench.host.tick(bench.now());
        bench.turn();
        bench
    }

    /// One connection that is up, eight requests at once.
    fn up() -> Self {
        let mut bench = Self::of(profile("iso87-host", |text| text), None, (1, 8));
        bench.sign_on(0);
        bench
    }

    fn now(&self) -> Now {
        Now { at: Moment(Span::ms(self.ms).0), wall_ms: 1_795_000_000_000 + self.ms }
    }

    /// Takes in everything that is to be done.
    fn turn(&mut self) {
        while let Some(action) = self.host.next_action() {
            match action {
                Action::Connect(connection) => self.opened.push(connection),
                Action::Close(connection) => self.closed.push(connection),
                Action::Done(exchange, result) => self.done.push((*exchange.request(), result)),
                Action::Late(request, result) => self.late.push((request, result)),
                Action::Note(note) => self.notes.push(note),
            }
        }
    }

    fn connection(&self, index: usize) -> Connection {
        *self.opened.iter().rfind(|connection| connection.index == index).unwrap()
    }

    fn wait(&mut self, ms: u64) {
        self.ms += ms;
        self.host.tick(self.now());
        self.turn();
    }

    fn sign_on(&mut self, index: usize) {
        let connection = self.connection(index);
        self.host.connected(self.now(), connection);
        let asked = self.written(connection);
        assert_eq!(asked.len(), 1, "only the sign-on");
        self.say(connection, &answer(&asked[0], "00"));
    }

    /// The messages that leave on a connection.
    fn written(&mut self, connection: Connection) -> Vec<Message> {
        let mut bytes = Vec::new();
        self.host.take_output(connection, &mut bytes);
        self.turn();
        messages(&self.dialect, &bytes)
    }

    fn framed(&self, message: &Message) -> Vec<u8> {
        let mut message = copy(message);
        let (mut bytes, mut framed) = (Vec::new(), Vec::new());
        match &self.mac {
            Some(key) if message.mti.class() != b'8' => {
                self.dialect.encode_with_mac(&mut message, key, &mut bytes).unwrap();
            }
            _ => self.dialect.encode(&message, &mut bytes).unwrap(),
        }
        self.dialect.framing().append_frame(&bytes, &mut framed).unwrap();
        framed
    }

    fn say(&mut self, connection: Connection, message: &Message) {
        let framed = self.framed(message);
        self.receive(connection, &framed);
    }

    fn receive(&mut self, connection: Connection, bytes: &[u8]) {
        self.host.received(self.now(), connection, bytes);
        self.turn();
    }

    fn ask(&mut self, request: ProviderRequest) {
        self.ask_with(request, None);
    }

    fn ask_with(&mut self, request: ProviderRequest, card: Option<Box<CardData>>) {
        let exchange = Exchange::new(request, self.now().at, Span::s(10)).with_card(card);
        self.host.request(self.now(), exchange);
        self.turn();
    }

    fn lose(&mut self, connection: Connection) {
        self.host.lost(self.now(), connection);
        self.turn();
    }

    /// The only result so far.
    fn result(&self) -> &ProviderResult {
        assert_eq!(self.done.len(), 1, "{:?}", self.done);
        &self.done[0].1
    }
}

fn messages(dialect: &Dialect, mut bytes: &[u8]) -> Vec<Message> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let frame = dialect.framing().deframe(bytes).unwrap().unwrap();
        let mut fields = Fields::new();
        let view = dialect.view(&bytes[frame.message.clone()], &mut fields).unwrap();
        found.push(Message::from_view(&view));
        bytes = &bytes[frame.end..];
    }
    found
}

fn copy(message: &Message) -> Message {
    let mut copy = Message::new(message.mti);
    copy.tpdu = message.tpdu;
    for number in message.numbers() {
        copy.set_bytes(number, message.bytes(number).unwrap());
    }
    copy
}

/// The honest answer to a message.
fn answer(asked: &Message, code: &str) -> Message {
    let mut answer = copy(asked);
    answer.mti = asked.mti.answer().unwrap();
    [64, 90, 102, 128].into_iter().for_each(|number| answer.remove(number));
    answer.tpdu = asked.tpdu.map(tillgate_codec::iso8583::Tpdu::swapped);
    answer.remove(37);
    answer.set(39, code);
    answer
}

/// A first attempt about the sale with this trace number.
fn request(kind: ProviderRequestKind, stan: u32) -> ProviderRequest {
    let mut request = crate::provider::tests::request(kind);
    request.sale.stan = stan;
    request.sale.terminal.0 = 70_001;
    request.reference = Text::from(&format!("{stan:032x}")).unwrap();
    if kind == ProviderRequestKind::Lookup {
        request.rrn = Text::new();
        request.amount_minor = 0;
    }
    request
}

fn network(code: &str) -> Message {
    let mut message = Message::new(Mti::NETWORK_REQUEST);
    message.set(7, "1118110640").set(11, "000009").set(70, code);
    message
}
