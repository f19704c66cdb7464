//! Vouchers: loaded once, sold once.

use tillgate_store_core::verify::Promise;
use tillgate_store_core::{
    BatchOf, Card, Family, ProductId, Record, Reprint, Serial, Shelf, StockLevel, Text,
    Transaction, Voucher, VoucherBatch, VoucherOf, Withdrawn,
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
    lab.violates(Promise::SoldOnce, &["neither in stock nor sold nor withdrawn"]);
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
    lab.violates(
        Promise::SoldOnce,
        &["product 1 of service 10", "0 sold and 0 withdrawn are counted"],
    );
    let mut lab = Lab::new();
    lab.delete(Family::Supply, &StockLevel::key_of(of));
    lab.violates(Promise::SoldOnce, &["product 1 of service 10", "0 in stock are counted"]);
}

#[test]
fn a_withdrawn_voucher_that_is_sold_or_in_stock_is_named() {
    let withdrawn = |serial| {
        let of = VoucherOf { service: shop::VOUCHERS, product: ProductId(1), serial };
        Withdrawn { of, expiry: shop::voucher(1).expiry, audit_no: 1 }
    };
    let mut lab = Lab::new();
    lab.put(&withdrawn(lab.first::<Voucher>().serial));
    lab.violates(Promise::SoldOnce, &["S00000006", "withdrawn, and still in stock"]);
    lab.violates(Promise::SoldOnce, &["product 1 of service 10", "0 withdrawn are counted"]);
    let mut lab = Lab::new();
    lab.put(&withdrawn(shop::voucher(1).serial));
    lab.violates(Promise::SoldOnce, &["S00000001", "sold to", "000002", "and withdrawn"]);
    let mut lab = Lab::new();
    lab.put(&withdrawn(Text::from("X").unwrap()));
    lab.violates(Promise::SoldOnce, &["voucher X", "never loaded"]);
    let mut lab = Lab::new();
    lab.put(&withdrawn(lab.first::<Voucher>().serial));
    let voucher = lab.first::<Voucher>();
    lab.delete(Family::Stock, &voucher.key());
    lab.violates(Promise::SoldOnce, &["product 1 of service 10", "in stock are counted"]);
    let Voucher { service, product, expiry, .. } = voucher;
    lab.edit(&StockLevel::key_of(Shelf { service, product, expiry }), |level: &mut StockLevel| {
        level.withdrawn = 1;
    });
    assert!(lab.report().holds(), "{:?}", lab.report().violations);
}

#[test]
fn a_batch_that_lacks_a_voucher_is_named() {
    let mut lab = Lab::new();
    let Serial { service, product, serial, batch_no } = lab.first::<Serial>();
    let of = BatchOf { number: Text::from("B-17").unwrap(), service, product };
    let (first, last) = (serial, serial);
    let loaded = lab.report().counts.vouchers_loaded;
    let batch =
        VoucherBatch { of, batch_no, count: loaded, face_minor: 1, currency: 978, first, last };
    lab.put(&batch);
    assert!(lab.report().holds(), "{:?}", lab.report().violations);
    lab.put(&VoucherBatch { count: loaded + 1, ..batch });
    lab.violates(Promise::SoldOnce, &["batch B-17 of product 1 of service 10", "11 vouchers"]);
}

#[test]
fn a_reprint_that_its_sale_does_not_count_or_the_log_does_not_have_is_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 2), |sale| sale.reprints = 1);
    lab.put(&Reprint { of: (key(42, 2), 1), at_ms: 5 });
    assert!(lab.report().holds(), "{:?}", lab.report().violations);
    lab.put(&Reprint { of: (key(42, 2), 2), at_ms: 5 });
    lab.violates(Promise::SoldOnce, &["PIN of", "000002", "audit row 2"]);
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 2), |sale| sale.reprints = 1);
    lab.put(&Reprint { of: (key(42, 2), 999), at_ms: 5 });
    lab.violates(Promise::SoldOnce, &["PIN of", "audit row 999"]);
}
