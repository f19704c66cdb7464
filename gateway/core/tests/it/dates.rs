//! Dates that have not come or are over, and clocks that are set back.

#![allow(clippy::unwrap_used, reason = "a rig that cannot be built has failed")]

use crate::support;

use crate::support::{KIND, Rig, answer, code_of, sale, top_up_key, voucher_sale};
use tillgate_codec::link::message::{BusinessDate, Repeat, Reversal, Sale, TerminalMessage};
use tillgate_core::limits::TransactionLimits;
use tillgate_store_core::{Change, Key, RegistryRecord, Store, Transaction, Velocity};

const DAY_MS: u64 = 86_400_000;
/// Rigs begin at noon.
const TO_MIDNIGHT_MS: u64 = DAY_MS / 2;

fn day(days: u16) -> BusinessDate {
    BusinessDate(voucher_sale(1).date.0 + days)
}

fn key(date: BusinessDate, stan: u32) -> Key {
    Key { date: tillgate_store_core::BusinessDate(date.0), ..top_up_key(stan) }
}

fn row(rig: &Rig, date: BusinessDate, stan: u32) -> Option<Transaction> {
    rig.book.transaction(&key(date, stan)).unwrap()
}

fn reversal(
    stan: u32,
    date: BusinessDate,
    original_date: BusinessDate,
) -> TerminalMessage<'static> {
    let (original_stan, amount_minor, reason) = (1, 5_000, Reversal::CANCELLED);
    TerminalMessage::Reversal(Reversal {
        stan,
        date,
        original_stan,
        original_date,
        amount_minor,
        reason,
    })
}

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
        &TerminalMessage::Reversal(Reversal {
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

/// The day is over for who stays online too: for some minutes what was under way is taken, then
/// B1, whose only cure is the logon that tells the new date.
#[test]
fn a_business_day_that_is_over_takes_no_new_sales() {
    let mut rig = Rig::new();
    let first = rig.sell(100, &voucher_sale(1));
    rig.wall.0 += TO_MIDNIGHT_MS + 599_000;
    assert_eq!(rig.code(100, &voucher_sale(2)), "00", "sent before midnight");
    rig.wall.0 += 2_000;
    assert_eq!(rig.code(100, &voucher_sale(3)), "B1");
    assert_eq!(row(&rig, day(0), 3), None, "no row on a day that is over");
    assert_eq!(rig.sell(100, &voucher_sale(1)), first, "what has a row is answered as before");
    let other = Sale { product: 2, amount_minor: 100_000, ..voucher_sale(1) };
    assert_eq!(rig.code(100, &other), "94");
    let tomorrow = Sale { date: day(2), ..voucher_sale(3) };
    assert_eq!(rig.code(100, &tomorrow), "B1", "nor does one that has not come");
    let today = Sale { date: day(1), ..voucher_sale(3) };
    assert_eq!(rig.code(100, &today), "00", "the same STAN on the new date is a new request");
}

#[test]
fn a_voucher_that_expired_yesterday_is_not_sold() {
    let mut rig = Rig::new();
    rig.wall.0 += DAY_MS + TO_MIDNIGHT_MS + 60_000;
    // S0001 expired yesterday; in the minutes of grace yesterday's date is still taken.
    let stale = Sale { date: day(1), ..voucher_sale(1) };
    let body = rig.sell(100, &stale);
    let slip = answer(&body).voucher;
    assert!(slip.is_none_or(|slip| slip.expiry >= day(2)), "{slip:?} was sold on {:?}", day(2));
}

#[test]
fn a_new_day_has_one_daily_limit_whatever_date_is_named() {
    let mut rig = support::rig(KIND);
    let mut service = support::top_ups();
    service.velocity = Velocity { day_amount_max_minor: 5_000, ..Velocity::default() };
    rig.change(Change { records: vec![RegistryRecord::Service(service)], ..Change::default() });
    let on = |date, stan| {
        let TerminalMessage::Sale(sale) = sale(stan) else { unreachable!("a sale") };
        TerminalMessage::Sale(Sale { date, ..sale })
    };
    for (stan, code) in [(1, "00"), (2, "00"), (3, "65")] {
        rig.ask(100, &on(day(0), stan));
        rig.approve(top_up_key(stan));
        assert_eq!(rig.reply_code(), code);
    }
    rig.wall.0 += TO_MIDNIGHT_MS + 60_000;
    for (date, stan, code) in [(day(1), 1, "00"), (day(0), 4, "00"), (day(1), 2, "65")] {
        rig.ask(100, &on(date, stan));
        rig.approve(key(date, stan));
        assert_eq!(rig.reply_code(), code, "{date:?} {stan}");
    }
}

#[test]
fn repeat_last_is_the_last_sale_of_the_date_or_none() {
    let mut rig = Rig::new();
    let last = |days| TerminalMessage::Repeat(Repeat { stan: 0, date: day(days) });
    let first = rig.sell(100, &voucher_sale(1));
    rig.wall.0 += TO_MIDNIGHT_MS + 1;
    assert_eq!(code_of(&mut rig, &last(1)), "25", "another day's PIN is not told");
    rig.ask(100, &last(0));
    assert_eq!(rig.reply_bytes(), first);
}

#[test]
fn a_pin_is_told_again_for_as_many_days_as_the_operator_says() {
    for days in [1, 30] {
        let limits = TransactionLimits { reprint_days: days, ..TransactionLimits::default() };
        let mut rig = Rig::with(limits, KIND);
        let told = rig.sell(100, &voucher_sale(1));
        rig.wall.0 += u64::from(days) * DAY_MS;
        let again = TerminalMessage::Repeat(Repeat { stan: 1, date: day(0) });
        rig.ask(100, &again);
        assert_eq!(rig.reply_bytes(), told, "after {days} days");
        rig.wall.0 += DAY_MS;
        assert_eq!(code_of(&mut rig, &again), "B1", "after {days} days and one");
    }
}

#[test]
fn a_reversal_is_booked_today_however_old_its_sale_is() {
    let mut rig = Rig::new();
    rig.sell(100, &voucher_sale(1));
    let long_ago = BusinessDate(day(0).0 - 400);
    assert_eq!(code_of(&mut rig, &reversal(2, long_ago, day(0))), "B1");
    assert_eq!(row(&rig, long_ago, 2), None, "nothing is booked on a day of last year");
    rig.wall.0 += 3 * DAY_MS;
    assert_eq!(code_of(&mut rig, &reversal(2, day(0), day(0))), "B1");
    assert_eq!(code_of(&mut rig, &reversal(2, day(3), day(0))), "21", "a past original is found");
    assert_eq!(row(&rig, day(3), 2).map(|row| row.reason), Some(Reversal::CANCELLED));
    assert_eq!(code_of(&mut rig, &reversal(3, day(3), day(1))), "00", "and one that never came");
    assert_eq!(code_of(&mut rig, &reversal(4, day(3), BusinessDate(day(3).0 - 32))), "B1");
}

/// What is refused without a row carries no time.
#[test]
fn what_is_refused_without_a_row_is_refused_with_the_same_bytes() {
    let mut rig = Rig::new();
    rig.sell(100, &voucher_sale(1));
    let other =
        TerminalMessage::Sale(Sale { product: 2, amount_minor: 100_000, ..voucher_sale(1) });
    let ahead = TerminalMessage::Sale(Sale { date: day(5), ..voucher_sale(2) });
    let nothing = TerminalMessage::Sale(Sale { stan: 0, ..voucher_sale(2) });
    let absent = TerminalMessage::Repeat(Repeat { stan: 9, date: day(0) });
    let late = reversal(9, BusinessDate(0), day(0));
    for message in [other, ahead, nothing, absent, late] {
        rig.ask(100, &message);
        let first = rig.reply_bytes();
        rig.wall.0 += 90_000;
        rig.ask(100, &message);
        assert_eq!(rig.reply_bytes(), first, "{message:?}");
    }
}
