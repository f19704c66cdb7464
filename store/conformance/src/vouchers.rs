//! Laws of the voucher stock.

use super::Factory;
use super::network::{TODAY, VOUCHERS, load, service, voucher};
use super::world::{World, key};
use tillgate_store_core::command::Command;
use tillgate_store_core::limits::STOCK_AHEAD;
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{RegistryRecord, Transaction, Velocity, Voucher};
use tillgate_types::{BusinessDate, ProductId, ResponseCode};

const PRODUCT: ProductId = ProductId(1);

fn in_days(days: u16) -> BusinessDate {
    BusinessDate(TODAY.0 + days)
}

fn with_stock<F: Factory>(factory: F, stock: Vec<Voucher>) -> World<F> {
    let mut world = World::stocked(factory, 10_000_000, 0);
    assert_eq!(world.change(vec![], stock, vec![]), Outcome::Applied);
    world
}

fn serial(row: &Transaction) -> &str {
    row.voucher.as_ref().map_or("none", |voucher| &voucher.serial)
}

/// Promise 4: one buyer per voucher, and the buyer gets the same again.
pub fn a_voucher_is_sold_once_and_its_buyer_gets_it_again<F: Factory>(factory: F) {
    let stock = vec![voucher(PRODUCT, 1, in_days(9)), voucher(PRODUCT, 2, in_days(9))];
    let mut world = with_stock(factory, stock);
    let first = world.sell(key(1, 1));
    world.reopen();
    let second = world.sell(key(2, 1));
    let third = world.sell(key(3, 1));
    assert_eq!([&first, &second, &third].map(serial), ["S000001", "S000002", "none"]);
    assert_eq!(third.code, ResponseCode::OUT_OF_STOCK);
    assert_eq!(world.float(2).posted_minor, 10_000_000, "nothing is paid for nothing");
    world.reopen();
    let again = world.voucher_sale(key(1, 1));
    assert_eq!(world.run(Command::Begin(again)), Outcome::Duplicate(first));
    assert_eq!(serial(&world.sell(key(3, 2))), "none");
}

/// Whatever the order they were loaded in.
pub fn the_oldest_expiry_is_sold_first<F: Factory>(factory: F) {
    let days = [(1, 30), (2, 5), (3, 30), (4, 1), (5, 5)];
    let stock = days.map(|(number, days)| voucher(PRODUCT, number, in_days(days)));
    let mut world = with_stock(factory, stock.to_vec());
    let sold: Vec<_> = (1..=5).map(|stan| world.sell(key(1, stan))).collect();
    let order: Vec<_> = sold.iter().map(serial).collect();
    assert_eq!(order, ["S000004", "S000002", "S000005", "S000001", "S000003"]);
}

/// The last day is the last day, by the gateway's date, in whatever order dates come; the date
/// that a terminal puts on its sale makes no voucher younger.
pub fn an_expired_voucher_is_never_sold<F: Factory>(factory: F) {
    let days = [(1, 0), (2, 0), (3, 1), (4, 1), (5, 3)];
    let stock = days.map(|(number, days)| voucher(PRODUCT, number, in_days(days)));
    let mut world = with_stock(factory, stock.to_vec());
    let mut sell = |stan, days, expected: &str| {
        world.today = in_days(days);
        assert_eq!(serial(&world.sell(key(1, stan))), expected, "{days} days on");
    };
    sell(1, 1, "S000003");
    sell(2, 0, "S000001");
    sell(3, 2, "S000005");
    sell(4, 2, "none");
    sell(5, 0, "S000002");
    sell(6, 0, "S000004");
    sell(7, 0, "none");
}

/// A voucher is good for its least days after the sale; with a smaller number what was passed over
/// is sold again, oldest first.
pub fn a_voucher_keeps_its_least_days<F: Factory>(factory: F) {
    let days = [(1, 2), (2, 6), (3, 7), (4, 30)];
    let stock = days.map(|(number, days)| voucher(PRODUCT, number, in_days(days)));
    let mut world = with_stock(factory, stock.to_vec());
    for (stan, least_days, expected) in
        [(1, 7, "S000003"), (2, 7, "S000004"), (3, 7, "none"), (4, 2, "S000001"), (5, 0, "S000002")]
    {
        let mut rules = service(VOUCHERS, Velocity::default());
        if let RegistryRecord::Service(service) = &mut rules {
            service.products[0].stock.least_days = least_days;
        }
        assert_eq!(world.change(vec![rules], vec![], vec![]), Outcome::Applied);
        if stan % 2 == 0 {
            world.reopen();
        }
        assert_eq!(serial(&world.sell(key(1, stan))), expected, "{least_days} days left");
    }
}

/// More than is read ahead, several expiries, several sales per batch, restarts in between.
pub fn a_large_stock_is_sold_in_order_to_the_last<F: Factory>(factory: F) {
    let count = u16::try_from(STOCK_AHEAD).expect("fits") * 2 + 10;
    let expiry = |number| in_days(number / 100);
    let stock = (0..count).map(|number| voucher(PRODUCT, number, expiry(number))).collect();
    let mut world = with_stock(factory, stock);
    let mut next = 0;
    let mut stan = 0;
    while next < count {
        let size = (count - next).min(37);
        let sales = (0..size).map(|_| {
            stan += 1;
            Command::Begin(world.voucher_sale(key(1, stan)))
        });
        for outcome in world.commit(sales.collect()) {
            let sold = super::world::done(outcome);
            assert_eq!(serial(&sold), format!("S{next:06}"));
            next += 1;
        }
        if next % 5 == 0 {
            world.reopen();
        }
    }
    assert_eq!(world.sell(key(1, stan + 1)).code, ResponseCode::OUT_OF_STOCK);
    // Other dates go back over what was sold in the same batch.
    let early = voucher(PRODUCT, count, in_days(0));
    assert_eq!(world.change(vec![], vec![early], vec![]), Outcome::Applied);
    let begins = [(1, key(2, 1)), (0, key(1, stan + 2)), (1, key(2, 2)), (0, key(1, stan + 3))];
    let begins = begins.map(|(days, key)| {
        Command::Begin(tillgate_store_core::Begin {
            today: in_days(days),
            ..world.voucher_sale(key)
        })
    });
    let outcomes = world.commit(begins.to_vec());
    let codes = outcomes.into_iter().map(|outcome| super::world::done(outcome).code);
    let none = ResponseCode::OUT_OF_STOCK;
    assert_eq!(codes.collect::<Vec<_>>(), [none, ResponseCode::APPROVED, none, none]);
}

/// A change refreshes what was read ahead, also when that was nothing.
pub fn vouchers_loaded_later_are_sold_in_their_turn<F: Factory>(factory: F) {
    let mut world = with_stock(factory, vec![voucher(PRODUCT, 1, in_days(50))]);
    let other = voucher(ProductId(2), 9, in_days(1));
    assert_eq!(world.change(vec![], vec![other], vec![load("x", 1, 1)]), Outcome::Applied);
    let earlier = vec![voucher(PRODUCT, 2, in_days(40)), voucher(PRODUCT, 3, in_days(60))];
    assert_eq!(serial(&world.sell(key(1, 1))), "S000001");
    assert_eq!(world.sell(key(1, 2)).code, ResponseCode::OUT_OF_STOCK);
    assert_eq!(world.change(vec![], earlier, vec![]), Outcome::Applied);
    assert_eq!(serial(&world.sell(key(1, 3))), "S000002");
    let earliest = vec![voucher(PRODUCT, 4, in_days(4))];
    assert_eq!(world.change(vec![], earliest, vec![]), Outcome::Applied);
    assert_eq!(serial(&world.sell(key(1, 4))), "S000004");
    assert_eq!(serial(&world.sell(key(1, 5))), "S000003");
}
