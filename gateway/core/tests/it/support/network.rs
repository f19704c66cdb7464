//! The small network of the tests.

use tillgate_store_core as store;
use tillgate_store_core::vault::{terminal_context, voucher_context};
use tillgate_store_core::{
    AccountField, AccountForm, AmountSource, Change, CommissionRule, Distributor, DistributorId,
    Fulfilment, Funding, Hours, Product, ProductId, RegistryRecord, Seller, SellerId, Service,
    ServiceId, Services, Status, StockRules, Terminal, TerminalId, Text, Velocity, Voucher,
};

use super::{KES, TOP_UPS, VOUCHERS, keys, today};

/// Two levels of distributors, one seller with a float of 1,000.00 and a credit of 100.00, two
/// terminals, a voucher service with three vouchers and a top-up service.
pub(crate) fn network() -> Change {
    let distributor = |id, parent| Distributor {
        id: DistributorId(id),
        parent,
        name: format!("distributor {id}"),
        status: Status::Active,
    };
    Change {
        records: vec![
            RegistryRecord::Distributor(distributor(1, None)),
            RegistryRecord::Distributor(distributor(2, Some(DistributorId(1)))),
            RegistryRecord::Seller(seller()),
            RegistryRecord::Terminal(terminal(100)),
            RegistryRecord::Terminal(terminal(101)),
            RegistryRecord::Service(vouchers()),
            RegistryRecord::Service(top_ups()),
        ],
        vouchers: (1..=3).map(voucher).collect(),
        funds: vec![funding("opening", 100_000)],
        ..Change::default()
    }
}

pub(crate) fn funding(reference: &str, amount_minor: i64) -> Funding {
    Funding {
        reference: Text::from(reference).unwrap(),
        seller: SellerId(5),
        amount_minor,
        at_ms: 0,
        legs: store::Legs::new(),
    }
}

pub(crate) fn seller() -> Seller {
    Seller {
        id: SellerId(5),
        distributor: DistributorId(2),
        name: "a shop".to_owned(),
        status: Status::Active,
        currency: KES,
        credit_limit_minor: 10_000,
    }
}

pub(crate) fn terminal(id: u32) -> Terminal {
    let context = terminal_context(TerminalId(id), 1);
    let key = keys().vault.seal(&context, [0; 12], &[7; 32]).unwrap();
    Terminal::new(TerminalId(id), SellerId(5), Services::All, (1, key))
}

pub(crate) fn vouchers() -> Service {
    Service {
        amount_min_minor: 100,
        amount_max_minor: 50_000,
        products: vec![product(1, "50", 5_000), product(2, "1000", 100_000), product(3, "1", 100)],
        commission: vec![
            CommissionRule::percent(0, 400, today()),
            CommissionRule::percent(1, 100, today()),
        ],
        ..Service::new(ServiceId(VOUCHERS), "airtime vouchers", Fulfilment::Stock, KES)
    }
}

pub(crate) fn top_ups() -> Service {
    Service {
        route: "topup".to_owned(),
        amount_min_minor: 100,
        amount_max_minor: 50_000,
        amount: AmountSource::Open,
        account: Some(AccountField::of(AccountForm::Phone)),
        commission: vouchers().commission,
        ..Service::new(ServiceId(TOP_UPS), "airtime", Fulfilment::Provider, KES)
    }
}

pub(crate) fn open_from(from_min: u16, to_min: u16) -> Option<Hours> {
    Some(Hours { from_min, to_min })
}

fn voucher(number: u16) -> Voucher {
    let serial = Text::from(format!("S{number:04}").as_str()).unwrap();
    let (service, product) = (ServiceId(VOUCHERS), ProductId(1));
    let context = voucher_context(service, product, &serial);
    let mut nonce = [1; 12];
    nonce[0] = u8::try_from(number).unwrap();
    let pin = format!("1234-5678-{number:04}");
    Voucher {
        service,
        product,
        serial,
        expiry: store::BusinessDate(today().0 + number),
        pin: keys().vault.seal(&context, nonce, pin.as_bytes()).unwrap(),
    }
}

fn product(id: u16, name: &str, amount_minor: u64) -> Product {
    let stock = StockRules::default();
    Product { id: ProductId(id), name: name.to_owned(), amount_minor, stock }
}
