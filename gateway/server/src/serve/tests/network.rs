//! What is in the store of the tests: one seller, a few terminals, vouchers, a top-up service.

use tillgate_codec::link::message::Sale;
use tillgate_core::time::Calendar;
use tillgate_store_core as store;
use tillgate_store_core::commission::legs;
use tillgate_store_core::vault::{Vault, terminal_context, voucher_context};
use tillgate_store_core::{
    AccountField, AccountForm, AmountSource, Begin, BridgeTag, Change, CommissionRule, Distributor,
    DistributorId, Fulfilment, Funding, Key, Kind, Language, Product, ProductId, Registry,
    RegistryRecord, Seller, SellerId, Service, ServiceId, Services, Status, StockRules, Terminal,
    TerminalId, Text, VerificationResult, Voucher,
};

use crate::serve::clock::{Clock, ClockTrust};

pub(super) const CURRENCY: u16 = 404;
pub(super) const VOUCHERS: u16 = 10;
pub(super) const TOP_UPS: u16 = 20;
/// Terminals 100 and up.
pub(super) const FIRST_TERMINAL: u32 = 100;
const TERMINALS: u32 = 40;
const STOCK: u32 = 2_000;

pub(super) fn psk(terminal: u32) -> [u8; 32] {
    let mut psk = [7; 32];
    psk[..4].copy_from_slice(&terminal.to_be_bytes());
    psk
}

pub(super) fn today() -> store::BusinessDate {
    Calendar::default().date(Clock::start(ClockTrust::Checked).wall())
}

pub(super) fn voucher_sale(stan: u32) -> Sale<'static> {
    Sale {
        stan,
        date: today(),
        service: VOUCHERS,
        product: 1,
        amount_minor: 5_000,
        currency: CURRENCY,
        subscriber: "",
        token: 0,
        fee_minor: 0,
    }
}

pub(super) fn top_up_sale(stan: u32, subscriber: &str) -> Sale<'_> {
    Sale { service: TOP_UPS, product: 0, amount_minor: 2_500, subscriber, ..voucher_sale(stan) }
}

/// A top-up of the first terminal, as verification passes it on.
pub(super) fn intent(registry: &Registry, stan: u32) -> Begin {
    let sale = top_up_sale(stan, "254700000068");
    let date = sale.date;
    let service = registry.service(ServiceId(TOP_UPS)).unwrap();
    let seller = registry.seller(SellerId(5)).unwrap();
    let chain = [DistributorId(1)];
    let legs = legs(service, seller, &chain, sale.amount_minor, date).unwrap();
    let (legs, charges) = legs;
    let (key, velocity) =
        (Key { date, terminal: TerminalId(FIRST_TERMINAL), stan }, service.velocity);
    Begin {
        key,
        digest: [7; 16].into(),
        at_ms: Clock::start(ClockTrust::Checked).wall().0,
        today: date,
        kind: Kind::Sale(Fulfilment::Provider),
        seller: SellerId(5),
        service: ServiceId(TOP_UPS),
        product: ProductId(0),
        amount_minor: sale.amount_minor,
        currency: sale.currency,
        subscriber: Text::from(sale.subscriber).unwrap(),
        bridge: BridgeTag::of("topup"),
        terms: service.terms(seller, charges, Language::default()),
        verdict: VerificationResult::Accepted { legs, velocity, least_days: 0 },
    }
}

pub(super) fn terminal(vault: &Vault, id: u32) -> Terminal {
    let mut nonce = [2; 12];
    nonce[..4].copy_from_slice(&id.to_be_bytes());
    let context = terminal_context(TerminalId(id), 1);
    let key = vault.seal(&context, nonce, &psk(id)).unwrap();
    Terminal::new(TerminalId(id), SellerId(5), Services::All, (1, key))
}

pub(super) fn change(vault: &Vault) -> Change {
    let vouchers = service(VOUCHERS, Fulfilment::Stock);
    let top_ups = top_ups("topup");
    let mut records = vec![
        RegistryRecord::Distributor(Distributor {
            id: DistributorId(1),
            parent: None,
            name: "the distributor".to_owned(),
            status: Status::Active,
        }),
        RegistryRecord::Seller(Seller {
            id: SellerId(5),
            distributor: DistributorId(1),
            name: "a shop".to_owned(),
            status: Status::Active,
            currency: CURRENCY,
            credit_limit_minor: 0,
        }),
        RegistryRecord::Service(vouchers),
        RegistryRecord::Service(top_ups),
    ];
    let terminals = FIRST_TERMINAL..FIRST_TERMINAL + TERMINALS;
    records.extend(terminals.map(|id| RegistryRecord::Terminal(terminal(vault, id))));
    Change {
        actor: "test".to_owned(),
        records,
        vouchers: (0..STOCK).map(|number| voucher(vault, number)).collect(),
        funds: vec![Funding {
            reference: Text::from("opening").unwrap(),
            seller: SellerId(5),
            amount_minor: 100_000_000,
            at_ms: 0,
            legs: store::Legs::new(),
        }],
        ..Change::default()
    }
}

/// Top-ups by this bridge or route.
pub(super) fn top_ups(route: &str) -> Service {
    Service {
        route: route.to_owned(),
        amount: AmountSource::Open,
        account: Some(AccountField::of(AccountForm::Phone)),
        products: Vec::new(),
        ..service(TOP_UPS, Fulfilment::Provider)
    }
}

fn service(id: u16, fulfilment: Fulfilment) -> Service {
    Service {
        amount_min_minor: 100,
        amount_max_minor: 50_000,
        products: vec![Product {
            id: ProductId(1),
            name: "50".to_owned(),
            amount_minor: 5_000,
            stock: StockRules::default(),
        }],
        commission: vec![CommissionRule::percent(0, 400, today())],
        ..Service::new(ServiceId(id), &format!("service {id}"), fulfilment, CURRENCY)
    }
}

fn voucher(vault: &Vault, number: u32) -> Voucher {
    let serial = Text::from(format!("S{number:06}").as_str()).unwrap();
    let (service, product) = (ServiceId(VOUCHERS), ProductId(1));
    let mut nonce = [1; 12];
    nonce[..4].copy_from_slice(&number.to_be_bytes());
    let context = voucher_context(service, product, &serial);
    Voucher {
        service,
        product,
        serial,
        expiry: store::BusinessDate(today().0 + 30),
        pin: vault.seal(&context, nonce, format!("1234-{number:06}").as_bytes()).unwrap(),
    }
}
