//! The small network the cases play in.
//!
//! ```text
//! distributor 1 (top)
//!   +- distributor 2
//!   |    +- seller 1, no credit: terminals 1 and 2
//!   +- seller 2, credit 5,000: terminal 3
//! service 10: vouchers, product 1 at 1,000 and product 2 at 250; earns 5 %, 2 %, 1 %
//! service 20: top-ups, 100 to 50,000; earns 3 %
//! ```

use tillgate_store_core::ids::Text;
use tillgate_store_core::record::{
    AccountField, AccountForm, AmountSource, CommissionRule, Distributor, Fulfilment, Funding,
    Legs, Product, RegistryRecord, Seller, Service, Services, Status, StockRules, Terminal,
    Velocity, Voucher,
};
use tillgate_store_core::vault::Sealed;
use tillgate_types::{BusinessDate, DistributorId, ProductId, SellerId, ServiceId, TerminalId};

/// The currency of everything.
pub const CURRENCY: u16 = 840;
/// The date the cases begin on, 2026-03-01.
pub const TODAY: BusinessDate = BusinessDate(9_556);
/// The voucher service.
pub const VOUCHERS: ServiceId = ServiceId(10);
/// The top-up service.
pub const TOP_UPS: ServiceId = ServiceId(20);
/// Price of product 1 of [`VOUCHERS`], minor units.
pub const PRICE_MINOR: u64 = 1_000;

/// A voucher of [`VOUCHERS`], its serial made of its number.
pub fn voucher(product: ProductId, number: u16, expiry: BusinessDate) -> Voucher {
    let serial = Text::from(&format!("S{number:06}")).expect("short enough");
    Voucher { service: VOUCHERS, product, serial, expiry, pin: sealed(number) }
}

/// A float load.
pub fn load(reference: &str, seller: u32, amount_minor: i64) -> Funding {
    let reference = Text::from(reference).expect("short enough");
    let (seller, legs) = (SellerId(seller), Legs::new());
    Funding { reference, seller, amount_minor, at_ms: 0, legs }
}

/// Something that looks sealed.
pub fn sealed(number: u16) -> Sealed {
    let mut nonce = [7; 12];
    nonce[..2].copy_from_slice(&number.to_be_bytes());
    let bytes = number.to_be_bytes().into_iter().chain([0xA5; 28]).collect();
    Sealed { kek_id: 1, nonce, bytes }
}

/// A distributor.
pub fn distributor(id: u32, parent: Option<u32>) -> RegistryRecord {
    RegistryRecord::Distributor(Distributor {
        id: DistributorId(id),
        parent: parent.map(DistributorId),
        name: format!("Distributor {id}"),
        status: Status::Active,
    })
}

/// A seller.
pub fn seller(id: u32, above: u32, credit_limit_minor: i64) -> RegistryRecord {
    RegistryRecord::Seller(Seller {
        id: SellerId(id),
        distributor: DistributorId(above),
        name: format!("Seller {id}"),
        status: Status::Active,
        currency: CURRENCY,
        credit_limit_minor,
    })
}

/// A terminal.
pub fn terminal(id: u32, seller: u32) -> RegistryRecord {
    let key = (1, sealed(u16::MAX));
    RegistryRecord::Terminal(Terminal::new(TerminalId(id), SellerId(seller), Services::All, key))
}

/// [`VOUCHERS`] or [`TOP_UPS`] with these limits per terminal.
pub fn service(id: ServiceId, velocity: Velocity) -> RegistryRecord {
    let vouchers = id == VOUCHERS;
    let from = BusinessDate(0);
    let rule = |level, basis_points| CommissionRule::percent(level, basis_points, from);
    let product = |id, amount_minor| {
        let name = format!("Product {id}");
        Product { id: ProductId(id), name, amount_minor, stock: StockRules::default() }
    };
    let fulfilment = if vouchers { Fulfilment::Stock } else { Fulfilment::Provider };
    RegistryRecord::Service(Service {
        route: "provider".to_owned(),
        amount_min_minor: 100,
        amount_max_minor: 50_000,
        amount: if vouchers { AmountSource::Products } else { AmountSource::Open },
        products: if vouchers { vec![product(1, PRICE_MINOR), product(2, 250)] } else { vec![] },
        commission: if vouchers {
            vec![rule(0, 500), rule(1, 200), rule(2, 100)]
        } else {
            vec![rule(0, 300)]
        },
        velocity,
        account: (!vouchers).then(|| AccountField::of(AccountForm::Phone)),
        ..Service::new(id, &format!("Service {id}"), fulfilment, CURRENCY)
    })
}

/// All of it, what is referred to after what refers.
pub fn network() -> Vec<RegistryRecord> {
    vec![
        terminal(1, 1),
        terminal(2, 1),
        terminal(3, 2),
        seller(1, 2, 0),
        seller(2, 1, 5_000),
        distributor(2, Some(1)),
        distributor(1, None),
        service(VOUCHERS, Velocity::default()),
        service(TOP_UPS, Velocity::default()),
    ]
}
