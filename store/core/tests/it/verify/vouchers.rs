//! Vouchers: loaded once, sold once.

use tillgate_store_core::verify::Promise;
use tillgate_store_core::{
    Card, Family, ProductId, Record, Serial, Shelf, StockLevel, Text, Transaction, Voucher,
};

use crate::shop::{self, key};
use crate::verify::lab::Lab;

#[test]
fn a_voucher_sold_twice_is_named_with_both_sales() {
    let mut lab = Lab::new();
    let voucher = lab.read::<Transaction>(&key(42, 2).to_bytes()).voucher;
    lab.edit_sale(key(43, 1), |sale| sale.voucher = voucher);
    lab.violates(
        Promise::SoldOnce,
        &[
            "voucher S00000001 of service 10",
            "2 transactions",
            "00000042/000002",
            "00000043/000001",
        ],
    );
    lab.violates(Promise::SoldOnce, &["neither in stock nor sold"]);
}

#[test]
fn a_voucher_sold_and_still_in_stock_is_named() {
    let mut lab = Lab::new();
    lab.put(&shop::voucher(1));
    lab.violates(Promise::SoldOnce, &["S00000001", "sold to", "000002", "still in stock"]);
}

#[test]
fn a_voucher_in_stock_twice_is_named() {
    let mut lab = Lab::new();
    let mut twin = lab.first::<Voucher>();
    twin.expiry.0 += 1;
    lab.put(&twin);
    lab.violates(Promise::SoldOnce, &["S00000006", "in stock 2 times"]);
}

#[test]
fn a_voucher_that_vanished_from_stock_is_named() {
    let mut lab = Lab::new();
    let voucher = lab.first::<Voucher>();
    lab.delete(Family::Stock, &voucher.key());
    lab.violates(Promise::SoldOnce, &["S00000006", "neither in stock nor sold"]);
}

#[test]
fn a_voucher_that_was_never_loaded_is_named() {
    let mut lab = Lab::new();
    let serial = lab.first::<Serial>();
    lab.delete(Family::Serials, &serial.key());
    lab.violates(Promise::SoldOnce, &["S00000000", "never loaded"]);
}

#[test]
fn a_voucher_sale_without_a_voucher_is_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 2), |sale| sale.voucher = None);
    lab.violates(Promise::SoldOnce, &["000002", "it has no voucher"]);
    let mut lab = Lab::new();
    let voucher = lab.read::<Transaction>(&key(42, 2).to_bytes()).voucher;
    lab.edit_sale(key(42, 5), |sale| sale.voucher = voucher);
    lab.violates(Promise::SoldOnce, &["000005", "a voucher was given for it"]);
}

#[test]
fn an_index_of_serials_that_lacks_one_or_has_another_is_named() {
    let mut lab = Lab::new();
    let serial = lab.first::<Serial>();
    let card = Card { of: (serial.serial, serial.service), product: serial.product };
    lab.delete(Family::Supply, &card.key());
    lab.violates(Promise::SoldOnce, &["serial S00000000 of service 10", "not in the index"]);
    let mut lab = Lab::new();
    lab.put(&Card { of: (Text::from("X").unwrap(), shop::VOUCHERS), product: ProductId(1) });
    lab.violates(Promise::SoldOnce, &["serial X of service 10", "never loaded"]);
}

#[test]
fn a_count_of_stock_that_is_wrong_is_named() {
    let voucher = Lab::new().first::<Voucher>();
    let Voucher { service, product, expiry, .. } = voucher;
    let of = Shelf { service, product, expiry };
    let level = |lab: &Lab| lab.read::<StockLevel>(&StockLevel::key_of(of));
    let mut lab = Lab::new();
    let sold = StockLevel { sold: 0, ..level(&lab) };
    lab.put(&sold);
    lab.violates(Promise::SoldOnce, &["product 1 of service 10", "in stock are counted"]);
    lab.violates(Promise::SoldOnce, &["product 1 of service 10", "0 sold are counted"]);
    let mut lab = Lab::new();
    lab.delete(Family::Supply, &StockLevel::key_of(of));
    lab.violates(Promise::SoldOnce, &["product 1 of service 10", "0 in stock are counted"]);
}
