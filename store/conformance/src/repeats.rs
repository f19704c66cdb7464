//! Laws of repeated requests.

use super::Factory;
use super::world::{World, approved, done, key};
use tillgate_store_core::command::{Command, VerificationResult};
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{Account, Counter, State};
use tillgate_store_core::store::Store;
use tillgate_types::{ResponseCode, TerminalId};

/// Promise 2: whatever the state, a repeat finds the row.
pub fn a_repeat_gets_the_stored_row_also_after_a_restart<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 5);
    let sold = world.sell(key(1, 1));
    let begun = world.begin_top_up(key(1, 2), 500);
    let (again, again_open) = (world.voucher_sale(key(1, 1)), world.top_up(key(1, 2), 500));
    for _ in 0..2 {
        let outcome = world.run(Command::Begin(again.clone()));
        assert_eq!(outcome, Outcome::Duplicate(sold.clone()));
        let outcome = world.run(Command::Begin(again_open.clone()));
        assert_eq!(outcome, Outcome::Duplicate(begun.clone()), "in flight: attach to it");
        world.reopen();
    }
    let finished = done(world.finish(key(1, 2), approved()));
    assert_eq!(world.run(Command::Begin(again_open)), Outcome::Duplicate(finished));
}

/// Promise 2: a key names one content.
pub fn the_same_key_with_other_content_is_refused<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 5);
    let sold = world.sell(key(1, 1));
    let other = world.top_up(key(1, 1), 500);
    assert_eq!(world.run(Command::Begin(other.clone())), Outcome::Conflict);
    world.reopen();
    assert_eq!(world.run(Command::Begin(other)), Outcome::Conflict);
    assert_eq!(world.row(key(1, 1)), Some(sold));
}

/// Commands of a batch see the effects of earlier ones of the batch.
pub fn commands_of_one_batch_see_each_other<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 1_500, 5);
    let sale = world.voucher_sale(key(1, 1));
    let other = world.top_up(key(1, 1), 100);
    let second = world.voucher_sale(key(2, 1));
    let outcomes =
        world.commit([sale.clone(), sale, other, second].into_iter().map(Command::Begin).collect());
    let [Outcome::Done(sold), Outcome::Duplicate(again), Outcome::Conflict, Outcome::Done(poor)] =
        &outcomes[..]
    else {
        panic!("unexpected outcomes {outcomes:?}");
    };
    assert_eq!(sold, again);
    assert_eq!(poor.code, ResponseCode::INSUFFICIENT_FLOAT, "the first sale spent the float");
    assert_eq!((sold.seq, poor.seq), (1, 2));
    assert_eq!(world.row(key(1, 1)).as_ref(), Some(sold));
}

/// A refused request leaves a row and nothing else.
pub fn a_refused_request_is_journalled_and_moves_no_money<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    let mut begin = world.voucher_sale(key(1, 1));
    begin.verdict = VerificationResult::Refused(ResponseCode(*b"58"));
    let before = world.float(1);
    let row = done(world.run(Command::Begin(begin.clone())));
    assert_eq!((row.state, row.code, row.seq), (State::Declined, ResponseCode(*b"58"), 1));
    assert!(row.legs.is_empty() && row.voucher.is_none());
    assert_eq!(world.float(1), before);
    assert_eq!(world.run(Command::Begin(begin)), Outcome::Duplicate(row));
    let untouched = Account { posted_minor: 10_000, ..Account::default() };
    assert_eq!(before, untouched);
}

/// A handshake counter only rises, also across a restart.
pub fn a_handshake_counter_is_accepted_once<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let terminal = TerminalId(1);
    let logon = |counter| logon(terminal, 0, counter);
    let outcomes = world.commit(vec![logon(7), logon(7), logon(6), logon(9)]);
    let expected = [Outcome::Applied, Outcome::Conflict, Outcome::Conflict, Outcome::Applied];
    assert_eq!(outcomes, expected);
    world.reopen();
    assert_eq!(world.book().counter(terminal).map(|counter| counter.high(0)), Ok(9));
    assert_eq!(world.run(logon(9)), Outcome::Conflict);
    assert_eq!(world.book().counter(TerminalId(2)), Ok(Counter::new(TerminalId(2))));
}

/// Each key has its own counter, and a key that has proved itself is remembered.
pub fn the_counter_of_one_key_binds_no_other<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let terminal = TerminalId(1);
    assert_eq!(world.run(logon(terminal, 0, u64::MAX)), Outcome::Applied);
    assert_eq!(world.run(logon(terminal, 1, 1)), Outcome::Applied);
    let proof = Command::Logon { terminal, generation: 1, counter: 1, proved: true };
    assert_eq!(world.commit(vec![proof.clone(), proof]), [Outcome::Applied, Outcome::Conflict]);
    world.reopen();
    let counter = world.book().counter(terminal).expect("the row is sound");
    assert_eq!((counter.high(0), counter.high(1)), (u64::MAX, 1));
    assert_eq!(counter.keys().iter().map(|key| key.proved).collect::<Vec<_>>(), [false, true]);
}

fn logon(terminal: TerminalId, generation: u32, counter: u64) -> Command {
    Command::Logon { terminal, generation, counter, proved: false }
}
