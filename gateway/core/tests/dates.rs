//! Dates that have not come, and clocks that are set back.

mod support;

use support::{Rig, answer, top_up_key, voucher_sale};
use tillgate_codec::link::message::{Reversal, Sale, Upward};
use tillgate_store_core::Store;

#[test]
fn a_date_that_has_not_come_leaves_no_row() {
    let mut rig = Rig::new();
    let mut ahead = voucher_sale(1);
    ahead.date.0 += 2;
    assert_eq!(rig.code(100, &ahead), "B1");
    let key = tillgate_store_core::Key {
        date: tillgate_store_core::BusinessDate(ahead.date.0),
        ..top_up_key(1)
    };
    assert_eq!(rig.book.transaction(&key).unwrap(), None);
    rig.ask(
        100,
        &Upward::Reversal(Reversal {
            stan: 2,
            date: voucher_sale(1).date,
            original_stan: 1,
            original_date: ahead.date,
            amount_minor: 5_000,
            reason: Reversal::TIMEOUT,
        }),
    );
    assert_eq!(answer(&rig.reply_bytes()).code.to_string(), "B1");
    assert_eq!(rig.book.transaction(&key).unwrap(), None);
}

#[test]
fn a_clock_that_is_set_back_changes_no_answer_that_was_given() {
    let mut rig = Rig::new();
    let first = rig.sell(100, &voucher_sale(1));
    rig.wall.0 -= 5 * 86_400_000;
    assert_eq!(rig.sell(100, &voucher_sale(1)), first);
    let other = Sale { product: 2, amount_minor: 100_000, ..voucher_sale(1) };
    assert_eq!(rig.code(100, &other), "94");
    assert_eq!(rig.code(100, &voucher_sale(2)), "B1", "what is new waits for its date");
}
