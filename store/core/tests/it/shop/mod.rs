//! A small shop for tests of whole stores: one seller below two distributors, two terminals, a
//! voucher service and a top-up service, as many vouchers as asked for.

#![allow(dead_code, reason = "each test binary uses its own part of the shop")]

use tillgate_store_core::commission;
use tillgate_store_core::{
    Advice, Asker, Begin, BridgeTag, BusinessDate, Change, Command, CommissionRule, Confirm,
    Distributor, DistributorId, Engine, Finish, FollowUp, Fulfilment, Funding, Handset, Key, Kind,
    LedgerStore, Legs, Msisdn, Outcome, PinHash, PinTry, Product, ProductId, ProviderOutcome,
    RefundOrder, RefundStep, RegistryRecord, ReversalRule, Reverse, SaleTerms, Sealed, Seller,
    SellerId, Service, ServiceId, Services, Settle, Status, StockRules, Store, Terminal,
    TerminalId, Text, Totals, Velocity, VerificationResult, Voucher,
};

/// Unix milliseconds at which everything happens.
pub(crate) const AT_MS: u64 = 1_900_000_000_000;
/// The business date of every sale.
pub(crate) const TODAY: BusinessDate = BusinessDate(9_500);
/// Face value of every voucher and top-up, minor units.
pub(crate) const PRICE: u64 = 1_000;
/// Float loaded at the start, minor units.
pub(crate) const FLOAT: i64 = 50_000_000;
/// The seller.
pub(crate) const SELLER: SellerId = SellerId(7);
/// The voucher service, with product 1.
pub(crate) const VOUCHERS: ServiceId = ServiceId(10);
/// The top-up service, with product 1.
pub(crate) const TOP_UPS: ServiceId = ServiceId(20);
/// Its currency.
pub(crate) const CURRENCY: u16 = 978;

/// A book over `backend` with the shop in it and `vouchers` vouchers on sale.
pub(crate) fn open<B: Engine>(backend: B, vouchers: u32) -> LedgerStore<B> {
    let mut book = LedgerStore::open(backend, *b"testshop").unwrap();
    assert_eq!(change(&mut book, opening(vouchers)), Outcome::Applied);
    book
}

/// Commits one change.
pub(crate) fn change<B: Engine>(book: &mut LedgerStore<B>, change: Change) -> Outcome {
    commit(book, vec![Command::Change(change)]).remove(0)
}

/// Commits a batch.
pub(crate) fn commit<B: Engine>(
    book: &mut LedgerStore<B>,
    mut commands: Vec<Command>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    book.commit(&mut commands, &mut outcomes).unwrap();
    outcomes
}

/// The change that opens the shop.
pub(crate) fn opening(vouchers: u32) -> Change {
    let terminal = |id| {
        let key = (1, sealed(id));
        RegistryRecord::Terminal(Terminal::new(TerminalId(id), SELLER, Services::All, key))
    };
    let distributor = |id, parent: Option<u32>| {
        RegistryRecord::Distributor(Distributor {
            id: DistributorId(id),
            parent: parent.map(DistributorId),
            name: format!("Distributor {id}"),
            status: Status::Active,
        })
    };
    Change {
        at_ms: AT_MS,
        actor: "operator".to_owned(),
        note: "opening".to_owned(),
        records: vec![
            distributor(1, None),
            distributor(2, Some(1)),
            RegistryRecord::Seller(seller()),
            terminal(42),
            terminal(43),
            RegistryRecord::Handset(handset()),
            RegistryRecord::Service(service(VOUCHERS, Fulfilment::Stock)),
            RegistryRecord::Service(service(TOP_UPS, Fulfilment::Provider)),
        ],
        vouchers: (0..vouchers).map(voucher).collect(),
        batches: Vec::new(),
        funds: vec![funding("opening", FLOAT)],
    }
}

/// A handset of terminal 42.
pub(crate) fn handset() -> Handset {
    Handset {
        msisdn: Msisdn::of("255712345678").unwrap(),
        terminal: TerminalId(42),
        status: Status::Active,
        revision: 1,
        initial: false,
        pin: Some(PinHash { key: sealed(7), tag: [7; 32] }),
    }
}

/// The seller's record.
pub(crate) fn seller() -> Seller {
    Seller {
        id: SELLER,
        distributor: DistributorId(2),
        name: "Corner shop".to_owned(),
        status: Status::Active,
        currency: CURRENCY,
        credit_limit_minor: 5_000,
    }
}

/// A float load.
pub(crate) fn funding(reference: &str, amount_minor: i64) -> Funding {
    Funding {
        reference: Text::from(reference).unwrap(),
        seller: SELLER,
        amount_minor,
        at_ms: AT_MS,
        legs: Legs::new(),
    }
}

fn service(id: ServiceId, fulfilment: Fulfilment) -> Service {
    let rule = |level, basis_points| CommissionRule::percent(level, basis_points, BusinessDate(0));
    Service {
        route: "bridge".to_owned(),
        amount_min_minor: 1,
        amount_max_minor: 100_000,
        products: vec![Product {
            id: ProductId(1),
            name: "Ten".to_owned(),
            amount_minor: PRICE,
            stock: StockRules::default(),
        }],
        commission: vec![rule(0, 333), rule(1, 150), rule(2, 50)],
        ..Service::new(id, &format!("Service {id}"), fulfilment, CURRENCY)
    }
}

/// The `n`th voucher of the service; later ones expire later.
pub(crate) fn voucher(n: u32) -> Voucher {
    Voucher {
        service: VOUCHERS,
        product: ProductId(1),
        serial: Text::from(&format!("S{n:08}")).unwrap(),
        expiry: BusinessDate(TODAY.0 + 1 + u16::try_from(n / 1_000).unwrap()),
        pin: sealed(n),
    }
}

fn sealed(n: u32) -> Sealed {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&n.to_be_bytes());
    let bytes = n.to_le_bytes().repeat(8).into_iter().collect();
    Sealed { kek_id: 1, nonce, bytes }
}

/// The key of a request.
pub(crate) fn key(terminal: u32, stan: u32) -> Key {
    Key { date: TODAY, terminal: TerminalId(terminal), stan }
}

/// A sale of one voucher.
pub(crate) fn sell(key: Key) -> Command {
    begin(key, Fulfilment::Stock, VOUCHERS)
}

/// A top-up.
pub(crate) fn top_up(key: Key) -> Command {
    begin(key, Fulfilment::Provider, TOP_UPS)
}

fn begin(key: Key, fulfilment: Fulfilment, service_id: ServiceId) -> Command {
    let chain = [DistributorId(2), DistributorId(1)];
    let legs = commission::legs(&service(service_id, fulfilment), &seller(), &chain, PRICE, TODAY);
    let (legs, _) = legs.unwrap();
    let terms = SaleTerms { reversal: ReversalRule::usual(fulfilment), ..SaleTerms::default() };
    Command::Begin(Begin {
        key,
        digest: [1; 16].into(),
        at_ms: AT_MS,
        today: TODAY,
        kind: Kind::Sale(fulfilment),
        seller: SELLER,
        service: service_id,
        product: ProductId(1),
        amount_minor: PRICE,
        currency: CURRENCY,
        subscriber: Text::new(),
        bridge: BridgeTag::of("bridge"),
        terms,
        verdict: VerificationResult::Accepted {
            legs,
            velocity: Velocity::default(),
            least_days: 0,
        },
    })
}

/// What a provider said about a top-up.
pub(crate) fn finish(key: Key, result: ProviderOutcome) -> Command {
    Command::Finish(Finish { key, at_ms: AT_MS + 1, by: BridgeTag::NONE, result })
}

/// A reversal of `original`.
pub(crate) fn reverse(key: Key, original: Key) -> Command {
    let (digest, amount_minor, at_ms) = ([2; 16].into(), PRICE, AT_MS);
    let (today, reason) = (TODAY, 1);
    Command::Reverse(Reverse { key, digest, original, amount_minor, at_ms, today, reason })
}

/// The key of the reversal that [`busy`]'s refund is.
pub(crate) const REFUND: Key = Key { date: TODAY, terminal: TerminalId::OPERATOR, stan: 1 };

fn refund(step: RefundStep, actor: &str) -> Command {
    let (actor, note) = (actor.to_owned(), "voided".to_owned());
    let (key, at_ms, today) = (key(42, 1), AT_MS, TODAY);
    Command::Refund(RefundOrder { key, step, at_ms, today, actor, note })
}

/// A settlement of today by terminal 43 that claims nothing was sold.
pub(crate) fn settle(key: Key) -> Command {
    let (digest, claimed) = ([3; 16].into(), Totals::default());
    let (seller, distributor) = (SELLER, DistributorId(2));
    let (date, currency) = (TODAY, CURRENCY);
    Command::Settle(Settle {
        key,
        digest,
        at_ms: AT_MS,
        seller,
        distributor,
        date,
        currency,
        claimed,
    })
}

/// A book over `backend` with one of everything in it: 6 vouchers of 10 sold, one of them
/// refunded after its reversal was refused,
/// top-ups approved, declined, unknown and just begun, a tombstone, a reversal that the provider
/// owes; of terminal 43 a top-up that is taken back (4), one that an advice is owed for (5), one
/// of the operator's (6) and a settlement whose totals differ (20).
pub(crate) fn busy<B: Engine>(backend: B) -> LedgerStore<B> {
    let mut book = open(backend, 10);
    commit(&mut book, (1..=4).map(|stan| sell(key(42, stan))).collect());
    commit(&mut book, vec![sell(key(43, 1)), sell(key(43, 2)), top_up(key(43, 3))]);
    commit(&mut book, (5..=8).map(|stan| top_up(key(42, stan))).collect());
    let approved =
        ProviderOutcome::Approved { reference: Text::from("provider-1").unwrap(), chip: None };
    let code = tillgate_store_core::ResponseCode(*b"05");
    commit(
        &mut book,
        vec![
            finish(key(42, 5), approved),
            finish(
                key(42, 6),
                ProviderOutcome::Declined { code, reference: Text::new(), chip: None },
            ),
            finish(key(42, 7), ProviderOutcome::Unknown),
            reverse(key(42, 9), key(42, 1)),
            reverse(key(42, 10), key(42, 99)),
            reverse(key(42, 11), key(42, 5)),
            Command::Logon { terminal: TerminalId(42), generation: 0, counter: 5, proved: true },
            Command::PinTry(PinTry {
                msisdn: handset().msisdn,
                revision: 1,
                matched: false,
                at_ms: AT_MS,
            }),
        ],
    );
    let void = RefundStep::Propose { reference: Text::from("VOID-1").unwrap() };
    commit(&mut book, vec![refund(void, "ann"), refund(RefundStep::Approve, "bob")]);
    commit(&mut book, (4..=6).map(|stan| top_up(key(43, stan))).collect());
    let due = |stan, what| Command::DueFollowUp { key: key(43, stan), what, at_ms: AT_MS };
    let advice = Advice::Owed;
    let approved = ProviderOutcome::Approved { reference: Text::new(), chip: None };
    commit(
        &mut book,
        vec![
            due(4, FollowUp::Reversal),
            finish(key(43, 5), approved),
            Command::Confirm(Confirm {
                asker: Asker::Terminal,
                original: key(43, 5),
                amount_minor: None,
                at_ms: AT_MS,
                advice,
            }),
            due(6, FollowUp::Operator),
            settle(key(43, 20)),
        ],
    );
    let mut later = Change { at_ms: AT_MS, actor: "operator".to_owned(), ..Change::default() };
    later.funds.push(funding("second", -1_000));
    assert_eq!(change(&mut book, later), Outcome::Applied);
    book
}
