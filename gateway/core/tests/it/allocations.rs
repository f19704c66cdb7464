//! A sale in the steady state allocates nothing on its way through session manager, processing and
//! transaction manager.

use crate::counting::allocations;
use crate::support::{self, KES, Rig, keys, voucher_sale};
use tillgate_codec::link::channel::{Channel, Hello, Initiator, Psk, StaticSecret, Suite, accept};
use tillgate_codec::link::message::{Sale, TerminalMessage};
use tillgate_codec::link::record::HEADER_BYTES;
use tillgate_core::id::{Peer, SessionAge, SessionId};
use tillgate_core::limits::SessionLimits;
use tillgate_core::processing::{self, Handshaken, LinkParameters, Opened, Processed};
use tillgate_core::session::{self, SessionManager};
use tillgate_core::time::{Calendar, Moment};
use tillgate_core::transaction::{Input, Origin, Output, Reply, TransactionManager};
use tillgate_store_core::vault::voucher_context;
use tillgate_store_core::{
    BusinessDate, Change, Command, Outcome, ProductId, ServiceId, Store, TerminalId, Text, Voucher,
};

const WARM_UP: u32 = 500;
const COUNTED: u32 = 1_000;
const FLOAT_MINOR: i64 = 1_000_000;

/// One terminal's path through the gateway, with the buffers that the shell would reuse.
struct Path {
    rig: Rig,
    sessions: SessionManager,
    session: SessionId,
    terminal: Channel,
    record: Vec<u8>,
    body: Vec<u8>,
    answer: Vec<u8>,
    commands: Vec<Command>,
    outcomes: Vec<Outcome>,
    /// By everything but the terminal's sealing and the commit itself.
    allocated: u64,
}

impl Path {
    fn new() -> Self {
        let mut rig = Rig::new();
        let funds = vec![support::funding("more", FLOAT_MINOR)];
        let vouchers = (0..2_000).map(voucher).collect();
        rig.change(Change { vouchers, funds, ..Change::default() });
        let mut sessions = SessionManager::new(SessionLimits::default(), 0, Moment(0));
        let (session, terminal) = shake(&mut sessions);
        let record = Vec::with_capacity(4_096);
        let body = Vec::with_capacity(4_096);
        let answer = Vec::with_capacity(4_096);
        let (commands, outcomes) = (Vec::with_capacity(16), Vec::with_capacity(16));
        let allocated = 0;
        Self {
            rig,
            sessions,
            session,
            terminal,
            record,
            body,
            answer,
            commands,
            outcomes,
            allocated,
        }
    }

    fn sell(&mut self, stan: u32) {
        self.record.clear();
        let sale = Sale { amount_minor: 100, product: 3, currency: KES, ..voucher_sale(stan) };
        self.body.clear();
        TerminalMessage::Sale(sale).encode(&mut self.body);
        self.terminal.seal(&self.body, &mut self.record).expect("a fresh counter");
        let now = Moment(u64::from(stan) * 1_000_000_000);
        self.allocated += allocations(|| {
            self.up(now);
            assert!(self.rig.transactions.stage(&mut self.commands), "a sale was staged");
        });
        self.rig.book.commit(&mut self.commands, &mut self.outcomes).expect("memory never fails");
        self.allocated += allocations(|| {
            self.rig.transactions.committed(now, &mut self.outcomes);
            let Self { rig, sessions, answer, body, .. } = self;
            let registry = &rig.directory.registry;
            let sealed = down(&mut rig.transactions, registry, sessions, answer, body);
            assert!(sealed, "an answer went out");
        });
    }

    /// Bytes to the transaction manager.
    fn up(&mut self, now: Moment) {
        let Self { rig, sessions, session, record, .. } = self;
        sessions.handle(now, session::Input::Received { session: *session, bytes: record });
        while let Some(output) = sessions.poll() {
            let session::Output::Request { session, terminal, received, generation, body, .. } =
                output
            else {
                continue;
            };
            let origin = Origin { session, terminal, received, generation, logged_on: true };
            let calendar = Calendar::default();
            match processing::decode_request(body, origin, rig.wall, &calendar, &rig.directory) {
                Processed::Ask(ask) => {
                    rig.transactions.handle(now, rig.wall, Input::Ask(ask), &rig.book);
                }
                Processed::Reply(_) => panic!("a sale goes to the transaction manager"),
            }
        }
    }
}

/// The transaction manager's reply to bytes; `true` if the session manager sealed it.
fn down(
    transactions: &mut TransactionManager,
    registry: &tillgate_store_core::Registry,
    sessions: &mut SessionManager,
    answer: &mut Vec<u8>,
    sent: &mut Vec<u8>,
) -> bool {
    let keys = KEYS.with(std::rc::Rc::clone);
    let parameters = LinkParameters { idle_s: 600, answer_s: 25, catalogue: 0 };
    let mut sealed = false;
    while let Some(output) = transactions.poll() {
        let Output::Reply(Reply { origin, content }) = output else { continue };
        answer.clear();
        let reply = Reply { origin, content };
        processing::encode_reply(&reply, &keys, registry, &parameters, support::NOON, answer);
        let effect = processing::effect(&reply.content);
        let input = session::Input::Replied { session: origin.session, body: answer, effect };
        sessions.handle(origin.received, input);
        while let Some(output) = sessions.poll() {
            if let session::Output::Send { bytes, .. } = output {
                sent.clear();
                sent.extend_from_slice(bytes);
                sealed = true;
            }
        }
    }
    sealed
}

thread_local! {
    static KEYS: std::rc::Rc<processing::Keys> = std::rc::Rc::new(keys());
}

fn shake(sessions: &mut SessionManager) -> (SessionId, Channel) {
    sessions.handle(Moment(1), session::Input::Opened { connection: 0, peer: Peer(1) });
    let Some(session::Output::Admit { session, .. }) = sessions.poll() else {
        panic!("not admitted")
    };
    assert!(sessions.poll().is_none());
    let (psk, secret) = (Psk::new([7; 32]), StaticSecret::new([4; 32]));
    let mut hello = Vec::new();
    let gateway = secret.public();
    let suite = Suite::NkPsk0;
    let started = Initiator::start(suite, 100, 1, &psk, Some(&gateway), 1, [5; 32], &mut hello)
        .expect("keys");
    sessions.handle(Moment(2), session::Input::Received { session, bytes: &mut hello.clone() });
    while sessions.poll().is_some() {}
    let mut reply = Vec::new();
    let parsed = Hello::decode(&hello[HEADER_BYTES..]).expect("our own hello");
    let accepted = accept(&parsed, &psk, &secret, 0, [6; 32], &mut reply).expect("our own keys");
    let age = SessionAge { generation: 0, counter: 1 };
    let opened = Opened { terminal: TerminalId(100), age, channel: accepted.channel };
    let result = Some(Handshaken { opened, reply: &reply });
    sessions.handle(Moment(3), session::Input::Handshaken { session, result });
    while sessions.poll().is_some() {}
    (session, started.finish(&reply[HEADER_BYTES..]).expect("our own reply"))
}

fn voucher(number: u16) -> Voucher {
    let serial = Text::from(format!("A{number:05}").as_str()).expect("short");
    let (service, product) = (ServiceId(support::VOUCHERS), ProductId(3));
    let mut nonce = [2; 12];
    nonce[..2].copy_from_slice(&number.to_be_bytes());
    let pin = keys().vault.seal(&voucher_context(service, product, &serial), nonce, b"123456");
    let expiry = BusinessDate(support::today().0 + 100);
    Voucher { service, product, serial, expiry, pin: pin.expect("short") }
}

#[test]
fn a_voucher_sale_in_the_steady_state_allocates_nothing() {
    let mut path = Path::new();
    let opening = path.rig.float().posted_minor;
    for stan in 1..=WARM_UP {
        path.sell(stan);
    }
    path.allocated = 0;
    for stan in WARM_UP + 1..=WARM_UP + COUNTED {
        path.sell(stan);
    }
    let sold = opening - path.rig.float().posted_minor;
    assert_eq!(sold, i64::from(WARM_UP + COUNTED) * 100, "every sale was approved");
    assert_eq!(
        path.allocated, 0,
        "allocations in {COUNTED} sales through session manager, processing and transaction manager"
    );
}
