//! Laws of voucher PINs that are sent again, and of refunds.

use super::Factory;
use super::network::{PRICE_MINOR, TODAY};
use super::world::{World, approved, done, key, propose, refund, rejected, repeat, resolve};
use tillgate_store_core::command::{
    Advice, Asker, Change, Command, Confirm, ProviderOutcome, RefundStep, Repeat, Resolution,
    VerificationResult,
};
use tillgate_store_core::ids::{AccountId, Key};
use tillgate_store_core::journal;
use tillgate_store_core::limits::{REPRINTS_MAX, RETRY_MS, TERMINAL_REPRINTS_MAX};
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{Audit, FollowUp, Reprint, State, Transaction};
use tillgate_store_core::store::Store;
use tillgate_types::{BusinessDate, ResponseCode, TerminalId};

/// Retries of the first minutes are free; each one later is counted and in the audit log,
/// and after this many the PIN is not disclosed any more.
pub fn a_pin_is_told_again_so_often_and_each_time_is_counted<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    let sold = world.sell(key(1, 1));
    let (head, audits) = (*world.book().head(), world.book().head().audit_no);
    world.now_ms += RETRY_MS;
    let now_ms = world.now_ms;
    for _ in 0..100 {
        let again = world.run(Command::Repeat(repeat(key(1, 1), now_ms)));
        assert_eq!(again, Outcome::Duplicate(sold.clone()));
    }
    assert_eq!(*world.book().head(), head, "nothing is written for the retries");
    world.now_ms += 1;
    for told in 1..=REPRINTS_MAX {
        let command = if told % 2 == 0 {
            Command::Repeat(repeat(key(1, 0), world.now_ms))
        } else {
            Command::Begin(world.voucher_sale(key(1, 1)))
        };
        let expected = Transaction { reprints: told, ..sold.clone() };
        assert_eq!(world.run(command), Outcome::Duplicate(expected.clone()));
        assert_eq!(world.row(key(1, 1)), Some(expected), "durable before it is sent");
        world.reopen();
    }
    let head = *world.book().head();
    let refused = Outcome::Refused(ResponseCode::VELOCITY_LIMIT);
    assert_eq!(world.run(Command::Repeat(repeat(key(1, 1), world.now_ms))), refused);
    assert_eq!(*world.book().head(), head);
    assert_eq!(head.audit_no, audits + u64::from(REPRINTS_MAX), "each of them");
    let reprints = Reprint::all_of(world.book().backend(), &key(1, 1)).expect("readable");
    let expected = (audits + 1..=head.audit_no).map(|no| ((key(1, 1), no), world.now_ms));
    assert!(expected.eq(reprints.iter().map(|reprint| (reprint.of, reprint.at_ms))));
    let at = head.audit_no.to_be_bytes();
    let row = journal::record::<Audit>(world.book().backend(), &at, &mut Vec::new());
    let note = row.expect("readable").expect("there").note;
    assert_eq!(note, format!("sent the PIN of {} again, 32 times so far", key(1, 1)));
    assert_eq!(world.row(key(1, 1)).map(|row| row.state), Some(State::Approved));
}

/// However many vouchers it has sold, a terminal does not fill the audit log; the next day, and
/// another terminal, are served.
pub fn what_a_terminal_reprints_in_a_day_is_bounded<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000_000, 5);
    (1..=4).for_each(|stan| assert!(world.sell(key(1, stan)).code.is_approved()));
    world.sell(key(3, 1));
    world.now_ms += RETRY_MS + 1;
    let audits = world.book().head().audit_no;
    let again = |world: &mut World<F>, sale: Key| {
        let command = Command::Repeat(repeat(sale, world.now_ms));
        world.run(command)
    };
    for told in 0..TERMINAL_REPRINTS_MAX {
        let sale = key(1, u32::from(told % 4) + 1);
        assert!(matches!(again(&mut world, sale), Outcome::Duplicate(_)), "{told}");
    }
    world.reopen();
    let head = *world.book().head();
    assert_eq!(head.audit_no, audits + u64::from(TERMINAL_REPRINTS_MAX));
    let refused = Outcome::Refused(ResponseCode::VELOCITY_LIMIT);
    assert_eq!(again(&mut world, key(1, 1)), refused);
    assert_eq!(*world.book().head(), head, "nothing is written for it");
    assert!(matches!(again(&mut world, key(3, 1)), Outcome::Duplicate(_)), "another terminal");
    world.now_ms += 86_400_000;
    assert!(matches!(again(&mut world, key(1, 1)), Outcome::Duplicate(_)), "the next day");
}

/// Who is blocked, or comes too late, receives no PIN; nothing is said against the sale.
pub fn a_pin_is_told_to_nobody_who_is_blocked_or_late<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    let sold = world.sell(key(1, 1));
    let now_ms = world.now_ms;
    let asked = repeat(key(1, 1), now_ms);
    let blocked = Repeat { standing: ResponseCode::TERMINAL_INACTIVE, ..asked.clone() };
    let withheld = Outcome::Refused(ResponseCode::IN_PROGRESS);
    assert_eq!(world.run(Command::Repeat(blocked)), withheld);
    for code in [
        ResponseCode::TERMINAL_INACTIVE,
        ResponseCode::SELLER_INACTIVE,
        ResponseCode::DISTRIBUTOR_INACTIVE,
    ] {
        let mut again = world.voucher_sale(key(1, 1));
        again.verdict = VerificationResult::Refused(code);
        assert_eq!(world.run(Command::Begin(again)), withheld);
    }
    let late = Repeat { pins_from: BusinessDate(TODAY.0 + 1), ..asked.clone() };
    assert_eq!(world.run(Command::Repeat(late)), Outcome::Refused(ResponseCode::WRONG_DATE));
    let last_day = Repeat { pins_from: TODAY, ..asked.clone() };
    assert_eq!(world.run(Command::Repeat(last_day)), Outcome::Duplicate(sold.clone()));
    let same = Repeat { digest: Some(sold.digest.into()), ..asked.clone() };
    assert_eq!(world.run(Command::Repeat(same)), Outcome::Duplicate(sold));
    let other = Repeat { digest: Some([9; 16].into()), ..asked.clone() };
    assert_eq!(world.run(Command::Repeat(other)), Outcome::Conflict);
    let absent = Repeat { original: key(1, 2), ..asked };
    assert_eq!(world.run(Command::Repeat(absent)), Outcome::NotFound);
}

/// Two operators, the issuer's reference, every leg back, once; also over restarts.
pub fn a_refund_takes_two_operators_and_gives_the_money_back_once<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 2);
    let sold = world.sell(key(1, 1));
    world.reverse(key(1, 2), key(1, 1), PRICE_MINOR);
    let audits = world.book().head().audit_no;
    let step = |step, actor| refund(key(1, 1), step, actor, 9);
    assert!(rejected(&world.run(step(RefundStep::Approve, "ann"))), "nothing is proposed");
    let unnamed = RefundStep::Propose { reference: "".try_into().expect("short enough") };
    assert!(rejected(&world.run(step(unnamed, "ann"))), "not voided at its issuer");
    let proposed = done(world.run(step(propose(), "ann")));
    assert_eq!((proposed.state, world.float(1).posted_minor), (State::Approved, 9_000));
    world.reopen();
    assert!(rejected(&world.run(step(RefundStep::Approve, "ann"))), "one person has two eyes");
    assert!(rejected(&world.run(step(propose(), "bob"))), "proposed already");
    assert!(rejected(&world.resolve(key(1, 1), Resolution::Done)), "it hangs on the refund");
    assert!(done(world.run(step(RefundStep::Cancel, "bob"))).refund.is_none());
    assert!(done(world.run(step(propose(), "bob"))).refund.is_some());
    world.reopen();
    let outcome = world.run(step(RefundStep::Approve, "ann"));
    let Outcome::Reversed { reversal, original: Some(sale) } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((sale.state, sale.code, sale.due), (State::Reversed, ResponseCode::REVERSED, None));
    assert_eq!((reversal.key.terminal, reversal.key.stan), (TerminalId::OPERATOR, 1));
    assert_eq!(reversal.reason, Transaction::BY_OPERATOR);
    world.reopen();
    for again in [RefundStep::Approve, RefundStep::Cancel, propose()] {
        assert!(rejected(&world.run(step(again, "ann"))), "once");
    }
    assert_eq!(world.float(1).posted_minor, 10_000);
    for leg in &sold.legs {
        let account = AccountId { ..leg.account };
        let posted = world.book().account(&account).posted_minor;
        assert_eq!(posted, if account == sold.legs[0].account { 10_000 } else { 0 });
    }
    assert_eq!(world.book().head().audit_no, audits + 4, "each step that was taken");
    let no = world.book().head().audit_no.to_be_bytes();
    let row =
        tillgate_store_core::journal::record::<Audit>(world.book().backend(), &no, &mut Vec::new());
    assert_eq!(row.map(|row| row.map(|row| row.actor)), Ok(Some("ann".to_owned())));
    let late = world.voucher_sale(key(1, 1));
    assert_eq!(world.run(Command::Begin(late)), Outcome::Refused(ResponseCode::REVERSED));
    world.sell(key(1, 3));
    assert_eq!(
        world.sell(key(1, 4)).code,
        ResponseCode::OUT_OF_STOCK,
        "a voided voucher is not sold"
    );
    assert_eq!(
        world.book().last_stan(TerminalId(1), TODAY, Asker::Terminal),
        Ok(4),
        "no trace number is taken"
    );
}

/// A verdict that was wrong is put right by two operators.
pub fn a_wrong_verdict_can_be_put_right_by_two_operators<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    let sale: Key = key(1, 1);
    world.begin_top_up(sale, 500);
    world.finish(sale, tillgate_store_core::ProviderOutcome::Unknown);
    world.resolve(sale, Resolution::Approved);
    assert!(rejected(&world.resolve(sale, Resolution::Declined)), "not by one alone");
    world.run(refund(sale, propose(), "ann", 9));
    assert_eq!(world.float(1).posted_minor, 9_500);
    let outcome = world.run(refund(sale, RefundStep::Approve, "bob", 9));
    assert!(matches!(outcome, Outcome::Reversed { .. }), "{outcome:?}");
    assert_eq!(world.row(sale).map(|row| row.code), Some(ResponseCode::REVERSED));
    assert_eq!(world.float(1).posted_minor, 10_000);
    assert_eq!(world.book().open_transactions().map(|open| open.len()), Ok(0));
}

/// A refund is proposed while the provider has still to receive the confirmation: once it has, the
/// proposal is still on the operator's list.
pub fn a_proposed_refund_stays_on_the_list_when_an_advice_is_heard<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    world.begin_top_up(key(1, 1), 500);
    done(world.finish(key(1, 1), approved()));
    let confirm = Confirm {
        asker: Asker::Terminal,
        original: key(1, 1),
        amount_minor: None,
        at_ms: 7,
        advice: Advice::Owed,
    };
    assert_eq!(done(world.run(Command::Confirm(confirm))).owes(), Some(FollowUp::Advice));
    done(world.run(refund(key(1, 1), propose(), "ann", 9)));
    let row = done(world.finish(key(1, 1), ProviderOutcome::AdviceAcknowledged));
    assert_eq!(row.owes(), Some(FollowUp::Operator));
    world.reopen();
    let cancelled = done(world.run(refund(key(1, 1), RefundStep::Cancel, "bob", 9)));
    assert!(cancelled.refund.is_none());
    assert_eq!(done(world.finish(key(1, 1), ProviderOutcome::AdviceAcknowledged)).owes(), None);
}

/// One link of the chain for each order, whatever came in the same commit before and after it.
pub fn what_a_person_orders_is_a_batch_of_its_own<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 4);
    world.sell(key(1, 1));
    world.begin_top_up(key(1, 2), 500);
    world.finish(key(1, 2), tillgate_store_core::ProviderOutcome::Unknown);
    let sale = |world: &World<F>, stan| Command::Begin(world.voucher_sale(key(1, stan)));
    let orders = [
        refund(key(1, 1), propose(), "ann", 9),
        refund(key(1, 1), RefundStep::Approve, "bob", 9),
        resolve(key(1, 2), Resolution::Declined, 9),
        Command::Change(Change::default()),
    ];
    for order in orders {
        assert!(order.is_alone());
        let before = world.book().head().batch_no;
        let stan =
            world.book().last_stan(TerminalId(1), TODAY, Asker::Terminal).expect("readable") + 1;
        let commands =
            vec![sale(&world, stan), sale(&world, stan + 1), order.clone(), sale(&world, stan + 2)];
        let outcomes = world.commit(commands);
        assert!(!rejected(&outcomes[2]), "{:?}", outcomes[2]);
        let alone = world.book().head().batch_no - before;
        assert_eq!(alone, 3, "what came before, {order:?}, and what came after");
    }
}
