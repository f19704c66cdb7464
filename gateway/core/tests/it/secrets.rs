//! Nobody pays for what nobody can open.

use crate::support;

use crate::support::{Rig, top_up_sale, top_ups, voucher_sale};
use tillgate_codec::link::message::{Sale, TerminalMessage};
use tillgate_store_core::{AccountField, AccountForm, Change, RegistryRecord, Service};

#[test]
fn who_hears_96_has_not_paid() {
    let mut rig = Rig::new();
    // store.kek_old was tidied up: the key that sealed the stock is not configured any more.
    rig.book.know_keks(vec![2]);
    for stan in 1..=3 {
        assert_eq!(rig.code(100, &voucher_sale(stan)), "96");
    }
    assert_eq!(rig.float().posted_minor, 100_000);
    // Back again, everything is still for sale; what was declined stays declined.
    rig.book.know_keks(vec![2, 1]);
    assert_eq!(rig.code(100, &voucher_sale(1)), "96");
    assert_eq!(rig.code(100, &voucher_sale(4)), "00");
    assert_eq!(rig.float().posted_minor, 95_000);
}

#[test]
fn a_card_number_is_refused_and_kept_nowhere() {
    let mut rig = Rig::new();
    let card = Sale { subscriber: "4111-1111-1111-1111", ..top_up_sale(1) };
    let to_a_voucher = Sale { subscriber: "4222222222222", ..voucher_sale(2) };
    let to_nothing = Sale { service: 999, subscriber: "378282246310005", ..voucher_sale(3) };
    let before = rig.book.head().batch_no;
    for sale in [card, to_a_voucher, to_nothing] {
        for _ in 0..2 {
            rig.ask(100, &TerminalMessage::Sale(sale));
            assert_eq!(rig.reply_code(), "C1", "{}", sale.subscriber);
        }
    }
    assert!(rig.forwards.is_empty());
    assert_eq!(rig.book.head().batch_no, before, "not a row, not a digest of it");
    // A telephone number with the prefix and the check digit of a card.
    rig.ask(100, &TerminalMessage::Sale(Sale { subscriber: "4915112345678", ..top_up_sale(1) }));
    assert_eq!(rig.forwards.len(), 1);
}

#[test]
fn a_service_that_says_meter_takes_any_digits_and_a_sale_that_was_taken_is_answered_again() {
    let mut rig = Rig::new();
    let form = |rig: &mut Rig, form| {
        let account = Some(AccountField::of(form));
        let records = vec![RegistryRecord::Service(Service { account, ..top_ups() })];
        rig.change(Change { at_ms: rig.wall.0, records, ..Change::default() });
    };
    form(&mut rig, AccountForm::Meter);
    let sale = Sale { subscriber: "4111111111111111", ..top_up_sale(1) };
    rig.ask(100, &TerminalMessage::Sale(sale));
    rig.approve(support::top_up_key(1));
    let first = rig.reply_bytes();
    form(&mut rig, AccountForm::Phone);
    assert_eq!(rig.sell(100, &sale), first, "it was taken when that was a meter");
    assert_eq!(rig.code(100, &Sale { stan: 2, ..sale }), "C1");
}
