//! Laws of reversals and confirmations.

use super::Factory;
use super::network::{PRICE_MINOR, TODAY, load};
use super::world::{World, approved, done, key, reversal};
use tillgate_store_core::command::Command;
use tillgate_store_core::ids::Key;
use tillgate_store_core::limits::{EXPOSED_MAX, ORIGINAL_DAYS_MAX, REFUSED_ROWS_MAX};
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{FollowUp, Kind, State, Transaction};
use tillgate_store_core::store::Store;
use tillgate_types::{BusinessDate, ResponseCode};

/// Its PIN has left: the seller has it, the money stays, and the sale is put before the operator.
pub fn a_voucher_whose_pin_has_left_is_not_taken_back<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 2);
    let sold = world.sell(key(1, 1));
    let (code, row, original) = world.reverse(key(1, 2), key(1, 1), PRICE_MINOR);
    assert_eq!(
        (code, row.kind, row.state),
        (ResponseCode::NOT_REVERSIBLE, Kind::Reversal, State::Declined)
    );
    assert_eq!((row.seq, row.reason, row.legs.len()), (2, 1, 0), "the reason is kept");
    let listed = original.expect("it is there");
    assert_eq!(listed.owes(), Some(FollowUp::Operator));
    assert_eq!(Transaction { due: None, ..listed.clone() }, sold);
    let year_ms = 365 * 86_400_000;
    world.now_ms += year_ms;
    let (code, ..) = world.reverse(key(1, 3), key(1, 1), PRICE_MINOR);
    assert_eq!((code, world.float(1).posted_minor), (ResponseCode::NOT_REVERSIBLE, 9_000));
    world.now_ms -= year_ms;
    for _ in 0..2 {
        assert_eq!(world.row(key(1, 1)), Some(listed.clone()), "one entry for each sale");
        let again = world.voucher_sale(key(1, 1));
        assert_eq!(world.run(Command::Begin(again)), Outcome::Duplicate(listed.clone()));
        world.reopen();
    }
    let printed = done(world.confirm(key(1, 1)));
    assert_eq!((printed.state, printed.due), (State::Approved, None), "it was sold after all");
    assert_eq!(world.reverse(key(1, 4), key(1, 1), PRICE_MINOR).0, ResponseCode::NOT_REVERSIBLE);
    assert_eq!(world.row(key(1, 1)).and_then(|row| row.due), None);
}

/// Thousands of reversals: as many entries, as many rows, and the same answers.
pub fn reversals_of_one_terminal_do_not_flood_list_and_journal<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 1_000_000, EXPOSED_MAX + 10);
    let sales = u32::from(EXPOSED_MAX) + 5;
    let begins = (1..=sales).map(|stan| Command::Begin(world.voucher_sale(key(1, stan))));
    world.commit(begins.collect());
    let most = u32::from(REFUSED_ROWS_MAX);
    let reverse = |stan: u32, now_ms| {
        reversal(key(1, 1_000 + stan), key(1, stan % sales + 1), PRICE_MINOR, now_ms)
    };
    let mut rows = 0;
    for round in 0..2 {
        let reversals = (round * most..(round + 1) * most).map(|stan| reverse(stan, world.now_ms));
        for outcome in world.commit(reversals.collect()) {
            let Outcome::Reversed { reversal, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(reversal.code, ResponseCode::NOT_REVERSIBLE);
            rows += u32::from(reversal.seq > 0);
        }
        let open = world.book().open_transactions().expect("the engine reads");
        assert_eq!(open.len(), usize::from(EXPOSED_MAX));
        world.reopen();
    }
    assert_eq!(rows, most);
    let (code, row, _) = world.reverse(key(1, 9_000), key(1, 8_000), PRICE_MINOR);
    assert_eq!(
        (code, row.seq),
        (ResponseCode::IN_PROGRESS, 0),
        "not remembered, so not acknowledged"
    );
    assert_eq!(world.sell(key(2, 1)).code, ResponseCode::APPROVED, "another terminal");
    world.sell(key(2, 2));
    world.reverse(key(2, 3), key(2, 2), PRICE_MINOR);
    assert_eq!(world.row(key(2, 3)).map(|row| row.code), Some(ResponseCode::NOT_REVERSIBLE));
    assert_eq!(world.sell(key(1, 9_001)).code, ResponseCode::APPROVED, "who pays is served");
    world.today = BusinessDate(TODAY.0 + 1);
    let tomorrow = Key { date: world.today, ..key(1, 1) };
    assert_eq!(world.reverse(tomorrow, key(1, 2), PRICE_MINOR).1.state, State::Declined);
    assert!(world.row(tomorrow).is_some(), "a new day has new rows");
}

/// The same, of sales; the answer is the same with and without a row.
pub fn refused_sales_have_so_many_rows_a_day<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 500, 1);
    let most = u32::from(REFUSED_ROWS_MAX);
    let sales = |range: std::ops::Range<u32>, world: &World<F>| {
        range.map(|stan| Command::Begin(world.voucher_sale(key(1, stan)))).collect()
    };
    let first = sales(1..most, &world);
    assert!(world.commit(first).iter().all(|outcome| matches!(outcome, Outcome::Done(_))));
    world.reopen();
    let rest = sales(most..most + 50, &world);
    let outcomes = world.commit(rest);
    let beyond = Outcome::Refused(ResponseCode::INSUFFICIENT_FLOAT);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == beyond).count(), 49);
    assert!(matches!(outcomes[0], Outcome::Done(_)), "the last one that has room");
    let again = sales(most + 7..most + 8, &world);
    assert_eq!(world.commit(again), [beyond]);
    assert_eq!(world.change(vec![], vec![], vec![load("more", 1, 1_000)]), Outcome::Applied);
    assert_eq!(world.sell(key(1, most + 100)).code, ResponseCode::APPROVED);
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
        assert_eq!((code, row.state), (ResponseCode::NOT_REVERSIBLE, State::Declined));
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
    assert_eq!(*late, Outcome::Refused(ResponseCode::REVERSED));
    assert_eq!((reversal.code, reversal.seq, tombstone.seq), (ResponseCode::APPROVED, 1, 2));
    assert_eq!((tombstone.kind, tombstone.state), (Kind::Tombstone, State::Reversed));
    assert_eq!(tombstone.reversed_by, Some(key(1, 8)));
    world.reopen();
    assert_eq!(world.run(Command::Begin(sale)), Outcome::Refused(ResponseCode::REVERSED));
    assert_eq!(world.reverse(key(1, 9), key(1, 7), PRICE_MINOR).0, ResponseCode::APPROVED, "again");
    assert_eq!(world.sell(key(1, 6)).code, ResponseCode::APPROVED, "others are not hit");
    let yesterday = Key { date: BusinessDate(TODAY.0 - 1), ..key(1, 3) };
    assert_eq!(world.reverse(key(1, 10), yesterday, 5).0, ResponseCode::APPROVED);
    let late = world.voucher_sale(yesterday);
    assert_eq!(world.run(Command::Begin(late)), Outcome::Refused(ResponseCode::REVERSED));
    assert_eq!(world.float(1).posted_minor, 9_000);
    let long_ago = Key { date: BusinessDate(TODAY.0 - ORIGINAL_DAYS_MAX - 1), ..key(1, 3) };
    let (code, row, _) = world.reverse(key(1, 11), long_ago, 5);
    assert_eq!((code, row.seq), (ResponseCode::WRONG_DATE, 0), "that sale cannot come any more");
}

/// Nothing was done, nothing is to do.
pub fn a_reversal_of_nothing_done_is_acknowledged<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 500, 1);
    let poor = world.sell(key(1, 1));
    assert_eq!(poor.code, ResponseCode::INSUFFICIENT_FLOAT);
    let (code, row, original) = world.reverse(key(1, 2), key(1, 1), PRICE_MINOR);
    assert_eq!((code, row.legs.len(), original), (ResponseCode::APPROVED, 0, Some(poor)));
    assert_eq!(world.float(1).posted_minor, 500);
}

/// Other amount, other terminal, itself, another reversal: refused, nothing moves.
pub fn a_reversal_must_fit_its_original<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    world.sell(key(1, 1));
    let (code, row, _) = world.reverse(key(1, 2), key(1, 1), PRICE_MINOR - 1);
    assert_eq!((code, row.state, row.seq), (ResponseCode::FORMAT_ERROR, State::Declined, 2));
    for (own, original) in [(key(2, 1), key(1, 1)), (key(1, 3), key(1, 3))] {
        let (code, row, found) = world.reverse(own, original, PRICE_MINOR);
        assert_eq!((code, row.seq, found), (ResponseCode::FORMAT_ERROR, 0, None));
        assert_eq!(world.row(own), None);
    }
    assert_eq!(
        world.reverse(key(1, 4), key(1, 2), PRICE_MINOR - 1).0,
        ResponseCode::NOT_REVERSIBLE
    );
    let other = reversal(key(1, 2), key(1, 9), PRICE_MINOR, 1);
    assert_eq!(world.run(other), Outcome::Conflict);
    assert_eq!(world.float(1).posted_minor, 9_000);
}
