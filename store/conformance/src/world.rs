//! A store with the network of [`super::network`] in it, and the shorthands of the cases.

use super::network::{CURRENCY, PRICE_MINOR, TODAY, TOP_UPS, VOUCHERS, load, network, voucher};
use super::{Factory, balance};
use tillgate_store_core::command::{
    Advice, Asker, Begin, Change, Command, Confirm, Finish, ProviderOutcome, RefundOrder,
    RefundStep, Repeat, Resolution, Resolve, Reverse, Settle, VerificationResult,
};
use tillgate_store_core::commission;
use tillgate_store_core::ids::{AccountId, BridgeTag, Key, Text};
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{
    Account, FollowUp, Funding, Kind, Language, RegistryRecord, Totals, Transaction, Voucher,
};
use tillgate_store_core::registry::Registry;
use tillgate_store_core::store::Store;
use tillgate_store_core::verify::verify;
use tillgate_store_core::{LedgerStore, StoreError};
use tillgate_types::{
    BusinessDate, DistributorId, ProductId, ResponseCode, SellerId, ServiceId, TerminalId,
};

/// A store with the network in it.
#[derive(Debug)]
pub struct World<F: Factory> {
    factory: F,
    book: Option<LedgerStore<F::Engine>>,
    /// What requests are verified against.
    pub registry: Registry,
    /// The time of the next command.
    pub now_ms: u64,
    /// The gateway's business date.
    pub today: BusinessDate,
}

impl<F: Factory> World<F> {
    /// A new store with the network, without float or stock.
    pub fn new(mut factory: F) -> Self {
        let engine = factory.fresh();
        let book = LedgerStore::open(engine, *b"lawstore").expect("an empty engine opens");
        let now_ms = 1_772_323_200_000;
        let mut world =
            Self { factory, book: Some(book), registry: Registry::new(), now_ms, today: TODAY };
        assert_eq!(world.change(network(), vec![], vec![]), Outcome::Applied);
        world
    }

    /// A new store with the network, float for both sellers and vouchers of product 1.
    pub fn stocked(factory: F, float_minor: i64, vouchers: u16) -> Self {
        let mut world = Self::new(factory);
        let expiry = BusinessDate(TODAY.0 + 100);
        let stock = (0..vouchers).map(|n| voucher(ProductId(1), n, expiry)).collect();
        let funds = vec![load("start-1", 1, float_minor), load("start-2", 2, float_minor)];
        assert_eq!(world.change(vec![], stock, funds), Outcome::Applied);
        world
    }

    /// The store.
    pub fn book(&self) -> &LedgerStore<F::Engine> {
        self.book.as_ref().expect("the store is open")
    }

    /// Closes the store and opens it again.
    pub fn reopen(&mut self) {
        let engine = self.take_engine();
        let engine = self.factory.reopen(engine);
        self.put_engine(engine).expect("a store opens as it was left");
    }

    /// Takes the engine out; the store is closed.
    pub fn take_engine(&mut self) -> F::Engine {
        self.book.take().expect("the store is open").into_backend()
    }

    /// Opens the store over an engine.
    pub fn put_engine(&mut self, engine: F::Engine) -> Result<(), StoreError> {
        self.book = Some(LedgerStore::open(engine, *b"otherone")?);
        self.registry = self.book().load_registry()?;
        Ok(())
    }

    /// Commits a batch; afterwards the books must balance, by [`balance`] and by
    /// [`tillgate_store_core::verify()`].
    pub fn commit(&mut self, mut commands: Vec<Command>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let count = commands.len();
        let book = self.book.as_mut().expect("the store is open");
        book.commit(&mut commands, &mut outcomes).expect("the engine writes");
        assert!(commands.is_empty() && outcomes.len() == count, "one outcome for each command");
        balance::check(self.book());
        let report = verify(self.book().backend()).expect("the store can be verified");
        assert!(report.violations.is_empty(), "{:?}", report.violations);
        outcomes
    }

    /// Commits one command.
    pub fn run(&mut self, command: Command) -> Outcome {
        self.commit(vec![command]).pop().expect("one outcome for one command")
    }

    /// Commits a change and takes its records into the registry if it is applied.
    pub fn change(
        &mut self,
        records: Vec<RegistryRecord>,
        vouchers: Vec<Voucher>,
        funds: Vec<Funding>,
    ) -> Outcome {
        let (actor, note) = ("law".to_owned(), "by the conformance suite".to_owned());
        let given = records.clone();
        let at_ms = self.now_ms;
        let batches = Vec::new();
        let change = Change { at_ms, actor, note, records, vouchers, batches, funds };
        let outcome = self.run(Command::Change(change));
        if outcome == Outcome::Applied {
            given.iter().for_each(|record| self.registry.apply(record));
        }
        outcome
    }

    /// A verified request for product 1 of [`VOUCHERS`].
    pub fn voucher_sale(&self, key: Key) -> Begin {
        let subscriber = Text::new();
        self.sale(key, VOUCHERS, ProductId(1), PRICE_MINOR, subscriber)
    }

    /// A verified request for a top-up.
    pub fn top_up(&self, key: Key, amount_minor: u64) -> Begin {
        let subscriber = Text::from("15550100").expect("short enough");
        self.sale(key, TOP_UPS, ProductId(0), amount_minor, subscriber)
    }

    /// A verified request, its digest made of what was asked for.
    pub fn sale(
        &self,
        key: Key,
        service: ServiceId,
        product: ProductId,
        amount_minor: u64,
        subscriber: Text<24>,
    ) -> Begin {
        let terminal = self.registry.terminal(key.terminal).expect("a terminal of the world");
        let seller = self.registry.seller(terminal.seller).expect("its seller");
        let service = self.registry.service(service).expect("a service of the world");
        let least_days = service.product(product).map_or(0, |found| found.stock.least_days);
        let chain = self.registry.chain(seller.distributor).expect("the tree is sound");
        let chain: Vec<DistributorId> = chain.iter().map(|above| above.id).collect();
        let legs = commission::legs(service, seller, &chain, amount_minor, key.date);
        let (legs, charges) = legs.expect("the world's amounts can be posted");
        Begin {
            key,
            digest: digest(service.id.0, product.0, amount_minor).into(),
            at_ms: self.now_ms,
            today: self.today,
            kind: Kind::Sale(service.fulfilment),
            seller: seller.id,
            service: service.id,
            product,
            amount_minor,
            currency: seller.currency,
            subscriber,
            bridge: BridgeTag::of("provider"),
            terms: service.terms(seller, charges, Language::default()),
            verdict: VerificationResult::Accepted { legs, velocity: service.velocity, least_days },
        }
    }

    /// Sells a voucher; its row.
    pub fn sell(&mut self, key: Key) -> Transaction {
        let begin = self.voucher_sale(key);
        done(self.run(Command::Begin(begin)))
    }

    /// Begins a top-up; its row.
    pub fn begin_top_up(&mut self, key: Key, amount_minor: u64) -> Transaction {
        let begin = self.top_up(key, amount_minor);
        done(self.run(Command::Begin(begin)))
    }

    /// Tells the outcome of a sale.
    pub fn finish(&mut self, key: Key, result: ProviderOutcome) -> Outcome {
        self.run(Command::Finish(Finish { key, at_ms: self.now_ms, by: BridgeTag::NONE, result }))
    }

    /// Confirms a sale; no provider asks for an advice.
    pub fn confirm(&mut self, original: Key) -> Outcome {
        let advice = Advice::NotOwed;
        self.run(Command::Confirm(Confirm {
            asker: Asker::Terminal,
            original,
            amount_minor: None,
            at_ms: self.now_ms,
            advice,
        }))
    }

    /// Notes who has to act.
    pub fn mark_follow_up(&mut self, key: Key, what: FollowUp) -> Outcome {
        self.run(Command::DueFollowUp { key, what, at_ms: self.now_ms })
    }

    /// A person's verdict.
    pub fn resolve(&mut self, key: Key, verdict: Resolution) -> Outcome {
        self.run(resolve(key, verdict, self.now_ms))
    }

    /// Reverses a sale: code and row of the reversal, and the original as it is.
    pub fn reverse(
        &mut self,
        key: Key,
        original: Key,
        amount_minor: u64,
    ) -> (ResponseCode, Transaction, Option<Transaction>) {
        let command = reversal(key, original, amount_minor, self.now_ms);
        match self.run(command) {
            Outcome::Reversed { reversal, original } => (reversal.code, reversal, original),
            other => panic!("a new reversal was answered with {other:?}"),
        }
    }

    /// The float of a seller.
    pub fn float(&self, seller: u32) -> Account {
        self.book().account(&AccountId::float(SellerId(seller), CURRENCY))
    }

    /// The row at a key.
    pub fn row(&self, key: Key) -> Option<Transaction> {
        self.book().transaction(&key).expect("the engine reads")
    }
}

/// A key of a terminal today.
pub fn key(terminal: u32, stan: u32) -> Key {
    Key { date: TODAY, terminal: TerminalId(terminal), stan }
}

/// The row of an outcome that must be [`Outcome::Done`].
pub fn done(outcome: Outcome) -> Transaction {
    match outcome {
        Outcome::Done(row) => row,
        other => panic!("expected a row, got {other:?}"),
    }
}

/// A finding that approves.
pub fn approved() -> ProviderOutcome {
    ProviderOutcome::Approved { reference: Text::from("P-1").expect("short enough"), chip: None }
}

/// An answer is asked for again by a terminal in good standing.
pub fn repeat(original: Key, at_ms: u64) -> Repeat {
    let (standing, pins_from) = (ResponseCode::APPROVED, BusinessDate(0));
    Repeat { asker: Asker::Terminal, original, digest: None, at_ms, standing, pins_from }
}

/// A step of a refund.
pub fn refund(key: Key, step: RefundStep, actor: &str, at_ms: u64) -> Command {
    let (actor, note) = (actor.to_owned(), "voided by its issuer".to_owned());
    Command::Refund(RefundOrder { key, step, at_ms, today: TODAY, actor, note })
}

/// A proposal of a refund.
pub fn propose() -> RefundStep {
    RefundStep::Propose { reference: Text::from("VOID-1").expect("short enough") }
}

/// Whether it was refused, for one reason.
pub fn rejected(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected(why) if why.len() == 1)
}

/// A person's verdict.
pub fn resolve(key: Key, verdict: Resolution, at_ms: u64) -> Command {
    let (actor, note) = ("law".to_owned(), "asked by telephone".to_owned());
    Command::Resolve(Resolve { key, verdict, at_ms, actor, note })
}

/// A settlement of a date by a terminal that counted so.
pub fn settlement(key: Key, date: BusinessDate, claimed: Totals, at_ms: u64) -> Settle {
    let mut digest = [0x5E; 16];
    digest[..4].copy_from_slice(&claimed.sales_count.to_be_bytes());
    digest[4..12].copy_from_slice(&claimed.sales_minor.to_be_bytes());
    digest[12..].copy_from_slice(&claimed.reversals_count.to_be_bytes());
    let (digest, seller, distributor) = (digest.into(), SellerId(1), DistributorId(2));
    Settle { key, digest, at_ms, seller, distributor, date, currency: CURRENCY, claimed }
}

/// A digest that differs where what was asked for differs.
pub fn digest(service: u16, product: u16, amount_minor: u64) -> [u8; 16] {
    let mut digest = [0; 16];
    digest[..2].copy_from_slice(&service.to_be_bytes());
    digest[2..4].copy_from_slice(&product.to_be_bytes());
    digest[4..12].copy_from_slice(&amount_minor.to_be_bytes());
    digest
}

/// A reversal command.
pub fn reversal(key: Key, original: Key, amount_minor: u64, at_ms: u64) -> Command {
    let mut digest = [0xEE; 16];
    digest[..10].copy_from_slice(&original.to_bytes());
    let digest = digest.into();
    let (today, reason) = (key.date, 1);
    Command::Reverse(Reverse { key, digest, original, amount_minor, at_ms, today, reason })
}
