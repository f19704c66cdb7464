//! Laws of what a provider must take back or receive, and a person resolve.

use super::Factory;
use super::network::TODAY;
use super::world::{World, approved, done, key, rejected, settlement};
use tillgate_store_core::command::{Advice, Asker, Command, Confirm, ProviderOutcome, Resolution};
use tillgate_store_core::ids::{Key, Text};
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{ChipAnswer, FollowUp, State, Totals, Transaction};
use tillgate_store_core::store::Store;
use tillgate_types::ResponseCode;

const REVERSAL: Option<FollowUp> = Some(FollowUp::Reversal);
const OPERATOR: Option<FollowUp> = Some(FollowUp::Operator);

/// A top-up of 500 of terminal 1, approved.
fn approve<F: Factory>(world: &mut World<F>, key: Key) -> Transaction {
    world.begin_top_up(key, 500);
    done(world.finish(key, approved()))
}

/// Reversal and original of an outcome that is about both.
fn both(outcome: Outcome) -> (Transaction, Transaction) {
    match outcome {
        Outcome::Reversed { reversal, original: Some(original) } => (reversal, original),
        other => panic!("expected a reversal and its original, got {other:?}"),
    }
}

fn open<F: Factory>(world: &World<F>) -> Vec<Key> {
    let open = world.book().open_transactions().expect("the engine reads");
    open.iter().map(|row| row.key).collect()
}

/// The money stays posted until the provider acknowledges; then it goes back, once.
pub fn a_done_top_up_is_posted_back_when_its_provider_has_taken_it_back<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    let sold = approve(&mut world, key(1, 1));
    let (code, row, original) = world.reverse(key(1, 2), key(1, 1), 500);
    assert_eq!(
        (code, row.seq, row.state, row.owes()),
        (ResponseCode::IN_PROGRESS, 2, State::Intent, REVERSAL)
    );
    let original = original.expect("it is there");
    assert_eq!((original.state, original.reversed_by), (State::Approved, Some(key(1, 2))));
    assert!(!original.is_answered(), "nobody may receive 00 while it is taken back");
    assert_eq!((world.float(1).posted_minor, open(&world)), (9_500, vec![key(1, 2)]));
    let (code, second, _) = world.reverse(key(1, 3), key(1, 1), 500);
    assert_eq!((code, second.seq, world.row(key(1, 3))), (ResponseCode::IN_PROGRESS, 0, None));
    world.reopen();
    let (row, original) = both(world.finish(key(1, 2), ProviderOutcome::Reversed));
    assert_eq!((row.state, row.code, row.due), (State::Approved, ResponseCode::APPROVED, None));
    assert_eq!((row.balance_minor, original.state), (Some(10_000), State::Reversed));
    assert_eq!(original.legs, sold.legs, "the journal keeps what was posted");
    assert_eq!(done(world.finish(key(1, 2), ProviderOutcome::Reversed)), row, "once");
    assert_eq!((world.float(1).posted_minor, open(&world)), (10_000, vec![]));
}

/// The provider refuses: the sale stands, and may be reversed another time.
pub fn a_reversal_that_the_provider_refuses_leaves_the_sale_as_it_was<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    let sold = approve(&mut world, key(1, 1));
    world.reverse(key(1, 2), key(1, 1), 500);
    let (row, original) = both(world.finish(key(1, 2), ProviderOutcome::ReversalDeclined));
    assert_eq!((row.state, row.code), (State::Declined, ResponseCode::NOT_REVERSIBLE));
    assert_eq!(original, sold, "its repeat receives the same bytes as before");
    assert_eq!((world.float(1).posted_minor, open(&world)), (9_500, vec![]));
    assert_eq!(
        world.reverse(key(1, 3), key(1, 1), 500).0,
        ResponseCode::IN_PROGRESS,
        "asked again"
    );
}

/// While the provider works, the wish is journalled and waits for what it finds out.
pub fn a_reversal_of_an_open_sale_goes_on_once_the_outcome_is_known<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    for (stan, outcome) in
        [(1, approved()), (11, ProviderOutcome::NotSent { code: ResponseCode(*b"91") })]
    {
        world.begin_top_up(key(1, stan), 500);
        let (code, row, original) = world.reverse(key(1, stan + 1), key(1, stan), 500);
        assert_eq!((code, row.state, row.due), (ResponseCode::IN_PROGRESS, State::Intent, None));
        assert_eq!(original.expect("it is there").reversed_by, Some(row.key));
        world.finish(key(1, stan), ProviderOutcome::Unknown);
        assert_eq!(world.reverse(key(1, stan + 2), key(1, stan), 500).1.seq, 0, "one at a time");
        world.reopen();
        assert_eq!(open(&world), [key(1, stan), key(1, stan + 1)]);
        let (row, original) = both(world.finish(key(1, stan), outcome));
        if original.state == State::Approved {
            assert_eq!((row.state, row.owes()), (State::Intent, REVERSAL));
            both(world.finish(row.key, ProviderOutcome::Reversed));
        } else {
            assert_eq!(
                (row.state, row.code, row.legs.len()),
                (State::Approved, ResponseCode::APPROVED, 0)
            );
            assert_eq!(original.reversed_by, None);
        }
        assert_eq!((world.float(1).posted_minor, open(&world)), (10_000, vec![]));
    }
}

/// Promise 6: what nobody can be asked about is taken back, and the money held until then.
pub fn an_unknown_sale_that_is_taken_back_can_no_longer_be_approved<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    world.begin_top_up(key(1, 1), 500);
    let row = done(world.mark_follow_up(key(1, 1), FollowUp::Reversal));
    assert_eq!(
        (row.state, row.owes(), row.is_being_taken_back()),
        (State::Unknown, REVERSAL, true)
    );
    world.reopen();
    assert_eq!(done(world.finish(key(1, 1), approved())), row, "it will be undone");
    let unsent = ProviderOutcome::NotSent { code: ResponseCode(*b"91") };
    assert_eq!(done(world.finish(key(1, 1), unsent)), row, "that was about another message");
    assert_eq!(world.float(1).reserved_minor, 500);
    let row = done(world.finish(key(1, 1), ProviderOutcome::Reversed));
    assert_eq!((row.state, row.code, row.due), (State::Declined, ResponseCode::REVERSED, None));
    assert_eq!((world.float(1).posted_minor, world.float(1).reserved_minor), (10_000, 0));
}

/// What was declined stays declined; what its provider did late is undone there.
pub fn a_late_approval_is_owed_back_by_its_provider<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    world.begin_top_up(key(1, 1), 500);
    let declined =
        done(world.finish(key(1, 1), ProviderOutcome::NotSent { code: ResponseCode(*b"91") }));
    let row = done(world.finish(key(1, 1), approved()));
    assert_eq!((row.state, row.owes()), (State::Declined, REVERSAL));
    assert_eq!(&*row.other_reference, "P-1", "what is to be taken back");
    let declined = Transaction { other_reference: row.other_reference, ..declined };
    assert_eq!(Transaction { due: None, ..row }, declined, "the terminal receives the same bytes");
    assert_eq!((world.float(1).posted_minor, open(&world)), (10_000, vec![key(1, 1)]));
    world.reopen();
    assert_eq!(done(world.finish(key(1, 1), ProviderOutcome::Reversed)), declined);
    assert_eq!(open(&world), []);
    world.finish(key(1, 1), approved());
    assert_eq!(done(world.finish(key(1, 1), ProviderOutcome::ReversalDeclined)).owes(), OPERATOR);
    assert_eq!(done(world.resolve(key(1, 1), Resolution::Done)), declined);
}

/// What a provider says against a booked outcome is put before a person, once until it was seen.
pub fn a_provider_that_contradicts_a_booked_outcome_is_put_before_somebody<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    let declined = || ProviderOutcome::Declined {
        code: ResponseCode(*b"05"),
        reference: Text::new(),
        chip: None,
    };
    let sold = approve(&mut world, key(1, 1));
    // Approved by a person, declined by the provider later.
    world.begin_top_up(key(1, 2), 500);
    world.finish(key(1, 2), ProviderOutcome::Unknown);
    world.resolve(key(1, 2), Resolution::Approved);
    // Its reversal was refused, and then done all the same; and the other way round.
    for stan in [3, 5] {
        approve(&mut world, key(1, stan));
        world.reverse(key(1, stan + 1), key(1, stan), 500);
    }
    world.finish(key(1, 4), ProviderOutcome::ReversalDeclined);
    world.finish(key(1, 6), ProviderOutcome::Reversed);
    let (audits, money) = (world.book().head().audit_no, world.float(1));
    for _ in 0..2 {
        world.finish(key(1, 1), declined());
        world.finish(key(1, 2), declined());
        world.finish(key(1, 4), ProviderOutcome::Reversed);
        world.finish(key(1, 6), ProviderOutcome::ReversalDeclined);
        assert_eq!(open(&world), [key(1, 1), key(1, 2), key(1, 3), key(1, 5)]);
        assert_eq!(world.book().head().audit_no, audits + 4, "said once");
        world.reopen();
    }
    assert_eq!(world.float(1), money, "nobody's money moves on a provider's second word");
    assert_eq!(done(world.resolve(key(1, 1), Resolution::Done)), sold);
    assert_eq!(done(world.resolve(key(1, 5), Resolution::Done)).due, None);
}

/// One order has one reference: another one is noted beside the first, for a person to look into,
/// and nothing else changes. It is said once until somebody has.
pub fn another_reference_of_a_provider_is_noted_for_the_operator_and_moves_nothing<F: Factory>(
    factory: F,
) {
    let mut world = World::stocked(factory, 10_000, 0);
    let told = |name| ProviderOutcome::Approved {
        reference: Text::from(name).expect("short enough"),
        chip: None,
    };
    // Approved; confirmed and to be advised; taken back; being taken back; approved by a person.
    let sold: Vec<_> = (1..=4).map(|stan| approve(&mut world, key(1, stan))).collect();
    let (original, at_ms, advice) = (key(1, 2), 7, Advice::Owed);
    world.run(Command::Confirm(Confirm {
        asker: Asker::Terminal,
        original,
        amount_minor: None,
        at_ms,
        advice,
    }));
    for stan in [3, 4] {
        world.reverse(key(1, 10 + stan), key(1, stan), 500);
    }
    world.finish(key(1, 13), ProviderOutcome::Reversed);
    world.begin_top_up(key(1, 5), 500);
    world.finish(key(1, 5), ProviderOutcome::Unknown);
    world.resolve(key(1, 5), Resolution::Approved);
    let rows =
        |world: &World<F>| (1..=5).filter_map(|stan| world.row(key(1, stan))).collect::<Vec<_>>();
    let (before, money) = (rows(&world), world.float(1));
    let audits = world.book().head().audit_no;
    for stan in 1..=5 {
        for name in ["P-1", ""] {
            world.finish(key(1, stan), told(name));
        }
    }
    assert_eq!(rows(&world), before, "the same once more, or none, is no other");
    for name in ["P-2", "P-3", "P-2"] {
        for stan in 1..=5 {
            world.finish(key(1, stan), told(name));
        }
        world.reopen();
    }
    world.finish(key(1, 2), ProviderOutcome::AdviceAcknowledged);
    for (row, before) in rows(&world).iter().zip(&before).take(4) {
        assert_eq!((row.owes(), &*row.other_reference), (OPERATOR, "P-2"));
        let (due, other_reference) = (before.due, Text::new());
        assert_eq!(&Transaction { due, other_reference, ..row.clone() }, before);
    }
    assert_eq!(rows(&world)[4], before[4], "no reference was booked");
    assert_eq!((world.float(1), world.book().head().audit_no), (money, audits + 4), "said once");
    let seen = done(world.resolve(key(1, 1), Resolution::Done));
    assert_eq!((seen.due, &seen.provider_reference), (None, &sold[0].provider_reference));
    assert_eq!(done(world.finish(key(1, 1), told("P-2"))), seen, "known by now");
    assert_eq!(&*done(world.finish(key(1, 1), told("P-3"))).other_reference, "P-3");
    assert_eq!(open(&world), [1, 2, 3, 4, 14].map(|stan| key(1, stan)));
}

/// A confirmation that a provider wants to receive is owed until it has.
pub fn an_advice_is_owed_until_the_provider_has_heard_it<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    let sold = approve(&mut world, key(1, 1));
    world.sell(key(1, 2));
    let confirm = |stan| {
        let (original, at_ms, advice) = (key(1, stan), 7, Advice::Owed);
        Command::Confirm(Confirm {
            asker: Asker::Terminal,
            original,
            amount_minor: None,
            at_ms,
            advice,
        })
    };
    assert_eq!(done(world.run(confirm(2))).due, None, "a voucher has no provider to tell");
    let row = done(world.run(confirm(1)));
    assert_eq!((row.state, row.owes()), (State::Approved, Some(FollowUp::Advice)));
    assert_eq!(open(&world), [key(1, 1)]);
    assert_eq!(world.reverse(key(1, 3), key(1, 1), 500).0, ResponseCode::NOT_REVERSIBLE);
    world.reopen();
    let row = done(world.finish(key(1, 1), ProviderOutcome::AdviceAcknowledged));
    assert_eq!(row, Transaction { confirmed_ms: 7, ..sold });
    assert_eq!(done(world.run(confirm(1))), row, "owed once");
    assert_eq!(open(&world), []);
}

/// Follow-ups that were given up are a person's, with the money as it is; the audit log says so.
pub fn an_operator_resolves_what_nobody_else_can<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    let audits = world.book().head().audit_no;
    for stan in [1, 2, 3] {
        world.begin_top_up(key(1, stan), 500);
        assert_eq!(done(world.mark_follow_up(key(1, stan), FollowUp::Operator)).owes(), OPERATOR);
    }
    world.reverse(key(1, 4), key(1, 3), 500);
    assert_eq!(world.float(1).reserved_minor, 1_500);
    world.reopen();
    let row = done(world.resolve(key(1, 1), Resolution::Approved));
    assert_eq!((row.state, row.code, row.due), (State::Approved, ResponseCode::APPROVED, None));
    let row = done(world.resolve(key(1, 2), Resolution::Declined));
    assert_eq!((row.state, row.code), (State::Declined, ResponseCode::NOT_HONOURED));
    let (reversal, _) = both(world.resolve(key(1, 3), Resolution::Approved));
    assert_eq!((reversal.state, reversal.owes()), (State::Intent, REVERSAL), "its wish goes on");
    world.mark_follow_up(key(1, 4), FollowUp::Operator);
    let (reversal, original) = both(world.resolve(key(1, 4), Resolution::Approved));
    assert_eq!((reversal.state, original.state), (State::Approved, State::Reversed));
    assert_eq!((world.float(1).posted_minor, world.float(1).reserved_minor), (9_500, 0));
    assert_eq!(world.book().head().audit_no, audits + 4);
}

/// A provider's statement that says otherwise than the journal moves no money: what was declined
/// is taken back, anything else waits for a person. It says so once.
pub fn a_statement_that_contradicts_moves_no_money<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    let reference = Text::from("P-1").expect("short");
    for (stan, finding) in [
        (1, ProviderOutcome::Approved { reference, chip: None }),
        (2, ProviderOutcome::Declined { code: ResponseCode::NOT_HONOURED, reference, chip: None }),
        (3, ProviderOutcome::Unknown),
    ] {
        world.begin_top_up(key(1, stan), 500);
        world.finish(key(1, stan), finding);
    }
    world.sell(key(1, 4));
    let float = world.float(1);
    assert!(rejected(&world.resolve(key(1, 1), Resolution::LateApproval)), "it was approved");
    assert!(rejected(&world.resolve(key(1, 4), Resolution::Disputed)), "a voucher of our own");
    let late = done(world.resolve(key(1, 2), Resolution::LateApproval));
    assert_eq!((late.state, late.owes()), (State::Declined, REVERSAL));
    assert!(rejected(&world.resolve(key(1, 2), Resolution::Disputed)), "it is being taken back");
    for (stan, state) in [(1, State::Approved), (3, State::Unknown)] {
        let row = done(world.resolve(key(1, stan), Resolution::Disputed));
        assert_eq!((row.state, row.owes()), (state, OPERATOR));
        assert!(rejected(&world.resolve(key(1, stan), Resolution::Disputed)), "once");
    }
    assert_eq!(world.float(1), float);
}

/// A verdict that makes no sense is refused, and leaves nothing in the audit log.
pub fn a_verdict_must_fit_its_transaction<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    let audits = world.book().head().audit_no;
    world.sell(key(1, 1));
    world.begin_top_up(key(1, 2), 500);
    world.begin_top_up(key(1, 3), 500);
    world.reverse(key(1, 4), key(1, 3), 500);
    world.mark_follow_up(key(1, 3), FollowUp::Reversal);
    let refused = [
        (1, Resolution::Done),
        (2, Resolution::Approved),
        (2, Resolution::Declined),
        (3, Resolution::Approved),
        (3, Resolution::Done),
        (4, Resolution::Approved),
        (9, Resolution::Approved),
    ];
    for (stan, verdict) in refused {
        let before = world.row(key(1, stan));
        let outcome = world.resolve(key(1, stan), verdict);
        assert!(rejected(&outcome), "{outcome:?}");
        assert_eq!(world.row(key(1, stan)), before);
    }
    assert_eq!(world.book().head().audit_no, audits);
    let (reversal, original) = both(world.resolve(key(1, 3), Resolution::Declined));
    assert_eq!((original.code, reversal.code), (ResponseCode::REVERSED, ResponseCode::APPROVED));
}

/// Both totals are written down as they are, and a repeat receives them again.
pub fn a_settlement_compares_totals_and_adjusts_nothing<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 3);
    world.sell(key(1, 1));
    world.sell(key(1, 2));
    world.reverse(key(1, 3), key(1, 2), 999);
    world.reverse(key(1, 4), key(1, 77), 50);
    approve(&mut world, key(1, 5));
    world.begin_top_up(key(1, 6), 700);
    approve(&mut world, key(1, 7));
    world.reverse(key(1, 8), key(1, 7), 500);
    world.sell(key(2, 1));
    let totals =
        Totals { sales_count: 3, sales_minor: 2_500, reversals_count: 1, reversals_minor: 50 };
    let at_ms = world.now_ms;
    let agreed = settlement(key(1, 20), TODAY, totals, at_ms);
    let row = done(world.run(Command::Settle(agreed.clone())));
    let found = row.settlement.as_deref().copied().expect("a settlement has totals");
    assert_eq!((row.code, found.counted, found.open_count), (ResponseCode::APPROVED, totals, 3));
    let claimed = Totals { sales_minor: 2_400, ..totals };
    let differs = settlement(key(1, 21), TODAY, claimed, at_ms);
    let other = done(world.run(Command::Settle(differs)));
    let found = other.settlement.as_deref().copied().expect("a settlement has totals");
    assert_eq!((other.code, other.state), (ResponseCode::TOTALS_DIFFER, State::Declined));
    assert_eq!((found.claimed, found.counted), (claimed, totals));
    world.finish(key(1, 6), approved());
    world.reopen();
    assert_eq!(world.run(Command::Settle(agreed.clone())), Outcome::Duplicate(row));
    let changed = tillgate_store_core::Settle { digest: [9; 16].into(), ..agreed };
    assert_eq!(world.run(Command::Settle(changed)), Outcome::Conflict);
    let mut differences = Vec::new();
    let read = tillgate_store_core::journal::transactions(world.book().backend(), None, |row| {
        differences.extend(Some(row).filter(tillgate_store_core::record::Transaction::differs));
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!((read, differences), (Ok(()), vec![other]));
    assert_eq!(world.reverse(key(1, 30), key(1, 20), 0).0, ResponseCode::NOT_REVERSIBLE);
}

/// What a card's chip receives belongs to the outcome that decided: nothing that is said later
/// replaces it, and it is there again after a restart.
pub fn what_a_chip_receives_stays_with_the_outcome_that_decided<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    let chip = |byte| ChipAnswer::new(&[0x91, 1, byte]);
    let reference = Text::new();
    for (stan, outcome) in [
        (1, ProviderOutcome::Approved { reference, chip: chip(1) }),
        (2, ProviderOutcome::Declined { code: ResponseCode(*b"05"), reference, chip: chip(1) }),
    ] {
        world.begin_top_up(key(1, stan), 500);
        assert_eq!(done(world.finish(key(1, stan), outcome)).chip, chip(1));
        world.finish(key(1, stan), ProviderOutcome::Approved { reference, chip: chip(2) });
        world.reopen();
        assert_eq!(world.row(key(1, stan)).expect("it is there").chip, chip(1));
    }
}

/// A terminal that says another amount confirms another sale.
pub fn a_confirmation_of_another_amount_confirms_nothing<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    approve(&mut world, key(1, 1));
    let mut confirm = |original, minor| {
        let (amount_minor, advice) = (Some(minor), Advice::Owed);
        let asker = Asker::Terminal;
        world.run(Command::Confirm(Confirm { asker, original, amount_minor, at_ms: 7, advice }))
    };
    assert_eq!(confirm(key(1, 1), 499), Outcome::Refused(ResponseCode::INVALID_AMOUNT));
    let row = done(confirm(key(1, 1), 500));
    assert_eq!((row.confirmed_ms, row.owes()), (7, Some(FollowUp::Advice)));
    assert_eq!(confirm(key(1, 9), 500), Outcome::NotFound);
}
