//! What is given up on, and what a person makes of it.

use crate::support::{
    ABLE, BLIND, KIND, Rig, code_of, found, repeat, reversal, rig, sale, sold, top_up_key,
};
use tillgate_core::limits::TransactionLimits;
use tillgate_core::orders::message;
use tillgate_core::provider::Capabilities;
use tillgate_core::time::Span;
use tillgate_core::transaction::{ControlOrder, Controlled, Output};
use tillgate_store_core::{FollowUp, ProviderOutcome, Resolution, State, TerminalId};

const OPERATOR: Option<FollowUp> = Some(FollowUp::Operator);

#[test]
fn what_takes_too_long_is_the_operators_with_the_money_as_it_is() {
    let limits = TransactionLimits { expire: Span::s(3_600), ..TransactionLimits::default() };
    let mut rig = Rig::with(limits, ABLE);
    sold(&mut rig, 1);
    rig.ask(100, &reversal(2, 1));
    rig.ask(100, &sale(3));
    rig.found(top_up_key(3), found(ProviderOutcome::Unknown));
    for _ in 0..90 {
        rig.pass(Span::s(60));
        for order in rig.inquiries.drain(..).chain(rig.reversals.drain(..)).collect::<Vec<_>>() {
            rig.found(order.key, found(ProviderOutcome::Unknown));
        }
    }
    assert_eq!((rig.row(2).state, rig.row(2).owes()), (State::Intent, OPERATOR));
    assert_eq!((rig.row(3).state, rig.row(3).owes()), (State::Unknown, OPERATOR));
    assert_eq!((rig.float().posted_minor, rig.float().reserved_minor), (97_500, 2_500));
    assert_eq!(rig.transactions.pending(), 0, "they are in the store only");
    rig.replies.clear();
    assert_eq!(code_of(&mut rig, &repeat(3)), "09");
    rig.approve(top_up_key(3));
    rig.found(top_up_key(2), found(ProviderOutcome::Reversed));
    assert_eq!(code_of(&mut rig, &repeat(3)), "00", "a late outcome is still welcome");
    assert_eq!(code_of(&mut rig, &reversal(2, 1)), "00");
}

#[test]
fn what_expired_while_the_gateway_was_down_is_asked_about_but_not_sent_again() {
    let late = |capabilities| {
        let mut rig = rig(capabilities);
        rig.ask(100, &sale(1));
        rig.wall.0 += 25 * 3_600_000;
        let mut rig = rig.restart();
        rig.pass(Span::s(1));
        rig
    };
    let mut rig = late(KIND);
    assert_eq!(rig.inquiries.len(), 1);
    rig.not_seen(top_up_key(1));
    assert_eq!(rig.row(1).state, State::Unknown, "believed once it cannot be on its way");
    rig.pass(Span::s(61));
    rig.not_seen(top_up_key(1));
    assert_eq!(rig.row(1).state, State::Declined);

    let mut rig = late(KIND);
    for _ in 0..20 {
        rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
        rig.pass(Span::s(60));
    }
    assert_eq!((rig.row(1).state, rig.row(1).owes()), (State::Unknown, OPERATOR));

    let rig = late(Capabilities { idempotent: true, ..BLIND });
    assert!(rig.forwards.is_empty(), "nobody wants it any more");
    assert_eq!((rig.row(1).state, rig.row(1).owes()), (State::Unknown, OPERATOR));
}

#[test]
fn a_wall_clock_that_jumps_ahead_gives_nothing_up() {
    let mut rig = rig(ABLE);
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.wall.0 += 48 * 3_600_000;
    rig.pass(Span::s(1));
    assert_eq!((rig.row(1).due, rig.inquiries.len()), (None, 1));
}

#[test]
fn an_operators_verdict_is_told_to_who_waits_and_audited() {
    let mut rig = rig(KIND);
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    let audits = rig.book.head().audit_no;
    let resolve = |key, verdict| {
        let note = "asked by telephone".to_owned();
        ControlOrder::Resolve { key, verdict, note }
    };
    rig.outputs.clear();
    rig.control(resolve(top_up_key(1), Resolution::Done));
    rig.control(resolve(top_up_key(1), Resolution::Declined));
    let results = |output: &Output| match output {
        Output::Controlled { result, .. } => Some(matches!(result, Controlled::Applied { .. })),
        _ => None,
    };
    let results: Vec<_> = rig.outputs.iter().filter_map(results).collect();
    assert_eq!(results, [false, true], "what makes no sense is refused");
    assert_eq!(rig.book.head().audit_no, audits + 1);
    assert_eq!(rig.reply_code(), "05");
    assert_eq!((rig.float().posted_minor, rig.float().reserved_minor), (100_000, 0));
    assert_eq!(rig.transactions.pending(), 0);
    rig.pass(Span::s(120));
    assert!(rig.inquiries.is_empty(), "it is not asked about any more");
}

/// Terminals know a command that they have had by its number: one that came after a restart was
/// taken for an old one.
#[test]
fn a_message_is_audited_and_no_number_of_a_command_is_used_again_after_a_restart() {
    let mut rig = rig(KIND);
    let mut numbers = Vec::new();
    for _ in 0..3 {
        for _ in 0..2 {
            let audits = rig.book.head().audit_no;
            rig.control(message(TerminalId(7), "closed tomorrow".to_owned()));
            assert_eq!(rig.book.head().audit_no, audits + 1);
            let pushed = rig.outputs.drain(..).filter_map(|output| match output {
                Output::Push(push) => Some(push.command),
                _ => None,
            });
            numbers.extend(pushed);
        }
        rig = rig.restart();
        rig.wall.0 += 2_000;
    }
    let mut distinct = numbers.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((numbers.len(), distinct), (6, numbers), "each has one, and they rise");
}
