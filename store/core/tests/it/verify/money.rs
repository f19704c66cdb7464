//! Money: legs, balances, reservations, floors, float loads.

use tillgate_store_core::verify::Promise;
use tillgate_store_core::{AccountRow, Family, Funding, Record, Seller};

use crate::shop::{self, FLOAT, PRICE, key};
use crate::verify::lab::{Lab, float_key};

#[test]
fn a_sound_store_holds_and_its_counts_and_sums_are_right() {
    let report = Lab::new().report();
    assert!(report.holds(), "{:#?}", report.violations);
    let counts = report.counts;
    assert_eq!((counts.approved, counts.declined, counts.reversed, counts.open), (7, 1, 1, 5));
    assert_eq!((counts.reversals, counts.tombstones, counts.transactions), (4, 1, 20));
    assert_eq!((counts.settlements, counts.owed, counts.operator), (1, 3, 1));
    assert_eq!(counts.vouchers_loaded, 10);
    assert_eq!((counts.vouchers_in_stock, counts.vouchers_sold), (4, 6));
    assert_eq!((counts.distributors, counts.sellers), (2, 1));
    assert_eq!((counts.terminals, counts.services, counts.counters), (2, 2, 1));
    assert_eq!((counts.fundings, counts.audits), (2, 4));
    let [sums] = report.sums[..] else { panic!("one currency") };
    let (price, float) = (i128::from(PRICE), i128::from(FLOAT));
    assert_eq!((sums.sold_minor, sums.reversed_minor), (7 * price, price));
    assert_eq!(sums.funded_minor, float - 1_000);
    assert_eq!(sums.float_minor, float - 1_000 - 7 * price);
    assert_eq!(sums.reserved_minor, 5 * price);
    assert_eq!(sums.commission_minor + sums.clearing_minor, 7 * price);
}

#[test]
fn legs_that_do_not_sum_to_zero_are_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 2), |sale| sale.legs[1].amount_minor += 1);
    lab.violates(Promise::Conserved, &["00000042/000002", "sum to 1, not to zero"]);
    lab.violates(Promise::Conserved, &["seller commission 7", "postings sum to"]);
}

#[test]
fn a_leg_in_another_currency_is_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 2), |sale| sale.legs[1].account.currency = 840);
    lab.violates(Promise::Conserved, &["000002", "840"]);
}

#[test]
fn an_amount_that_its_legs_do_not_take_is_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 2), |sale| sale.amount_minor += 5);
    lab.violates(Promise::Conserved, &["000002", "it costs 1005", "take 1000"]);
}

#[test]
fn a_charge_that_its_legs_do_not_take_is_named_in_whatever_order_they_stand() {
    for swapped in [false, true] {
        let mut lab = Lab::new();
        lab.edit_sale(key(42, 2), |sale| {
            sale.terms.fee_minor = 5;
            if swapped {
                sale.legs.swap(0, 1);
            }
        });
        lab.violates(Promise::Conserved, &["000002", "it costs 1005", "take 1000"]);
    }
}

#[test]
fn a_changed_balance_is_named() {
    let mut lab = Lab::new();
    lab.edit_float(|row| row.account.posted_minor += 100);
    lab.violates(Promise::Conserved, &["seller float 7 in 978", "its postings sum to"]);
}

#[test]
fn a_missing_balance_is_named() {
    let mut lab = Lab::new();
    lab.delete(Family::Accounts, &float_key());
    lab.violates(Promise::Conserved, &["seller float 7", "it has no balance"]);
}

#[test]
fn reserved_money_that_no_open_sale_needs_is_named() {
    let mut lab = Lab::new();
    lab.edit_float(|row| row.account.reserved_minor -= 1);
    lab.violates(Promise::Conserved, &["seller float 7", "4999 is reserved", "need 5000"]);
}

#[test]
fn a_float_below_its_floor_is_named() {
    let mut lab = Lab::new();
    let mut load = lab.read::<Funding>(b"opening");
    let taken = FLOAT - 9_000;
    load.amount_minor -= taken;
    load.legs[0].amount_minor -= taken;
    load.legs[1].amount_minor += taken;
    let funding = load.legs[1].account;
    lab.put(&load);
    lab.edit_float(|row| row.account.posted_minor -= taken);
    let funding_key = AccountRow { id: funding, account: Default::default() }.key();
    lab.edit::<AccountRow>(&funding_key, |row| row.account.posted_minor += taken);
    let report = lab.report();
    assert!(report.holds(), "{:?}", report.violations);
    lab.edit::<Seller>(&Seller::key_of(shop::SELLER), |seller| seller.credit_limit_minor = 3_999);
    lab.edit_float(|row| row.account.floor_minor = -3_999);
    lab.violates(Promise::Conserved, &["seller float 7", "1 below its floor"]);
}

#[test]
fn a_floor_that_is_not_the_credit_limit_is_named() {
    let mut lab = Lab::new();
    lab.edit_float(|row| row.account.floor_minor -= 1);
    lab.violates(Promise::Conserved, &["its floor is -5001", "credit limit 5000"]);
}

#[test]
fn a_float_load_that_says_something_else_than_its_legs_is_named() {
    let mut lab = Lab::new();
    lab.edit::<Funding>(b"second", |load| load.amount_minor = -999);
    lab.violates(Promise::Conserved, &["float load second", "its legs load -1000"]);
    lab.edit::<Funding>(b"second", |load| load.legs[1].amount_minor = 7);
    lab.violates(Promise::Conserved, &["float load second", "not to zero"]);
}
