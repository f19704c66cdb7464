//! The journal: numbers, states, reversals, open ones.

use tillgate_store_core::verify::Promise;
use tillgate_store_core::{Family, ResponseCode, State, Transaction};

use crate::shop::{REFUND, key};
use crate::verify::lab::Lab;

#[test]
fn an_unknown_transaction_that_nobody_remembers_is_named() {
    let mut lab = Lab::new();
    lab.delete(Family::Open, &key(42, 7).to_bytes());
    lab.violates(Promise::Remembered, &["000007", "not among the open ones"]);
}

#[test]
fn a_final_transaction_among_the_open_ones_is_named() {
    let mut lab = Lab::new();
    lab.write(|set| set.put(Family::Open, &key(42, 2).to_bytes(), |_| {}));
    lab.violates(Promise::Remembered, &["000002", "still among the open ones"]);
    lab.write(|set| set.put(Family::Open, &key(42, 77).to_bytes(), |_| {}));
    lab.violates(Promise::Journalled, &["000077", "not in the journal"]);
    lab.write(|set| set.put(Family::Open, b"odd", |_| {}));
    lab.violates(Promise::Undamaged, &["open", "not a transaction's key"]);
}

#[test]
fn a_missing_transaction_leaves_a_gap_in_the_numbers() {
    let mut lab = Lab::new();
    let seq = lab.read::<Transaction>(&key(42, 2).to_bytes()).seq;
    lab.delete(Family::Journal, &key(42, 2).to_bytes());
    lab.violates(Promise::Journalled, &[&format!("transactions {seq} to {seq}")]);
    lab.violates(Promise::Conserved, &["seller float 7", "postings sum to"]);
}

#[test]
fn a_number_given_twice_or_never_is_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 2), |sale| sale.seq = 1);
    lab.violates(Promise::Journalled, &["000002", "another transaction's too"]);
    lab.edit_sale(key(42, 2), |sale| sale.seq = u64::MAX);
    lab.violates(Promise::Journalled, &["000002", "is not among 1 to 20"]);
}

#[test]
fn a_state_that_contradicts_its_response_code_is_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 2), |sale| sale.code = ResponseCode(*b"05"));
    lab.violates(Promise::Journalled, &["000002", "Approved", "05"]);
    lab.edit_sale(key(42, 6), |sale| sale.code = ResponseCode::APPROVED);
    lab.violates(Promise::Journalled, &["000006", "Declined", "00"]);
    lab.edit_sale(key(42, 3), |sale| sale.state = State::Unknown);
    lab.violates(Promise::Journalled, &["000003", "cannot be Unknown"]);
}

#[test]
fn a_reversal_and_its_original_that_disagree_are_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 1), |sale| sale.state = State::Approved);
    lab.violates(Promise::Conserved, &["100000000/000001", "which does not say so"]);
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 1), |sale| sale.reversed_by = None);
    lab.violates(Promise::Conserved, &["000001", "the reversal is not in the journal"]);
    let mut lab = Lab::new();
    lab.edit_sale(REFUND, |reversal| {
        reversal.legs[0].amount_minor -= 10;
        reversal.legs[1].amount_minor += 10;
    });
    lab.violates(Promise::Conserved, &["100000000/000001", "turned round"]);
    let mut lab = Lab::new();
    lab.delete(Family::Journal, &key(42, 99).to_bytes());
    lab.violates(Promise::Journalled, &["000010", "000099", "not in the journal"]);
}
