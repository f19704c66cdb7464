//! The life of a transaction, from the terminal's body to the body it hears.

use crate::support::{
    BLIND, KIND, Rig, answer, found, terminal, top_up_key, top_up_sale, voucher_sale,
};
use tillgate_codec::link::message::{Confirm, Repeat, Reversal, Sale, TerminalMessage};
use tillgate_core::limits::TransactionLimits;
use tillgate_core::provider::{Capabilities, ProviderResult};
use tillgate_core::time::Span;
use tillgate_core::transaction::{Content, Input};
use tillgate_store_core::{
    Change, FollowUp, ProviderOutcome, RegistryRecord, ResponseCode, State, Status, Store, Text,
};

const OPERATOR: Option<FollowUp> = Some(FollowUp::Operator);

#[test]
fn a_voucher_is_answered_with_its_pin_and_debited_once() {
    let mut rig = Rig::new();
    let body = rig.sell(100, &voucher_sale(1));
    let answer = answer(&body);
    assert_eq!(answer.code.to_string(), "00");
    let slip = answer.voucher.expect("a voucher was sold");
    assert_eq!((slip.serial, slip.pin), ("S0001", "1234-5678-0001"));
    assert_eq!(answer.balance_minor, Some(100_000 + 10_000 - 5_000));
    assert_eq!(rig.float().posted_minor, 95_000);
}

#[test]
fn a_retry_gets_the_byte_identical_answer_also_after_a_restart() {
    let mut rig = Rig::new();
    let first = rig.sell(100, &voucher_sale(1));
    rig.pass(Span::s(90));
    assert_eq!(rig.sell(100, &voucher_sale(1)), first);
    let mut rig = rig.restart();
    assert_eq!(rig.sell(100, &voucher_sale(1)), first);
    rig.ask(100, &TerminalMessage::Repeat(Repeat { stan: 0, date: voucher_sale(1).date }));
    assert_eq!(rig.reply_bytes(), first);
    assert_eq!(rig.float().posted_minor, 95_000);
}

#[test]
fn the_same_key_with_other_content_is_refused() {
    let mut rig = Rig::new();
    rig.sell(100, &voucher_sale(1));
    let mut other = voucher_sale(1);
    other.product = 2;
    other.amount_minor = 100_000;
    assert_eq!(rig.code(100, &other), "94");
}

#[test]
fn a_top_up_is_forwarded_after_its_intent_and_answered_after_its_outcome() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    assert!(rig.replies.is_empty());
    assert_eq!(rig.forwards.len(), 1);
    let row = rig.book.transaction(&top_up_key(1)).unwrap().expect("the intent is durable");
    assert_eq!(row.state, State::Intent);
    assert_eq!(rig.float().reserved_minor, 2_500);
    rig.approve(top_up_key(1));
    let body = rig.reply_bytes();
    assert_eq!((answer(&body).code.to_string().as_str(), answer(&body).reference), ("00", "P-1"));
    assert_eq!((rig.float().reserved_minor, rig.float().posted_minor), (0, 97_500));
    assert_eq!(rig.transactions.pending(), 0);
}

#[test]
fn a_retry_in_flight_is_attached_and_never_forwarded_twice() {
    let mut rig = Rig::new();
    for _ in 0..3 {
        rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    }
    assert_eq!(rig.forwards.len(), 1);
    rig.approve(top_up_key(1));
    assert_eq!(rig.replies.len(), 3, "each request hears the outcome");
    assert_eq!(rig.float().posted_minor, 97_500);
}

#[test]
fn a_decline_releases_what_was_reserved() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    let declined = ProviderOutcome::Declined {
        code: ResponseCode::NO_SUCH_SUBSCRIBER,
        reference: Text::new(),
        chip: None,
    };
    rig.found(top_up_key(1), ProviderResult::Outcome(declined));
    let body = rig.reply_bytes();
    assert_eq!(answer(&body).code.to_string(), "14");
    assert_eq!((rig.float().reserved_minor, rig.float().posted_minor), (0, 100_000));
}

#[test]
fn a_silent_provider_leaves_the_money_reserved_and_is_asked_until_it_speaks() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    assert!(rig.replies.is_empty(), "silence is no answer");
    for _ in 0..4 {
        rig.pass(Span::s(10));
        if let Some(order) = rig.inquiries.pop() {
            assert_eq!(order.reference, rig.forwards[0].reference);
            rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
        }
    }
    let body = rig.reply_bytes();
    assert_eq!(answer(&body).code.to_string(), "09", "told in time that the work goes on");
    assert_eq!(rig.float().reserved_minor, 2_500);
    rig.pass(Span::s(120));
    assert_eq!(rig.inquiries.len(), 1);
    rig.approve(top_up_key(1));
    assert_eq!(rig.float().posted_minor, 97_500);
    rig.ask(100, &TerminalMessage::Repeat(Repeat { stan: 1, date: top_up_sale(1).date }));
    let body = rig.reply_bytes();
    assert_eq!(answer(&body).code.to_string(), "00");
}

#[test]
fn a_result_that_a_bridge_lost_is_sought_as_after_any_silence() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.pass(Span::s(25));
    rig.pass(Span::s(179));
    assert!(rig.inquiries.is_empty(), "it may still come");
    rig.pass(Span::s(1));
    assert_eq!(rig.row(1).state, State::Unknown);
    for _ in 0..3 {
        rig.pass(Span::s(1));
        assert_eq!(rig.inquiries.len(), 1, "and is waited for again");
    }
    rig.pass(Span::s(200));
    rig.pass(Span::s(60));
    assert_eq!(rig.inquiries.len(), 2);
    rig.approve(top_up_key(1));
    assert_eq!(rig.float().posted_minor, 97_500);
}

#[test]
fn an_intent_found_at_start_is_unknown_and_resolved() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    let reference = rig.forwards[0].reference;
    let mut rig = rig.restart();
    let row = rig.book.transaction(&top_up_key(1)).unwrap().expect("durable");
    assert_eq!(row.state, State::Unknown);
    rig.pass(Span::s(1));
    assert_eq!(rig.inquiries.len(), 1);
    assert_eq!(rig.inquiries[0].reference, reference, "asked for by the same reference");
    rig.approve(top_up_key(1));
    assert_eq!((rig.float().reserved_minor, rig.float().posted_minor), (0, 97_500));
}

#[test]
fn an_order_that_an_idempotent_provider_never_saw_is_sent_again_under_its_reference() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    let mut rig = rig.restart();
    rig.pass(Span::s(1));
    rig.not_seen(top_up_key(1));
    assert_eq!(rig.forwards.len(), 1);
    assert_eq!(rig.forwards[0].attempt, 2);
    rig.approve(top_up_key(1));
    assert_eq!(rig.float().posted_minor, 97_500);
}

#[test]
fn an_order_that_another_provider_never_saw_is_released_once_nothing_can_be_on_its_way() {
    let once = Capabilities { inquiry: true, ..BLIND };
    let mut rig = Rig::with(TransactionLimits::default(), once);
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(5));
    rig.not_seen(top_up_key(1));
    assert_eq!(rig.float().reserved_minor, 2_500, "it may still be on its way");
    rig.pass(Span::s(20));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(40));
    rig.not_seen(top_up_key(1));
    assert_eq!((rig.float().reserved_minor, rig.float().posted_minor), (0, 100_000));
    assert_eq!(rig.forwards.len(), 1, "never sent twice");
}

#[test]
fn what_a_provider_had_not_seen_when_it_was_asked_too_early_is_not_believed_later() {
    let once = Capabilities { inquiry: true, ..BLIND };
    let mut rig = Rig::with(TransactionLimits::default(), once);
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(30));
    assert_eq!(rig.inquiries.len(), 1, "asked while the order may be on its way");
    rig.pass(Span::s(40));
    rig.not_seen(top_up_key(1));
    assert_eq!(rig.float().reserved_minor, 2_500, "the answer is as old as the question");
    rig.pass(Span::s(60));
    assert_eq!(rig.inquiries.len(), 2);
    rig.found(top_up_key(1), ProviderResult::NotFound { attempt: 1 });
    assert_eq!(rig.float().reserved_minor, 2_500, "nor if it comes once more");
    rig.approve(top_up_key(1));
    assert_eq!(rig.float().posted_minor, 97_500);
}

#[test]
fn what_nobody_can_be_asked_about_is_the_operators() {
    let mut rig = Rig::with(TransactionLimits::default(), BLIND);
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(3_600));
    assert!(rig.inquiries.is_empty() && rig.forwards.len() == 1);
    assert_eq!(rig.float().reserved_minor, 2_500);
    let row = rig.row(1);
    assert_eq!((row.state, row.owes()), (State::Unknown, Some(FollowUp::Operator)));
    assert_eq!(rig.transactions.pending(), 0, "it is in the store only");
}

#[test]
fn a_second_finding_changes_nothing() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.approve(top_up_key(1));
    rig.found(
        top_up_key(1),
        ProviderResult::Outcome(ProviderOutcome::Declined {
            code: ResponseCode::NO_SUCH_SUBSCRIBER,
            reference: Text::new(),
            chip: None,
        }),
    );
    assert_eq!(rig.float().posted_minor, 97_500);
    assert_eq!(rig.replies.len(), 1);
}

#[test]
fn a_full_desk_declines_before_it_reserves() {
    let limits = TransactionLimits { pending_max: 1, ..TransactionLimits::default() };
    let mut rig = Rig::with(limits, KIND);
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    assert_eq!(rig.code(101, &top_up_sale(1)), "91");
    assert_eq!(rig.float().reserved_minor, 2_500);
    assert_eq!(rig.code(101, &top_up_sale(1)), "91", "and says so again");
}

#[test]
fn draining_declines_newcomers_and_waits_for_what_is_in_flight() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.input(Input::Drain);
    assert_eq!(rig.code(101, &voucher_sale(1)), "91");
    assert!(!rig.transactions.is_drained());
    rig.approve(top_up_key(1));
    assert!(rig.transactions.is_drained());
}

#[test]
fn a_voucher_whose_pin_was_told_is_printed_again_and_not_refunded() {
    let mut rig = Rig::new();
    rig.sell(100, &voucher_sale(1));
    let reversal = |stan, original_stan| {
        TerminalMessage::Reversal(Reversal {
            stan,
            date: voucher_sale(1).date,
            original_stan,
            original_date: voucher_sale(1).date,
            amount_minor: 5_000,
            reason: Reversal::PRINTER,
        })
    };
    rig.ask(100, &reversal(2, 1));
    let refused = rig.reply_bytes();
    assert_eq!(answer(&refused).code.to_string(), "21");
    assert_eq!(rig.float().posted_minor, 95_000);
    assert_eq!((rig.row(2).reason, rig.row(1).owes()), (Reversal::PRINTER, OPERATOR));
    rig.ask(100, &reversal(2, 1));
    assert_eq!(rig.reply_bytes(), refused, "a repeated reversal hears the same");
    rig.ask(100, &TerminalMessage::Repeat(Repeat { stan: 1, date: voucher_sale(1).date }));
    assert!(answer(&rig.reply_bytes()).voucher.is_some(), "print again");
    rig.ask(100, &TerminalMessage::Confirm(Confirm { stan: 1, date: voucher_sale(1).date }));
    assert_eq!((rig.reply_code(), rig.row(1).owes()), ("00".to_owned(), None));
    rig.sell(100, &voucher_sale(3));
    rig.ask(100, &TerminalMessage::Confirm(Confirm { stan: 3, date: voucher_sale(1).date }));
    assert_eq!(answer(&rig.reply_bytes()).code.to_string(), "00");
    rig.ask(100, &reversal(4, 3));
    assert_eq!(answer(&rig.reply_bytes()).code.to_string(), "21");
    rig.ask(100, &reversal(5, 9));
    assert_eq!(answer(&rig.reply_bytes()).code.to_string(), "00", "nothing to take back");
    assert_eq!(rig.code(100, &voucher_sale(9)), "R1", "the late original is refused");
}

/// It is told once the operator has let the terminal trade again.
#[test]
fn a_terminal_that_is_blocked_is_told_no_pin() {
    let mut rig = Rig::new();
    let first = rig.sell(100, &voucher_sale(1));
    let block = |rig: &mut Rig, status| {
        let mut record = terminal(100);
        record.status = status;
        let records = vec![RegistryRecord::Terminal(record)];
        rig.change(Change { records, ..Change::default() });
    };
    block(&mut rig, Status::Blocked);
    let date = voucher_sale(1).date;
    let last = TerminalMessage::Repeat(Repeat { stan: 0, date });
    let repeat = TerminalMessage::Repeat(Repeat { stan: 1, date });
    for message in [TerminalMessage::Sale(voucher_sale(1)), repeat, last] {
        rig.ask(100, &message);
        let body = rig.reply_bytes();
        assert_eq!((answer(&body).code.to_string().as_str(), answer(&body).voucher), ("09", None));
    }
    rig.wall.0 += 86_400_000;
    rig.ask(100, &TerminalMessage::Sale(voucher_sale(1)));
    assert_eq!(rig.reply_code(), "09", "nor on another day");
    rig.wall.0 -= 86_400_000;
    block(&mut rig, Status::Active);
    assert_eq!(rig.sell(100, &voucher_sale(1)), first);
    rig.wall.0 += 8 * 86_400_000;
    rig.ask(100, &repeat);
    assert_eq!(rig.reply_code(), "B1", "not for ever");
}

#[test]
fn a_repeat_behind_its_sale_waits_with_it() {
    let mut rig = Rig::new();
    for sale in [TerminalMessage::Sale(voucher_sale(1)), TerminalMessage::Sale(top_up_sale(2))] {
        let TerminalMessage::Sale(Sale { stan, date, .. }) = sale else { unreachable!("a sale") };
        let first = rig.verified(100, &sale);
        let second = rig.verified(100, &TerminalMessage::Repeat(Repeat { stan, date }));
        rig.transactions.handle(rig.now, rig.wall, Input::Ask(first), &rig.book);
        rig.transactions.handle(rig.now, rig.wall, Input::Ask(second), &rig.book);
        rig.run();
        if stan == 2 {
            rig.approve(top_up_key(2));
        }
        let codes: Vec<_> = std::mem::take(&mut rig.replies)
            .iter()
            .map(|reply| answer(&rig.body_of(reply)).code.to_string())
            .collect();
        assert_eq!(codes, ["00", "00"]);
    }
}

#[test]
fn an_unknown_sale_cannot_be_confirmed_or_repeated() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Confirm(Confirm { stan: 77, date: voucher_sale(1).date }));
    assert_eq!(answer(&rig.reply_bytes()).code.to_string(), "25");
    rig.ask(100, &TerminalMessage::Repeat(Repeat { stan: 77, date: voucher_sale(1).date }));
    assert_eq!(answer(&rig.reply_bytes()).code.to_string(), "25");
}

#[test]
fn a_repeat_in_flight_waits_for_the_outcome() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.ask(100, &TerminalMessage::Repeat(Repeat { stan: 1, date: top_up_sale(1).date }));
    rig.approve(top_up_key(1));
    assert_eq!(rig.replies.len(), 2);
    for reply in &rig.replies {
        assert!(
            matches!(&reply.content, Content::Journalled(row) if row.code == ResponseCode::APPROVED)
        );
    }
}

#[test]
fn a_reversal_under_a_number_that_was_itself_taken_back_is_refused() {
    let mut rig = Rig::new();
    let reversal = |stan, original_stan| {
        let date = voucher_sale(1).date;
        let (original_date, reason) = (date, Reversal::TIMEOUT);
        let amount_minor = 5_000;
        TerminalMessage::Reversal(Reversal {
            stan,
            date,
            original_stan,
            original_date,
            amount_minor,
            reason,
        })
    };
    rig.ask(100, &reversal(1, 2));
    assert_eq!(answer(&rig.reply_bytes()).code.to_string(), "00");
    rig.ask(100, &reversal(2, 3));
    assert_eq!(answer(&rig.reply_bytes()).code.to_string(), "R1");
}

#[test]
fn only_the_first_order_can_be_found_not_sent() {
    let unsent = || {
        ProviderResult::Outcome(ProviderOutcome::NotSent {
            code: ResponseCode::PROVIDER_UNAVAILABLE,
        })
    };
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.found(top_up_key(1), unsent());
    assert_eq!(answer(&rig.reply_bytes()).code.to_string(), "91", "nothing left: released");
    assert_eq!(rig.float().reserved_minor, 0);

    rig.ask(100, &TerminalMessage::Sale(top_up_sale(2)));
    let mut rig = rig.restart();
    rig.pass(Span::s(1));
    rig.not_seen(top_up_key(2));
    rig.found(top_up_key(2), unsent());
    assert_eq!(rig.float().reserved_minor, 2_500, "the order before it may have arrived");
    let row = rig.book.transaction(&top_up_key(2)).unwrap().expect("durable");
    assert_eq!(row.state, State::Unknown);
}
