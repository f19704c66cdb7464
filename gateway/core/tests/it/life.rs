//! What a provider has to take back, is told, or leaves to a person.

use crate::support;

use crate::support::{
    ABLE, BLIND, KIND, REVERSIBLE, Rig, answer, bridge, code_of, confirm, found, repeat, reversal,
    rig, sale, sold, top_up_key, voucher_sale,
};
use tillgate_core::limits::TransactionLimits;
use tillgate_core::provider::{Capabilities, ProviderResult};
use tillgate_core::time::Span;
use tillgate_core::transaction::{Control, ControlOrder, Input};
use tillgate_store_core::{
    FollowUp, ProviderOutcome, RefundStep, ResponseCode, State, Store, Text,
};

const REVERSAL: Option<FollowUp> = Some(FollowUp::Reversal);
const OPERATOR: Option<FollowUp> = Some(FollowUp::Operator);

fn approved() -> ProviderOutcome {
    ProviderOutcome::Approved { reference: Text::new(), chip: None }
}

fn declined() -> ProviderResult {
    let code = ResponseCode::NO_SUCH_SUBSCRIBER;
    found(ProviderOutcome::Declined { code, reference: Text::new(), chip: None })
}

#[test]
fn a_done_top_up_is_taken_back_at_its_provider_before_the_terminal_hears_so() {
    let mut rig = rig(ABLE);
    sold(&mut rig, 1);
    rig.ask(100, &reversal(2, 1));
    assert!(rig.replies.is_empty(), "nobody knows yet");
    let order = rig.reversals.pop().expect("it was sent to the provider");
    assert_eq!((order.key, order.attempt), (top_up_key(2), 1));
    assert_eq!(order.reference, rig.forwards[0].reference, "the sale's");
    assert_eq!(&*order.provider_reference, "P-1");
    assert_eq!(rig.row(2).owes(), REVERSAL);
    assert_eq!(code_of(&mut rig, &repeat(1)), "09", "no approval while it is taken back");
    assert_eq!(code_of(&mut rig, &reversal(3, 1)), "09", "one reversal at a time");
    assert_eq!(rig.book.transaction(&top_up_key(3)), Ok(None));
    assert_eq!(rig.float().posted_minor, 97_500);
    rig.found(top_up_key(2), found(ProviderOutcome::Reversed));
    let taken_back = rig.reply_bytes();
    assert_eq!(answer(&taken_back).code.to_string(), "00");
    assert_eq!((rig.float().posted_minor, rig.transactions.pending()), (100_000, 0));
    assert_eq!(code_of(&mut rig, &repeat(1)), "R1");
    assert_eq!(code_of(&mut rig, &sale(1)), "R1");
    let mut rig = rig.restart();
    rig.ask(100, &reversal(2, 1));
    assert_eq!(rig.reply_bytes(), taken_back, "a repeated reversal hears the same");
}

#[test]
fn a_reversal_that_the_provider_refuses_leaves_the_sale_and_its_answer_as_they_were() {
    let mut rig = rig(ABLE);
    let first = sold(&mut rig, 1);
    rig.ask(100, &reversal(2, 1));
    rig.found(top_up_key(2), found(ProviderOutcome::ReversalDeclined));
    assert_eq!(rig.reply_code(), "21");
    rig.ask(100, &repeat(1));
    assert_eq!(rig.reply_bytes(), first);
    assert_eq!(rig.float().posted_minor, 97_500);
}

#[test]
fn a_provider_that_cannot_take_back_refuses_every_reversal() {
    let mut rig = rig(KIND);
    let first = sold(&mut rig, 1);
    assert_eq!(code_of(&mut rig, &reversal(2, 1)), "21");
    assert_eq!(code_of(&mut rig, &reversal(2, 1)), "21");
    rig.ask(100, &sale(1));
    assert_eq!(rig.reply_bytes(), first);
    assert!(rig.reversals.is_empty());
}

#[test]
fn a_reversal_is_repeated_with_its_repeat_indicator_until_it_is_acknowledged() {
    let mut rig = rig(ABLE);
    sold(&mut rig, 1);
    rig.ask(100, &reversal(2, 1));
    for attempt in 1..=4 {
        assert_eq!(rig.reversals.pop().expect("told again").attempt, attempt);
        rig.found(top_up_key(2), found(ProviderOutcome::Unknown));
        assert!(rig.reversals.is_empty(), "after a pause");
        rig.pass(Span::s(10));
    }
    assert_eq!(rig.reply_code(), "09", "the terminal is told that the work goes on");
    rig.reversals.clear();
    let mut rig = rig.restart();
    rig.pass(Span::s(1));
    assert!(rig.reversals.pop().expect("told again").attempt >= 2, "perhaps told before");
    rig.found(top_up_key(2), found(ProviderOutcome::Reversed));
    assert_eq!(code_of(&mut rig, &reversal(2, 1)), "00");
    assert_eq!(rig.float().posted_minor, 100_000);
}

#[test]
fn a_reversal_of_a_sale_in_flight_waits_for_what_becomes_of_it() {
    let mut rig = rig(ABLE);
    rig.ask(100, &sale(1));
    rig.ask(100, &reversal(2, 1));
    assert!(rig.replies.is_empty() && rig.reversals.is_empty());
    rig.found(top_up_key(1), declined());
    let codes: Vec<_> = rig.replies.drain(..).map(|reply| reply.content).collect();
    assert_eq!(codes.len(), 2, "the reversal is done, the sale declined");
    assert_eq!(code_of(&mut rig, &reversal(2, 1)), "00");
    assert_eq!(code_of(&mut rig, &sale(1)), "14");

    rig.ask(100, &sale(5));
    rig.ask(100, &reversal(6, 5));
    rig.approve(top_up_key(5));
    assert_eq!(rig.reply_code(), "09", "who waits for the sale hears no approval");
    assert_eq!(rig.reversals.len(), 1);
    rig.found(top_up_key(6), found(ProviderOutcome::Reversed));
    assert_eq!(rig.reply_code(), "00");
    assert_eq!((rig.float().posted_minor, rig.float().reserved_minor), (100_000, 0));
    assert_eq!(rig.transactions.pending(), 0);
}

#[test]
fn a_wish_survives_a_restart_and_goes_on_when_the_outcome_is_known() {
    let mut rig = rig(ABLE);
    rig.ask(100, &sale(1));
    rig.ask(100, &reversal(2, 1));
    let mut rig = rig.restart();
    rig.pass(Span::s(1));
    assert!(rig.reversals.is_empty() && rig.inquiries.len() == 1);
    rig.approve(top_up_key(1));
    assert_eq!(rig.reversals.len(), 1);
    rig.found(top_up_key(2), found(ProviderOutcome::Reversed));
    assert_eq!(code_of(&mut rig, &reversal(2, 1)), "00");
    assert_eq!(code_of(&mut rig, &repeat(1)), "R1");
}

#[test]
fn a_silent_provider_that_can_only_take_back_is_told_to_once_that_is_durable() {
    let mut rig = rig(REVERSIBLE);
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(1));
    let order = rig.reversals.pop().expect("it is taken back");
    assert_eq!((order.key, order.attempt), (top_up_key(1), 1));
    assert_eq!((rig.row(1).state, rig.row(1).owes()), (State::Unknown, REVERSAL));
    assert_eq!(rig.float().reserved_minor, 2_500);
    rig.approve(top_up_key(1));
    assert!(rig.replies.is_empty(), "an approval that comes now will be undone");
    rig.found(top_up_key(1), found(ProviderOutcome::Reversed));
    assert_eq!(rig.reply_code(), "R1");
    assert_eq!((rig.float().posted_minor, rig.float().reserved_minor), (100_000, 0));
    assert_eq!(rig.forwards.len(), 1, "never sent twice");
}

#[test]
fn what_was_taken_back_and_is_approved_late_is_told_again_with_the_repeat_indicator() {
    let mut rig = rig(REVERSIBLE);
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(1));
    assert_eq!(rig.reversals.pop().unwrap().attempt, 1);
    rig.found(top_up_key(1), found(ProviderOutcome::Reversed));
    assert_eq!(rig.reply_code(), "R1");
    rig.approve(top_up_key(1));
    assert_eq!(rig.reversals.pop().unwrap().attempt, 2);
}

#[test]
fn what_is_approved_late_once_more_is_told_again_with_the_repeat_indicator() {
    let mut rig = rig(REVERSIBLE);
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), declined());
    for _ in 0..2 {
        rig.approve(top_up_key(1));
        assert!(rig.reversals.pop().expect("it is taken back").attempt >= 2);
        rig.found(top_up_key(1), found(ProviderOutcome::Reversed));
    }
}

/// Found by the simulated world: the sale was taken back once more, which nothing durable asked for.
#[test]
fn what_is_approved_late_and_taken_back_in_one_batch_is_not_taken_back_again() {
    let mut rig = rig(REVERSIBLE);
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), declined());
    for finding in [approved(), ProviderOutcome::Reversed] {
        let (key, found) = (top_up_key(1), found(finding));
        let input = Input::ProviderResult { key, bridge: 0, found };
        rig.transactions.handle(rig.now, rig.wall, input, &rig.book);
    }
    rig.run();
    assert_eq!((rig.row(1).due, rig.transactions.pending()), (None, 0));
    assert!(rig.reversals.is_empty());
}

/// Two findings of one batch that ask for the same are seen to once, a moment later.
#[test]
fn what_is_approved_late_twice_in_one_batch_is_taken_back() {
    let mut rig = rig(REVERSIBLE);
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), declined());
    for finding in [approved(), approved()] {
        let (key, found) = (top_up_key(1), found(finding));
        let input = Input::ProviderResult { key, bridge: 0, found };
        rig.transactions.handle(rig.now, rig.wall, input, &rig.book);
    }
    rig.run();
    rig.pass(Span::s(2));
    assert_eq!(rig.reversals.len(), 1);
}

/// Found by the simulated world: each report put the next attempt off, so that none was made, and
/// the operator never heard of it.
#[test]
fn a_provider_that_reports_again_and_again_puts_no_attempt_off() {
    let mut rig = rig(REVERSIBLE);
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    for _ in 0..4 {
        rig.pass(Span::s(60));
        rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    }
    rig.reversals.clear();
    for _ in 0..600 {
        rig.approve(top_up_key(1));
        rig.pass(Span::s(1));
    }
    assert!(!rig.reversals.is_empty(), "it is taken back however often it is reported");
}

#[test]
fn an_order_that_a_reversible_provider_has_not_seen_is_taken_back_all_the_same() {
    let mut rig = rig(Capabilities { inquiry: true, ..REVERSIBLE });
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(1));
    assert_eq!(rig.inquiries.len(), 1);
    rig.not_seen(top_up_key(1));
    assert_eq!(rig.reversals.len(), 1, "so that it refuses the order when that arrives");
    rig.found(top_up_key(1), found(ProviderOutcome::Reversed));
    assert_eq!(rig.reply_code(), "R1");
}

/// Found by a demo whose gateway was killed: a host's outage cut the first question, and for five
/// minutes nothing that it said later counted.
#[test]
fn not_seen_of_an_earlier_question_is_enough_to_order_again_or_to_take_back() {
    for able in [Capabilities { inquiry: true, idempotent: true, ..BLIND }, REVERSIBLE] {
        let mut rig = rig(Capabilities { inquiry: true, ..able });
        rig.ask(100, &sale(1));
        rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
        rig.pass(Span::s(1));
        rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
        rig.pass(Span::s(2));
        assert_eq!(rig.inquiries.len(), 2);
        rig.not_seen_at(top_up_key(1), 1);
        assert_eq!((rig.forwards.len() - 1) + rig.reversals.len(), 1, "{able:?}");
    }
}

#[test]
fn not_seen_of_an_earlier_question_releases_nothing_unless_that_one_was_late_enough() {
    let mut rig = rig(Capabilities { inquiry: true, ..BLIND });
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    let mut asked = Vec::new();
    while rig.row(1).state == State::Unknown && asked.len() < 100 {
        rig.pass(Span::s(1));
        if let Some(question) = rig.inquiries.pop() {
            asked.push((rig.now, question.attempt));
            // Always as if it were the answer to the question before.
            rig.not_seen_at(top_up_key(1), asked.len().checked_sub(2).map_or(0, |at| asked[at].1));
        }
    }
    let [.., before, _] = asked[..] else { panic!("{asked:?}") };
    let first = asked[0].0;
    assert!(before.0.since(first) >= Span::s(58), "{asked:?}");
    assert_eq!((rig.row(1).state, rig.float().reserved_minor), (State::Declined, 0));
}

#[test]
fn an_idempotent_provider_that_cannot_be_asked_is_told_again() {
    let mut rig = rig(Capabilities { idempotent: true, ..BLIND });
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(1));
    assert_eq!(rig.forwards.iter().map(|order| order.attempt).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(rig.forwards[0].reference, rig.forwards[1].reference);
    rig.approve(top_up_key(1));
    assert_eq!(rig.reply_code(), "00");
}

#[test]
fn an_approval_that_comes_after_a_decline_is_undone_at_the_provider() {
    let mut rig = rig(ABLE);
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), declined());
    let first = rig.reply_bytes();
    rig.approve(top_up_key(1));
    assert_eq!((rig.row(1).state, rig.row(1).owes()), (State::Declined, REVERSAL));
    assert_eq!(rig.reversals.pop().expect("it was sent to the provider").key, top_up_key(1));
    rig.ask(100, &sale(1));
    assert_eq!(rig.reply_bytes(), first, "the terminal hears what it heard");
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    let mut rig = rig.restart();
    rig.pass(Span::s(1));
    assert!(rig.reversals.pop().expect("told again").attempt >= 2);
    rig.found(top_up_key(1), found(ProviderOutcome::Reversed));
    assert_eq!((rig.row(1).due, rig.transactions.pending()), (None, 0));
    assert_eq!(rig.float().posted_minor, 100_000);
}

#[test]
fn a_late_approval_that_cannot_be_undone_is_the_operators() {
    let mut rig = rig(KIND);
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), declined());
    rig.approve(top_up_key(1));
    assert_eq!((rig.row(1).state, rig.row(1).owes()), (State::Declined, OPERATOR));
    assert_eq!(rig.transactions.pending(), 0);
}

#[test]
fn a_confirmation_is_advised_to_a_provider_that_wants_to_hear_it_until_it_has() {
    let mut rig = rig(ABLE);
    sold(&mut rig, 1);
    assert_eq!(code_of(&mut rig, &confirm(1)), "00");
    assert_eq!(rig.advices.pop().expect("it was sent to the provider").attempt, 1);
    assert_eq!(rig.row(1).owes(), Some(FollowUp::Advice));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(2));
    assert_eq!(rig.advices.pop().expect("told again").attempt, 2);
    let mut rig = rig.restart();
    rig.pass(Span::s(1));
    assert!(rig.advices.pop().expect("told again").attempt >= 2);
    rig.found(top_up_key(1), found(ProviderOutcome::AdviceAcknowledged));
    assert_eq!((rig.row(1).due, rig.transactions.pending()), (None, 0));
    assert_eq!(code_of(&mut rig, &reversal(2, 1)), "21", "a confirmed sale stands");
    rig.sell(100, &voucher_sale(3));
    code_of(&mut rig, &confirm(3));
    assert!(rig.advices.is_empty(), "a voucher has no provider");
}

#[test]
fn a_retry_over_a_new_session_takes_the_older_ones_place() {
    let mut rig = rig(KIND);
    for generation in 0..9 {
        rig.ask_over(generation, 100, &sale(1));
    }
    let told = |content: &tillgate_core::transaction::Content| {
        matches!(content, tillgate_core::transaction::Content::Nothing)
    };
    assert_eq!(rig.replies.len(), 8, "the older requests end");
    assert!(rig.replies.drain(..).all(|reply| told(&reply.content)), "and hear nothing");
    rig.approve(top_up_key(1));
    assert_eq!(rig.replies.len(), 1);
    assert_eq!(rig.replies[0].origin.session.generation, 8);
    assert_eq!(rig.reply_code(), "00");
    assert_eq!(rig.forwards.len(), 1);
}

#[test]
fn a_sale_finds_its_bridge_again_whatever_was_reordered_and_without_it_it_is_the_operators() {
    let mut rig =
        Rig::over(TransactionLimits::default(), vec![bridge("other", KIND), bridge("topup", KIND)]);
    rig.ask(100, &sale(1));
    assert_eq!(rig.forwards[0].bridge, 1);
    let mut rig = rig.restart_with(vec![bridge("topup", KIND), bridge("other", KIND)]);
    rig.pass(Span::s(1));
    assert_eq!(rig.inquiries[0].bridge, 0);
    let mut rig = rig.restart_with(vec![bridge("other", KIND)]);
    rig.pass(Span::s(1));
    assert!(rig.inquiries.is_empty(), "nobody else is asked");
    assert_eq!((rig.row(1).state, rig.row(1).owes()), (State::Unknown, OPERATOR));
}

#[test]
fn a_rejected_reversal_number_does_not_look_journalled() {
    let mut rig = rig(ABLE);
    sold(&mut rig, 1);
    rig.ask(100, &reversal(2, 1));
    rig.ask(100, &reversal(3, 1));
    let body = rig.reply_bytes();
    assert_eq!((answer(&body).code.to_string().as_str(), answer(&body).rrn), ("09", ""));
    assert_eq!(rig.row(1).code, ResponseCode::APPROVED);
}

/// The order may have waited in its bridge's queue until the bridge gave up on it.
#[test]
fn not_seen_is_believed_a_minute_after_the_order_can_have_left() {
    let limits = TransactionLimits { answer: Span::s(120), ..TransactionLimits::default() };
    let mut rig = Rig::with(limits, Capabilities { inquiry: true, ..BLIND });
    rig.ask(100, &sale(1));
    rig.pass(Span::s(100));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    while rig.inquiries.is_empty() {
        rig.pass(Span::ms(100));
    }
    rig.not_seen(top_up_key(1));
    assert_eq!(rig.row(1).state, State::Unknown, "the provider may do it yet");
    for _ in 0..600 {
        rig.pass(Span::s(1));
        if let Some(order) = rig.inquiries.pop() {
            rig.not_seen_at(top_up_key(1), order.attempt);
        }
    }
    let row = rig.row(1);
    assert_eq!(row.state, State::Declined);
    assert!(row.finished_ms - row.at_ms >= 160_000, "{} ms", row.finished_ms - row.at_ms);
}

/// 00 says that it is noted, and nothing else does.
#[test]
fn a_confirmation_is_answered_00_only_if_it_is_noted() {
    let mut rig = rig(ABLE);
    rig.ask(100, &sale(1));
    rig.replies.clear();
    assert_eq!(code_of(&mut rig, &confirm(1)), "09", "in flight");
    rig.approve(top_up_key(1));
    rig.replies.clear();
    rig.ask(100, &confirm(1));
    let first = rig.reply_bytes();
    assert_eq!(answer(&first).code.to_string(), "00");
    assert!(rig.row(1).confirmed_ms > 0 && !rig.advices.is_empty());
    rig.pass(Span::s(1));
    rig.ask(100, &confirm(1));
    assert_eq!(rig.reply_bytes(), first);
    rig.ask(100, &sale(2));
    rig.found(top_up_key(2), declined());
    rig.replies.clear();
    assert_eq!(code_of(&mut rig, &confirm(2)), "12", "declined");
    sold(&mut rig, 3);
    rig.ask(100, &reversal(4, 3));
    assert_eq!(code_of(&mut rig, &confirm(3)), "09", "nobody knows yet whether it stands");
    rig.found(top_up_key(4), found(ProviderOutcome::Reversed));
    rig.replies.clear();
    assert_eq!(code_of(&mut rig, &confirm(3)), "R1");
    assert_eq!(code_of(&mut rig, &confirm(4)), "25", "no sale");
}

/// One operator proposes, another one approves; the terminal receives R1 from then on.
#[test]
fn a_wrong_verdict_can_be_put_right_by_two_operators() {
    let mut rig = rig(BLIND);
    let before = rig.float();
    rig.ask(100, &sale(1));
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(5));
    let (key, note) = (top_up_key(1), "wrong line of the statement".to_owned());
    let verdict = tillgate_store_core::Resolution::Approved;
    rig.control(ControlOrder::Resolve { key, verdict, note: note.clone() });
    assert_eq!(rig.row(1).state, State::Approved);
    let void = RefundStep::Propose { reference: Text::from("STATEMENT-7").unwrap() };
    let today = support::today();
    for (step, actor) in [(void, "ann"), (RefundStep::Approve, "ann"), (RefundStep::Approve, "bob")]
    {
        assert_eq!(rig.row(1).state, State::Approved);
        let order = ControlOrder::Refund { key, step, today, note: note.clone() };
        let control = Control { actor: actor.to_owned(), ..rig.control_of(order) };
        rig.input(Input::Control(control));
    }
    assert_eq!((rig.row(1).state, rig.float()), (State::Reversed, before));
    rig.replies.clear();
    assert_eq!(code_of(&mut rig, &sale(1)), "R1");
}
