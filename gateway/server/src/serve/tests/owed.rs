//! What is owed for a top-up beside its outcome: reversals and confirmations at the provider, and
//! the operator's word.

use std::net::TcpListener;

use tillgate_codec::link::message::{AnswerKind, Confirm, ResponseCode, Reversal, TerminalMessage};
use tillgate_core::access::Caller;
use tillgate_core::transaction::{ControlOrder, Controlled};
use tillgate_store_core::{Key, Resolution, State, TerminalId, Transaction, journal};

use super::network::{FIRST_TERMINAL, top_up_sale};
use super::provider::{APPROVED, Provider, SILENT};
use super::terminal::{Till, answer};
use super::{Installation, PATIENCE, wait_for};
use crate::config::Bridge;

/// An installation whose provider can do what `able` says.
fn installation(provider: &Provider, able: impl Fn(&mut Bridge)) -> Installation {
    let mut installation = Installation::with_provider(Some(provider.address));
    let bridge = &mut installation.config.bridges[0];
    bridge.idempotent = false;
    able(bridge);
    installation
}

fn sell(till: &mut Till, stan: u32, subscriber: &str) -> ResponseCode {
    answer(&till.sell(&top_up_sale(stan, subscriber))).code
}

fn take_back(till: &mut Till, stan: u32, original_stan: u32) -> ResponseCode {
    let sale = top_up_sale(original_stan, APPROVED);
    let (date, amount_minor) = (sale.date, sale.amount_minor);
    let reason = Reversal::CANCELLED;
    let (original_date, reversal) = (date, stan);
    till.say(&TerminalMessage::Reversal(Reversal {
        stan: reversal,
        date,
        original_stan,
        original_date,
        amount_minor,
        reason,
    }));
    let body = till.hear().unwrap();
    let answer = answer(&body);
    assert_eq!((answer.kind, answer.stan), (AnswerKind::Reversal, stan));
    answer.code
}

#[test]
fn an_approved_top_up_is_taken_back_at_its_provider_and_a_printed_one_stands() {
    let provider = Provider::start();
    let installation = installation(&provider, |bridge| {
        bridge.reversal = true;
        bridge.confirmation = true;
    });
    let served = installation.serve();
    let mut till = served.till(FIRST_TERMINAL);
    assert_eq!(sell(&mut till, 1, APPROVED), ResponseCode::APPROVED);
    assert_eq!(take_back(&mut till, 2, 1), ResponseCode::APPROVED);
    assert_eq!(take_back(&mut till, 2, 1), ResponseCode::APPROVED);
    assert_eq!(sell(&mut till, 1, APPROVED), ResponseCode::REVERSED);

    assert_eq!(sell(&mut till, 3, APPROVED), ResponseCode::APPROVED);
    let date = top_up_sale(3, APPROVED).date;
    till.say(&TerminalMessage::Confirm(Confirm { stan: 3, date }));
    assert_eq!(answer(&till.hear().unwrap()).code, ResponseCode::APPROVED);
    assert_eq!(take_back(&mut till, 4, 3), ResponseCode::NOT_REVERSIBLE);
    let count = |end: &str| provider.seen().iter().filter(|line| line.contains(end)).count();
    wait_for("the confirmation", || count("/confirmation ") == 1);
    assert_eq!(count("/reversal "), 1);
    wait_for("its answer", || served.metric("tillgate_transactions_pending") == 0);
    served.stop();
    let verdict = installation.verify();
    assert_eq!((verdict.counts.open, verdict.counts.reversals), (0, 2));
}

#[test]
fn a_provider_that_can_take_no_question_is_told_to_take_the_sale_back() {
    let provider = Provider::start();
    let installation = installation(&provider, |bridge| {
        bridge.inquiry = false;
        bridge.reversal = true;
    });
    let served = installation.serve();
    let mut till = served.till(FIRST_TERMINAL);
    assert_eq!(sell(&mut till, 1, SILENT), ResponseCode::REVERSED);
    assert!(provider.seen().iter().all(|line| !line.starts_with("GET")));
    served.stop();
    assert_eq!(installation.verify().counts.open, 0);
}

#[test]
fn an_intent_that_a_crash_left_is_unknown_on_the_disk_before_anybody_is_served() {
    // Accepted by the kernel, never answered.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let installation = Installation::with_provider(Some(silent.local_addr().unwrap()));
    let key = installation.leave_intent(1);
    let served = installation.serve();
    let row = journal::record::<Transaction>(&served.handle.reader, &key.to_bytes(), &mut vec![]);
    assert_eq!(row.unwrap().unwrap().state, State::Unknown);
    wait_for("the count", || served.metric("tillgate_transactions_pending") == 1);
    served.stop();
    assert_eq!(installation.verify().counts.open, 1);
}

#[test]
fn what_nobody_can_find_out_waits_for_the_operator_s_word() {
    let provider = Provider::start();
    let installation = installation(&provider, |bridge| bridge.inquiry = false);
    let served = installation.serve();
    let mut till = served.till(FIRST_TERMINAL);
    assert_eq!(sell(&mut till, 1, SILENT), ResponseCode::IN_PROGRESS);
    let date = top_up_sale(1, SILENT).date;
    let key = Key { date, terminal: TerminalId(FIRST_TERMINAL), stan: 1 };
    let say = |verdict, note: &str| {
        let order = ControlOrder::Resolve { key, verdict, note: note.to_owned() };
        served
            .handle
            .controls
            .send(order, &Caller::Token, "from here")
            .unwrap()
            .recv_timeout(PATIENCE)
            .unwrap()
    };
    assert!(matches!(say(Resolution::Done, "gave up"), Controlled::Rejected(_)));
    assert!(matches!(say(Resolution::Approved, "statement"), Controlled::Applied { .. }));
    assert_eq!(sell(&mut till, 1, SILENT), ResponseCode::APPROVED);
    assert!(matches!(say(Resolution::Declined, "too late"), Controlled::Rejected(_)));
    served.stop();
    assert_eq!(installation.verify().counts.open, 0);
}
