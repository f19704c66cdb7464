//! Laws of control totals: a batch is what its issuer counted, and is loaded once.

use super::Factory;
use super::network::{CURRENCY, PRICE_MINOR, TODAY, VOUCHERS, service, voucher};
use super::world::World;
use std::ops::ControlFlow;
use tillgate_store_core::command::{Change, Command};
use tillgate_store_core::ids::Text;
use tillgate_store_core::journal;
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{
    Audit, BatchOf, RegistryRecord, Service, Velocity, Voucher, VoucherBatch,
};
use tillgate_types::{BusinessDate, ProductId, ServiceId};

const EXPIRY: BusinessDate = BusinessDate(TODAY.0 + 90);
const PRODUCT: ProductId = ProductId(1);

/// The control totals of these vouchers, all of one product.
pub fn totals(number: &str, vouchers: &[Voucher], face_minor: u64) -> VoucherBatch {
    let of = BatchOf {
        number: Text::from(number).expect("short enough"),
        service: vouchers.first().map_or(VOUCHERS, |voucher| voucher.service),
        product: vouchers.first().map_or(PRODUCT, |voucher| voucher.product),
    };
    // Serials of the suite have one length.
    let serials = || vouchers.iter().map(|voucher| voucher.serial);
    VoucherBatch {
        of,
        batch_no: 0,
        count: u64::try_from(vouchers.len()).expect("few"),
        face_minor,
        currency: CURRENCY,
        first: serials().min().unwrap_or_default(),
        last: serials().max().unwrap_or_default(),
    }
}

fn load<F: Factory>(
    world: &mut World<F>,
    vouchers: Vec<Voucher>,
    batches: Vec<VoucherBatch>,
) -> Outcome {
    let (at_ms, actor) = (world.now_ms, "law".to_owned());
    let change = Change { at_ms, actor, vouchers, batches, ..Change::default() };
    world.run(Command::Change(change))
}

fn stock(numbers: std::ops::Range<u16>) -> Vec<Voucher> {
    numbers.map(|number| voucher(PRODUCT, number, EXPIRY)).collect()
}

/// Nothing of a batch is loaded whose totals are not what is in it.
pub fn a_batch_with_other_totals_is_refused_whole<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let right = totals("B-1", &stock(1..5), PRICE_MINOR);
    let serial = |text| Text::from(text).expect("short enough");
    let wrong = [
        VoucherBatch { count: 3, ..right },
        VoucherBatch { count: 5, ..right },
        VoucherBatch { face_minor: 999, ..right },
        VoucherBatch { currency: 978, ..right },
        VoucherBatch { first: serial("S000000"), ..right },
        VoucherBatch { last: serial("S000005"), ..right },
        VoucherBatch { of: BatchOf { number: Text::new(), ..right.of }, ..right },
        VoucherBatch { of: BatchOf { product: ProductId(2), ..right.of }, ..right },
        VoucherBatch { of: BatchOf { service: ServiceId(77), ..right.of }, ..right },
    ];
    let before = *world.book().head();
    for batch in wrong {
        let outcome = load(&mut world, stock(1..5), vec![batch]);
        assert!(super::world::rejected(&outcome), "{batch:?}: {outcome:?}");
    }
    let other = VoucherBatch { of: BatchOf { number: serial("B-2"), ..right.of }, ..right };
    let both = load(&mut world, stock(1..5), vec![right, other]);
    assert!(super::world::rejected(&both), "which voucher is of which batch? {both:?}");
    assert_eq!(*world.book().head(), before, "nothing was written");
    assert_eq!(load(&mut world, stock(1..5), vec![right]), Outcome::Applied);
}

/// Whichever service and product of the issuer it is loaded for; its row in the audit log says what
/// it came to.
pub fn a_batch_number_of_an_issuer_is_loaded_once<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let named = |id: ServiceId, issuer: &str| {
        let RegistryRecord::Service(vouchers) = service(VOUCHERS, Velocity::default()) else {
            panic!("a service");
        };
        let issuer = Text::from(issuer).expect("short");
        RegistryRecord::Service(Service { id, issuer, ..vouchers })
    };
    let services =
        vec![named(VOUCHERS, "ACME"), named(ServiceId(11), "ACME"), named(ServiceId(12), "Bolt")];
    assert_eq!(world.change(services, vec![], vec![]), Outcome::Applied);
    let audits = world.book().head().audit_no;
    let second: Vec<Voucher> = (5..7).map(|n| voucher(ProductId(2), n, EXPIRY)).collect();
    let batches = vec![totals("B-1", &stock(1..5), PRICE_MINOR), totals("B-1", &second, 250)];
    let all = stock(1..5).into_iter().chain(second).collect();
    assert_eq!(load(&mut world, all, batches), Outcome::Applied);
    assert_eq!(world.book().head().audit_no, audits + 3, "the change, and each product");
    let no = (audits + 2).to_be_bytes();
    let row = journal::record::<Audit>(world.book().backend(), &no, &mut Vec::new());
    let note = row.expect("readable").expect("there").note;
    let said = "loaded batch B-1 of service 10 product 1: 4 vouchers, serials S000001 to S000004, \
                4000 of 1000 each in minor units of currency 840";
    assert_eq!(note, said);
    world.reopen();
    let of = |service: u16| -> Vec<Voucher> {
        let service = ServiceId(service);
        stock(10..12).into_iter().map(|voucher| Voucher { service, ..voucher }).collect()
    };
    for same in [10, 11] {
        let again = load(&mut world, of(same), vec![totals("B-1", &of(same), PRICE_MINOR)]);
        let Outcome::Rejected(why) = again else { panic!("{again:?}") };
        assert!(why[0].why.starts_with("loaded before, as service 10 product "), "{why:?}");
    }
    let others = load(&mut world, of(12), vec![totals("B-1", &of(12), PRICE_MINOR)]);
    assert_eq!(others, Outcome::Applied, "another issuer numbers its own");
    let mut count = 0;
    let counted = VoucherBatch::each(world.book().backend(), |_| {
        count += 1;
        ControlFlow::Continue(())
    });
    counted.expect("readable");
    assert_eq!(count, 3);
}
