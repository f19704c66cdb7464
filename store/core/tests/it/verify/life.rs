//! What is owed, wanted back and settled.

use tillgate_store_core::verify::Promise;
use tillgate_store_core::{DueFollowUp, Family, FollowUp, Kind, ResponseCode, State, Transaction};

use crate::shop::key;
use crate::verify::lab::Lab;

fn due(what: FollowUp) -> Option<DueFollowUp> {
    Some(DueFollowUp { what, since_ms: 1 })
}

#[test]
fn an_obligation_that_nobody_remembers_is_named() {
    for stan in [4, 5, 6] {
        let mut lab = Lab::new();
        lab.delete(Family::Open, &key(43, stan).to_bytes());
        lab.violates(Promise::Remembered, &["00000043", "not among the open ones"]);
    }
    let mut lab = Lab::new();
    lab.edit_sale(key(43, 5), |sale| sale.due = None);
    lab.violates(Promise::Remembered, &["000005", "still among the open ones"]);
}

#[test]
fn an_obligation_that_cannot_be_is_named() {
    let wrong = [
        (key(42, 2), FollowUp::Advice),
        (key(42, 5), FollowUp::Advice),
        (key(42, 8), FollowUp::Reversal),
        (key(43, 4), FollowUp::Advice),
        (key(43, 20), FollowUp::Operator),
    ];
    for (key, what) in wrong {
        let mut lab = Lab::new();
        lab.edit_sale(key, |sale| sale.due = due(what));
        lab.violates(Promise::Remembered, &[&key.to_string(), "cannot owe", &format!("{what:?}")]);
    }
    let mut lab = Lab::new();
    lab.edit_sale(key(43, 4), |sale| sale.code = ResponseCode::LATE_RESPONSE);
    lab.violates(Promise::Remembered, &["000004", "being taken back", "does not say so"]);
}

#[test]
fn an_open_reversal_that_its_original_does_not_name_is_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 5), |sale| sale.reversed_by = None);
    lab.violates(Promise::Remembered, &["000011", "does not name it"]);
    lab.edit_sale(key(42, 5), |sale| sale.reversed_by = Some(key(42, 9)));
    lab.violates(Promise::Remembered, &["000005", "000009", "no open reversal of it"]);
}

#[test]
fn an_open_reversal_that_does_not_fit_its_original_is_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 11), |reversal| reversal.due = None);
    lab.violates(Promise::Remembered, &["000011", "this does not"]);
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 5), |sale| sale.confirmed_ms = 7);
    lab.violates(Promise::Remembered, &["000011", "not to be taken back"]);
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 11), |reversal| reversal.state = State::Unknown);
    lab.violates(Promise::Journalled, &["000011", "cannot be Unknown"]);
    let mut lab = Lab::new();
    lab.delete(Family::Journal, &key(42, 5).to_bytes());
    lab.violates(Promise::Remembered, &["000011", "its original is not in the journal"]);
}

#[test]
fn a_refund_that_was_not_made_by_two_operators_is_named() {
    let sale = key(42, 1);
    let mut lab = Lab::new();
    lab.edit_sale(sale, |sale| {
        let refund = sale.refund.as_mut().unwrap();
        refund.approver.clone_from(&refund.proposer);
    });
    lab.violates(Promise::Conserved, &["000001", "the same operator"]);
    let mut lab = Lab::new();
    lab.edit_sale(sale, |sale| sale.refund = None);
    lab.violates(Promise::Conserved, &["000001", "approved by an operator"]);
    let mut lab = Lab::new();
    let refund = lab.read::<Transaction>(&sale.to_bytes()).refund;
    lab.edit_sale(key(42, 2), |sale| {
        sale.refund = refund.map(|mut refund| {
            refund.approver.clear();
            refund
        });
    });
    lab.violates(Promise::Conserved, &["000002", "no approved sale on the operator's list"]);
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 9), |reversal| reversal.reason = Transaction::BY_OPERATOR);
    lab.violates(Promise::Conserved, &["000009", "the operators'"]);
}

#[test]
fn a_pin_that_was_told_too_often_is_named() {
    for (stan, reprints) in [(2, u8::MAX), (5, 1)] {
        let mut lab = Lab::new();
        lab.edit_sale(key(42, stan), |sale| sale.reprints = reprints);
        lab.violates(Promise::SoldOnce, &["sent again more often"]);
    }
}

#[test]
fn a_settlement_that_lies_about_its_totals_is_named() {
    let mut lab = Lab::new();
    lab.edit_sale(key(43, 20), |row| row.code = ResponseCode(*b"05"));
    lab.violates(Promise::Journalled, &["000020", "whether its totals agree"]);
    let mut lab = Lab::new();
    lab.edit_sale(key(43, 20), |row| row.code = ResponseCode::VELOCITY_LIMIT);
    lab.violates(Promise::Journalled, &["000020", "whether its totals agree"]);
    let mut lab = Lab::new();
    lab.edit_sale(key(43, 20), |row| row.amount_minor = 1);
    lab.violates(Promise::Journalled, &["000020", "moves no money"]);
    let mut lab = Lab::new();
    lab.edit_sale(key(43, 20), |row| row.settlement = None);
    lab.violates(Promise::Journalled, &["000020", "has totals"]);
    let mut lab = Lab::new();
    lab.edit_sale(key(42, 6), |row| row.kind = Kind::Settlement);
    lab.violates(Promise::Journalled, &["000006", "has totals"]);
}
