//! A transaction manager over the memory store, a small network, and terminals that speak in
//! bodies.

#![allow(dead_code, unused_imports, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a rig that cannot be built has failed")]

use tillgate_codec::link::channel::StaticSecret;
use tillgate_codec::link::message::{Answer, BusinessDate, GatewayMessage, Sale, TerminalMessage};
use tillgate_core::directory::{Directory, Rekeyed};
use tillgate_core::id::SessionId;
use tillgate_core::limits::TransactionLimits;
use tillgate_core::processing::{self, Keys, LinkParameters, Processed};
use tillgate_core::provider::{
    Bridge, Capabilities, ProviderRequest, ProviderRequestKind, ProviderResult,
};
use tillgate_core::time::{Calendar, Moment, Span, UnixMillis};
use tillgate_core::transaction::{
    Ask, Control, ControlOrder, Input, Origin, Output, Reply, TransactionManager,
};
use tillgate_store_core as store;
use tillgate_store_core::vault::Vault;
use tillgate_store_core::{
    Change, Key, LedgerStore, Memory, ProviderOutcome, SellerId, Store, TerminalId, Text,
    Transaction,
};

mod network;
mod talk;

pub(crate) use network::{funding, network, open_from, seller, terminal, top_ups, vouchers};
pub(crate) use talk::{code_of, confirm, found, repeat, reversal, rig, sale, sold};

pub(crate) const KES: u16 = 404;
pub(crate) const VOUCHERS: u16 = 10;
pub(crate) const TOP_UPS: u16 = 20;
/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: UnixMillis = UnixMillis(1_795_435_200_000);

pub(crate) struct Rig {
    pub(crate) transactions: TransactionManager,
    pub(crate) book: LedgerStore<Memory>,
    pub(crate) directory: Directory,
    pub(crate) now: Moment,
    pub(crate) wall: UnixMillis,
    pub(crate) replies: Vec<Reply>,
    pub(crate) forwards: Vec<ProviderRequest>,
    /// What went with each order.
    pub(crate) cards: Vec<Option<Box<tillgate_core::card::CardData>>>,
    pub(crate) inquiries: Vec<ProviderRequest>,
    pub(crate) reversals: Vec<ProviderRequest>,
    pub(crate) advices: Vec<ProviderRequest>,
    pub(crate) lookups: Vec<ProviderRequest>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) limits: TransactionLimits,
    pub(crate) bridges: Vec<Bridge>,
    /// Of the key that the terminals' sessions were opened with.
    pub(crate) key_generation: u32,
    pub(crate) logged_on: bool,
    pub(crate) rekeyed: Vec<Rekeyed>,
}

/// A provider that can be asked and told again.
pub(crate) const KIND: Capabilities =
    Capabilities { idempotent: true, inquiry: true, reversal: false, advice: false, lookup: false };
/// One that does as it is told, once.
pub(crate) const BLIND: Capabilities = Capabilities {
    idempotent: false,
    inquiry: false,
    reversal: false,
    advice: false,
    lookup: false,
};
/// One that can only take back.
pub(crate) const REVERSIBLE: Capabilities = Capabilities { reversal: true, ..BLIND };
/// One that can do everything.
pub(crate) const ABLE: Capabilities = Capabilities { reversal: true, advice: true, ..KIND };

/// The bridge of [`top_ups`].
pub(crate) fn bridge(name: &str, capabilities: Capabilities) -> Bridge {
    Bridge { name: name.to_owned(), capabilities }
}

pub(crate) fn keys() -> Keys {
    Keys { vault: Vault::new(1, [3; 32]), secret: StaticSecret::new([4; 32]) }
}

pub(crate) fn today() -> store::BusinessDate {
    Calendar::default().date(NOON)
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(TransactionLimits::default(), KIND)
    }

    pub(crate) fn with(limits: TransactionLimits, capabilities: Capabilities) -> Self {
        Self::over(limits, vec![bridge("topup", capabilities)])
    }

    /// Over an empty store and these bridges.
    pub(crate) fn over(limits: TransactionLimits, bridges: Vec<Bridge>) -> Self {
        let book = LedgerStore::open(Memory::new(), [1; 8]).unwrap();
        let mut rig = Self::build(book, (Moment(1), NOON), limits, bridges);
        rig.change(network());
        rig
    }

    /// Everything in memory is gone; the store is not.
    pub(crate) fn restart(self) -> Self {
        let bridges = self.bridges.clone();
        self.restart_with(bridges)
    }

    /// As [`Rig::restart`], with other bridges in the configuration.
    pub(crate) fn restart_with(self, bridges: Vec<Bridge>) -> Self {
        let mut rig = self.reopen(bridges);
        rig.run();
        rig
    }

    /// As [`Rig::restart`], with nothing committed or carried out yet.
    pub(crate) fn restart_silently(self) -> Self {
        let bridges = self.bridges.clone();
        self.reopen(bridges)
    }

    fn reopen(self, bridges: Vec<Bridge>) -> Self {
        let Self { book, now, wall, limits, .. } = self;
        let book = LedgerStore::open(book.into_backend(), [2; 8]).unwrap();
        let mut rig = Self::build(book, (now, wall), limits, bridges);
        rig.transactions.recover(rig.now, rig.wall, &rig.book).unwrap();
        rig
    }

    fn build(
        mut book: LedgerStore<Memory>,
        (now, wall): (Moment, UnixMillis),
        limits: TransactionLimits,
        bridges: Vec<Bridge>,
    ) -> Self {
        book.know_keks(keys().vault.kek_ids());
        let registry = book.load_registry().unwrap();
        let transactions =
            TransactionManager::new(limits, bridges.clone(), &registry, book.store_id(), 1);
        let names: Vec<String> = bridges.iter().map(|bridge| bridge.name.clone()).collect();
        Self {
            transactions,
            directory: Directory::new(registry, &names),
            book,
            now,
            wall,
            replies: Vec::new(),
            forwards: Vec::new(),
            cards: Vec::new(),
            inquiries: Vec::new(),
            reversals: Vec::new(),
            advices: Vec::new(),
            lookups: Vec::new(),
            outputs: Vec::new(),
            limits,
            bridges,
            key_generation: 0,
            logged_on: true,
            rekeyed: Vec::new(),
        }
    }

    pub(crate) fn change(&mut self, change: Change) {
        let order = ControlOrder::Change { change, tell: Vec::new() };
        self.control(order);
    }

    pub(crate) fn control(&mut self, order: ControlOrder) {
        let control = self.control_of(order);
        self.input(Input::Control(control));
    }

    pub(crate) fn control_of(&self, order: ControlOrder) -> Control {
        Control { ticket: 1, at_ms: self.wall.0, actor: "test".to_owned(), order }
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.transactions.handle(self.now, self.wall, input, &self.book);
        self.run();
    }

    /// Commits what is staged and carries the outputs out as the shell does.
    pub(crate) fn run(&mut self) {
        let (mut commands, mut outcomes) = (Vec::new(), Vec::new());
        while self.transactions.stage(&mut commands) {
            self.book.commit(&mut commands, &mut outcomes).unwrap();
            self.transactions.committed(self.now, &mut outcomes);
        }
        while let Some(output) = self.transactions.poll() {
            match output {
                Output::Reply(reply) => self.replies.push(reply),
                Output::Provider(request, card) => match request.kind {
                    ProviderRequestKind::Authorize => {
                        self.forwards.push(request);
                        self.cards.push(card);
                    }
                    ProviderRequestKind::Inquire => self.inquiries.push(request),
                    ProviderRequestKind::Reverse => self.reversals.push(request),
                    ProviderRequestKind::Advise => self.advices.push(request),
                    ProviderRequestKind::Lookup => self.lookups.push(request),
                },
                Output::Changed(records) => {
                    self.rekeyed.extend(records.iter().filter_map(|r| self.directory.apply(r)));
                }
                Output::Proved { terminal, generation } => {
                    self.rekeyed.extend(self.directory.prove(terminal, generation));
                }
                other => self.outputs.push(other),
            }
        }
    }

    pub(crate) fn pass(&mut self, span: Span) {
        self.now = self.now.after(span);
        self.wall.0 += span.0 / 1_000_000;
        if self.transactions.deadline().is_some_and(|at| at <= self.now) {
            self.input(Input::Deadline);
        }
        assert!(
            self.transactions.deadline().is_none_or(|at| at > self.now),
            "a deadline that stays"
        );
    }

    /// The bridge that a transaction's order went to last reports on it.
    pub(crate) fn found(&mut self, key: Key, found: ProviderResult) {
        let row = self.book.transaction(&key).unwrap();
        let sale = row.map(|row| match row.original {
            Some(original) => self.book.transaction(&original).unwrap().unwrap(),
            None => row,
        });
        let went = |bridge: &Bridge| {
            sale.as_ref().is_some_and(|sale| sale.bridge == store::BridgeTag::of(&bridge.name))
        };
        let bridge = self.bridges.iter().position(went).unwrap_or_default();
        self.found_by(u16::try_from(bridge).unwrap(), key, found);
    }

    /// A bridge reports on a transaction.
    pub(crate) fn found_by(&mut self, bridge: u16, key: Key, found: ProviderResult) {
        self.input(Input::ProviderResult { key, bridge, found });
    }

    /// The provider has not seen the order when it was last asked.
    pub(crate) fn not_seen(&mut self, key: Key) {
        let asked = self.inquiries.iter().rfind(|order| order.key == key).expect("it was asked");
        let attempt = asked.attempt;
        self.found(key, ProviderResult::NotFound { attempt });
    }

    /// The provider had not seen the order when it was asked for this time.
    pub(crate) fn not_seen_at(&mut self, key: Key, attempt: u32) {
        self.found(key, ProviderResult::NotFound { attempt });
    }

    pub(crate) fn approve(&mut self, key: Key) {
        let reference = Text::from("P-1").unwrap();
        self.found(
            key,
            ProviderResult::Outcome(ProviderOutcome::Approved { reference, chip: None }),
        );
    }

    /// Sends one message of a terminal through decoding and verification.
    pub(crate) fn ask(&mut self, terminal: u32, message: &TerminalMessage<'_>) {
        self.ask_over(0, terminal, message);
    }

    /// As [`Rig::ask`], over another session of the terminal.
    pub(crate) fn ask_over(
        &mut self,
        generation: u32,
        terminal: u32,
        message: &TerminalMessage<'_>,
    ) {
        let processed = self.processed(generation, terminal, message);
        self.take(processed);
    }

    /// As [`Rig::ask`], with a body that nobody of ours wrote.
    pub(crate) fn ask_bytes(&mut self, terminal: u32, body: &[u8]) {
        let processed = self.worked_bytes(terminal, body);
        self.take(processed);
    }

    fn take(&mut self, processed: Processed) {
        match processed {
            Processed::Ask(ask) => self.input(Input::Ask(ask)),
            Processed::Reply(reply) => self.replies.push(reply),
        }
    }

    /// A message that passes verification, not yet with the transaction manager.
    pub(crate) fn verified(&self, terminal: u32, message: &TerminalMessage<'_>) -> Ask {
        match self.processed(0, terminal, message) {
            Processed::Ask(ask) => ask,
            Processed::Reply(_) => {
                panic!("{message:?} was answered without the transaction manager")
            }
        }
    }

    fn processed(
        &self,
        generation: u32,
        terminal: u32,
        message: &TerminalMessage<'_>,
    ) -> Processed {
        let mut body = Vec::new();
        message.encode(&mut body);
        self.worked_over(generation, terminal, &body)
    }

    /// What the pool makes of a body.
    pub(crate) fn worked_bytes(&self, terminal: u32, body: &[u8]) -> Processed {
        self.worked_over(0, terminal, body)
    }

    fn worked_over(&self, generation: u32, terminal: u32, body: &[u8]) -> Processed {
        let session = SessionId { reactor: 0, slot: terminal, generation };
        let (terminal, received) = (TerminalId(terminal), self.now);
        let (generation, logged_on) = (self.key_generation, self.logged_on);
        let origin = Origin { session, terminal, received, generation, logged_on };
        processing::decode_request(body, origin, self.wall, &Calendar::default(), &self.directory)
    }

    /// The bytes of the one reply there is.
    pub(crate) fn reply_bytes(&mut self) -> Vec<u8> {
        assert_eq!(self.replies.len(), 1, "one reply waits");
        let reply = self.replies.pop().unwrap();
        self.body_of(&reply)
    }

    pub(crate) fn body_of(&self, reply: &Reply) -> Vec<u8> {
        let parameters = LinkParameters { idle_s: 600, answer_s: 25, catalogue: 0 };
        let mut body = Vec::new();
        processing::encode_reply(
            reply,
            &keys(),
            &self.directory.registry,
            &parameters,
            self.wall,
            &mut body,
        );
        body
    }

    pub(crate) fn sell(&mut self, terminal: u32, sale: &Sale<'_>) -> Vec<u8> {
        self.ask(terminal, &TerminalMessage::Sale(*sale));
        self.reply_bytes()
    }

    /// The code that a sale is answered with.
    pub(crate) fn code(&mut self, terminal: u32, sale: &Sale<'_>) -> String {
        let body = self.sell(terminal, sale);
        answer(&body).code.to_string()
    }

    /// The row at a key of terminal 100.
    pub(crate) fn row(&self, stan: u32) -> Transaction {
        self.book.transaction(&top_up_key(stan)).unwrap().expect("it is journalled")
    }

    /// The row at a key of terminal 100, if there is one.
    pub(crate) fn row_if_any(&self, stan: u32) -> Option<Transaction> {
        self.book.transaction(&top_up_key(stan)).unwrap()
    }

    /// The code of the one reply there is.
    pub(crate) fn reply_code(&mut self) -> String {
        answer(&self.reply_bytes()).code.to_string()
    }

    pub(crate) fn float(&self) -> store::Account {
        self.book.account(&store::AccountId::float(SellerId(5), KES))
    }
}

pub(crate) fn answer(body: &[u8]) -> Answer<'_> {
    match GatewayMessage::decode(body).unwrap() {
        GatewayMessage::Answer(answer) => answer,
        other => panic!("not an answer: {other:?}"),
    }
}

pub(crate) fn voucher_sale(stan: u32) -> Sale<'static> {
    Sale {
        stan,
        date: BusinessDate(today().0),
        service: VOUCHERS,
        product: 1,
        amount_minor: 5_000,
        currency: KES,
        subscriber: "",
        token: 0,
        fee_minor: 0,
    }
}

pub(crate) fn top_up_sale(stan: u32) -> Sale<'static> {
    let service = TOP_UPS;
    Sale {
        service,
        product: 0,
        amount_minor: 2_500,
        subscriber: "254700000001",
        ..voucher_sale(stan)
    }
}

pub(crate) fn top_up_key(stan: u32) -> Key {
    Key { date: today(), terminal: TerminalId(100), stan }
}
