//! Laws of reversals and confirmations.

use super::Factory;
use super::network::{PRICE_MINOR, TODAY};
use super::world::{World, approved, done, key, reversal};
use crate::command::Command;
use crate::date::BusinessDate;
use crate::ids::{Code, Key};
use crate::outcome::Outcome;
use crate::record::{Kind, State};

/// The money goes back, leg by leg; the voucher does not.
pub fn a_voucher_that_was_not_confirmed_is_taken_back_and_not_sold_again<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    let sold = world.sell(key(1, 1));
    let (code, row, original) = world.reverse(key(1, 2), key(1, 1), PRICE_MINOR);
    assert_eq!((code, row.kind, row.state), (Code::APPROVED, Kind::Reversal, State::Approved));
    assert_eq!((row.seq, row.balance_minor, row.original), (2, Some(10_000), Some(key(1, 1))));
    let original = original.expect("it is there");
    assert_eq!((original.state, original.reversed_by), (State::Reversed, Some(key(1, 2))));
    assert_eq!(original.legs, sold.legs, "the journal keeps what was posted");
    for _ in 0..2 {
        let Command::Reverse(same) = reversal(key(1, 2), key(1, 1), PRICE_MINOR, 1) else {
            panic!("not a reversal");
        };
        let again = world.run(Command::Reverse(same));
        assert_eq!(again, Outcome::Duplicate(row.clone()), "a repeat moves nothing");
        let late = world.voucher_sale(key(1, 1));
        assert_eq!(world.run(Command::Begin(late)), Outcome::Late(Code::REVERSED));
        world.reopen();
    }
    assert_eq!(world.float(1).posted_minor, 10_000);
    assert_eq!(world.sell(key(1, 3)).code, Code::OUT_OF_STOCK, "its PIN may have been seen");
    let (code, ..) = world.reverse(key(1, 4), key(1, 1), PRICE_MINOR);
    assert_eq!((code, world.float(1).posted_minor), (Code::APPROVED, 10_000), "once");
}

/// What is printed stays.
pub fn a_confirmed_sale_cannot_be_reversed<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    world.sell(key(1, 1));
    world.begin_top_up(key(1, 2), 500);
    world.finish(key(1, 2), approved());
    for stan in [1, 2] {
        let confirmed = done(world.confirm(key(1, stan)));
        assert_eq!(confirmed.confirmed_ms, world.now_ms);
        world.now_ms += 1;
        assert_eq!(done(world.confirm(key(1, stan))), confirmed, "the first confirmation counts");
    }
    world.reopen();
    for (stan, original, amount) in [(3, 1, PRICE_MINOR), (4, 2, 500)] {
        let (code, row, _) = world.reverse(key(1, stan), key(1, original), amount);
        assert_eq!((code, row.state), (Code::NOT_REVERSIBLE, State::Declined));
        assert_eq!(world.row(key(1, stan)), Some(row), "journalled");
    }
    assert_eq!(world.float(1).posted_minor, 8_500);
    assert_eq!(world.confirm(key(1, 9)), Outcome::NotFound);
}

/// Acknowledged, remembered, and the late original refused.
pub fn a_sale_that_was_reversed_before_it_came_is_refused<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 5);
    let sale = world.voucher_sale(key(1, 7));
    let outcomes = world.commit(vec![
        reversal(key(1, 8), key(1, 7), PRICE_MINOR, world.now_ms),
        Command::Begin(sale.clone()),
    ]);
    let [Outcome::Reversed { reversal, original: Some(tombstone) }, late] = &outcomes[..] else {
        panic!("unexpected outcomes {outcomes:?}");
    };
    assert_eq!(*late, Outcome::Late(Code::REVERSED));
    assert_eq!((reversal.code, reversal.seq, tombstone.seq), (Code::APPROVED, 1, 2));
    assert_eq!((tombstone.kind, tombstone.state), (Kind::Tombstone, State::Reversed));
    assert_eq!(tombstone.reversed_by, Some(key(1, 8)));
    world.reopen();
    assert_eq!(world.run(Command::Begin(sale)), Outcome::Late(Code::REVERSED));
    assert_eq!(world.reverse(key(1, 9), key(1, 7), PRICE_MINOR).0, Code::APPROVED, "again");
    assert_eq!(world.sell(key(1, 6)).code, Code::APPROVED, "others are not hit");
    let yesterday = Key { date: BusinessDate(TODAY.0 - 1), ..key(1, 3) };
    assert_eq!(world.reverse(key(1, 10), yesterday, 5).0, Code::APPROVED);
    let late = world.voucher_sale(yesterday);
    assert_eq!(world.run(Command::Begin(late)), Outcome::Late(Code::REVERSED));
    assert_eq!(world.float(1).posted_minor, 9_000);
}

/// Nothing was done, nothing is to do.
pub fn a_reversal_of_nothing_done_is_acknowledged<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 500, 1);
    let poor = world.sell(key(1, 1));
    assert_eq!(poor.code, Code::INSUFFICIENT_FLOAT);
    let (code, row, original) = world.reverse(key(1, 2), key(1, 1), PRICE_MINOR);
    assert_eq!((code, row.legs.len(), original), (Code::APPROVED, 0, Some(poor)));
    assert_eq!(world.float(1).posted_minor, 500);
}

/// Other amount, other terminal, itself, another reversal: refused, nothing moves.
pub fn a_reversal_must_fit_its_original<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    world.sell(key(1, 1));
    let (code, row, _) = world.reverse(key(1, 2), key(1, 1), PRICE_MINOR - 1);
    assert_eq!((code, row.state, row.seq), (Code::FORMAT_ERROR, State::Declined, 2));
    for (own, original) in [(key(2, 1), key(1, 1)), (key(1, 3), key(1, 3))] {
        let (code, row, found) = world.reverse(own, original, PRICE_MINOR);
        assert_eq!((code, row.seq, found), (Code::FORMAT_ERROR, 0, None));
        assert_eq!(world.row(own), None);
    }
    assert_eq!(world.reverse(key(1, 4), key(1, 2), PRICE_MINOR - 1).0, Code::NOT_REVERSIBLE);
    let other = reversal(key(1, 2), key(1, 9), PRICE_MINOR, 1);
    assert_eq!(world.run(other), Outcome::Conflict);
    assert_eq!(world.float(1).posted_minor, 9_000);
}
