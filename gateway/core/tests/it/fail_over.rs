//! A sale goes on to the next bridge of its route, if and only if nothing was sent.

use tillgate_codec::link::message::{Sale, TerminalMessage};
use tillgate_core::limits::TransactionLimits;
use tillgate_core::provider::{Capabilities, ProviderResult};
use tillgate_core::time::{Moment, Span};
use tillgate_core::transaction::Input;
use tillgate_store_core::limits::TRIED_MAX;
use tillgate_store_core::{
    AccountField, AccountForm, BridgeTag, Change, FollowUp, ProviderOutcome, RegistryRecord,
    ResponseCode, Route, RouteRule, Service, State, Text,
};

use crate::support::{
    ABLE, BLIND, KIND, Rig, bridge, found, reversal, top_up_key, top_up_sale, top_ups,
};

const NAMES: [&str; 5] = ["topup", "second", "third", "fourth", "fifth"];
const CARD: &str = "4111111111111111";

fn not_sent() -> ProviderResult {
    found(ProviderOutcome::NotSent { code: ResponseCode::PROVIDER_UNAVAILABLE })
}

fn approved(reference: &str) -> ProviderResult {
    let reference = Text::from(reference).unwrap();
    found(ProviderOutcome::Approved { reference, chip: None })
}

/// Top-ups by a route over all bridges, the first one first.
fn rig_of(limits: TransactionLimits, capabilities: Capabilities, service: Service) -> Rig {
    let bridges = NAMES.map(|name| bridge(name, capabilities)).to_vec();
    let mut rig = Rig::over(limits, bridges);
    let rules = (1..)
        .zip(NAMES)
        .map(|(priority, name)| RouteRule { priority, ..RouteRule::to(Text::from(name).unwrap()) });
    let route = Route { name: Text::from("airtime").unwrap(), rules: rules.collect() };
    let service = Service { route: "airtime".to_owned(), ..service };
    let records = vec![RegistryRecord::Route(route), RegistryRecord::Service(service)];
    rig.change(Change { records, ..Change::default() });
    rig
}

fn rig(capabilities: Capabilities) -> Rig {
    rig_of(TransactionLimits::default(), capabilities, top_ups())
}

fn ask(rig: &mut Rig, stan: u32) {
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(stan)));
}

fn tags(count: usize) -> Vec<BridgeTag> {
    NAMES[..count].iter().map(|name| BridgeTag::of(name)).collect()
}

#[test]
fn a_sale_that_was_not_sent_goes_to_the_next_bridge_under_its_own_reference() {
    let mut rig = rig(KIND);
    ask(&mut rig, 1);
    rig.found(top_up_key(1), not_sent());
    let [first, second] = rig.forwards[..] else { panic!("two orders left") };
    assert_eq!((first.bridge, second.bridge), (0, 1));
    assert_eq!((second.reference, second.attempt), (first.reference, 1));
    let row = rig.row(1);
    assert_eq!((row.bridge, &row.tried[..]), (BridgeTag::of("second"), &tags(1)[..]));
    assert!(rig.replies.is_empty(), "the terminal waits");
    rig.found_by(1, top_up_key(1), approved("S-1"));
    assert_eq!(rig.reply_code(), "00");
    assert_eq!(rig.row(1).provider_reference.as_str(), "S-1");
}

#[test]
fn no_order_leaves_before_the_next_bridge_is_durable() {
    let mut rig = rig(KIND);
    ask(&mut rig, 1);
    let (key, bridge) = (top_up_key(1), 0);
    let input = Input::ProviderResult { key, bridge, found: not_sent() };
    rig.transactions.handle(rig.now, rig.wall, input, &rig.book);
    assert!(rig.transactions.poll().is_none());
    // A crash here: the row names the first bridge, which received nothing, and it is asked.
    let mut rig = rig.restart();
    rig.pass(Span::s(5));
    assert_eq!(rig.inquiries.last().map(|inquiry| inquiry.bridge), Some(0));
}

#[test]
fn after_a_restart_the_bridge_that_it_went_on_to_is_asked() {
    let mut rig = rig(KIND);
    ask(&mut rig, 1);
    rig.found(top_up_key(1), not_sent());
    let mut rig = rig.restart();
    rig.pass(Span::s(5));
    assert_eq!(rig.inquiries.last().map(|inquiry| inquiry.bridge), Some(1));
    rig.found(top_up_key(1), approved("S-1"));
    assert_eq!(rig.row(1).state, State::Approved);
}

#[test]
fn what_may_have_been_sent_goes_nowhere_else() {
    for result in [found(ProviderOutcome::Unknown), ProviderResult::Pending] {
        let mut rig = rig(KIND);
        ask(&mut rig, 1);
        rig.found(top_up_key(1), result);
        rig.found(top_up_key(1), not_sent());
        rig.pass(Span::s(30));
        assert_eq!(rig.forwards.len(), 1);
        assert!(rig.inquiries.iter().all(|inquiry| inquiry.bridge == 0));
        assert_eq!(rig.row(1).bridge, BridgeTag::of("topup"));
    }
    let mut rig = rig(KIND);
    ask(&mut rig, 1);
    let (code, reference) = (ResponseCode(*b"05"), Text::new());
    rig.found(top_up_key(1), found(ProviderOutcome::Declined { code, reference, chip: None }));
    assert_eq!((rig.reply_code().as_str(), rig.forwards.len()), ("05", 1));
}

#[test]
fn a_sale_tries_a_few_bridges_and_is_declined_then() {
    let mut rig = rig(KIND);
    ask(&mut rig, 1);
    for place in 0..=TRIED_MAX {
        assert_eq!(rig.forwards.len(), place + 1);
        rig.found(top_up_key(1), not_sent());
    }
    assert_eq!((rig.reply_code().as_str(), rig.forwards.len()), ("91", TRIED_MAX + 1));
    assert_eq!(rig.row(1).tried[..], tags(TRIED_MAX));
    assert_eq!(rig.float().reserved_minor, 0);
}

#[test]
fn a_bridge_that_says_twice_that_nothing_was_sent_does_not_speak_for_the_next_one() {
    let mut rig = rig(BLIND);
    ask(&mut rig, 1);
    rig.found_by(0, top_up_key(1), not_sent());
    rig.found_by(0, top_up_key(1), not_sent());
    rig.found_by(0, top_up_key(1), found(ProviderOutcome::Unknown));
    assert_eq!((rig.forwards.len(), rig.row(1).state), (2, State::Intent));
    rig.found_by(1, top_up_key(1), approved("S-1"));
    assert_eq!(rig.reply_code(), "00");
}

#[test]
fn nobody_waits_so_it_is_declined() {
    let mut rig = rig(KIND);
    ask(&mut rig, 1);
    rig.pass(rig.limits.answer);
    assert_eq!(rig.reply_code(), "09");
    rig.found(top_up_key(1), not_sent());
    assert_eq!((rig.row(1).state, rig.forwards.len()), (State::Declined, 1));
}

#[test]
fn a_gateway_that_drains_sends_nothing_on() {
    let mut rig = rig(KIND);
    ask(&mut rig, 1);
    rig.input(Input::Drain);
    rig.found(top_up_key(1), not_sent());
    assert_eq!((rig.reply_code().as_str(), rig.forwards.len()), ("91", 1));
}

#[test]
fn a_bridge_that_holds_its_share_is_passed_over() {
    let limits = TransactionLimits { pending_max: 4, ..TransactionLimits::default() };
    let mut rig = rig_of(limits, KIND, top_ups());
    ask(&mut rig, 1);
    rig.found(top_up_key(1), not_sent());
    ask(&mut rig, 2);
    rig.found(top_up_key(2), not_sent());
    ask(&mut rig, 3);
    rig.found(top_up_key(3), not_sent());
    let went: Vec<u16> = rig.forwards.iter().map(|order| order.bridge).collect();
    assert_eq!(went, [0, 1, 0, 1, 0, 2]);
}

#[test]
fn sales_go_first_where_somebody_answers_and_the_others_stay_their_last_resort() {
    let mut rig = rig(KIND);
    let shun = |bridge, until| Input::Shun { bridge, until };
    let never = Moment(u64::MAX);
    for bridge in [0, 2] {
        rig.input(shun(bridge, never));
    }
    rig.input(shun(77, never));
    ask(&mut rig, 1);
    for bridge in [1, 3, 4] {
        rig.found_by(bridge, top_up_key(1), not_sent());
    }
    let went: Vec<u16> = rig.forwards.iter().map(|order| order.bridge).collect();
    assert_eq!(went, [1, 3, 4, 0], "in the route's order, and where nobody answers last");
    assert_eq!(rig.row(1).tried.len(), 3);
}

#[test]
fn a_bridge_is_shunned_for_its_time_so_that_a_sale_tries_it_again() {
    let mut rig = rig(KIND);
    let until = rig.now.after(Span::s(4));
    rig.input(Input::Shun { bridge: 0, until });
    ask(&mut rig, 1);
    rig.pass(Span::s(4));
    ask(&mut rig, 2);
    rig.input(Input::Shun { bridge: 0, until: rig.now.after(Span::s(4)) });
    ask(&mut rig, 3);
    rig.input(Input::Shun { bridge: 0, until: Moment(0) });
    ask(&mut rig, 4);
    let went: Vec<u16> = rig.forwards.iter().map(|order| order.bridge).collect();
    assert_eq!(went, [1, 0, 1, 0]);
}

#[test]
fn a_sale_that_its_terminal_takes_back_meanwhile_goes_nowhere() {
    let mut rig = rig(ABLE);
    ask(&mut rig, 1);
    // The wish is staged before the bridge reports, and both are one batch.
    let asked = rig.verified(100, &reversal(2, 1));
    rig.transactions.handle(rig.now, rig.wall, Input::Ask(asked), &rig.book);
    rig.found(top_up_key(1), not_sent());
    assert_eq!((rig.row(1).state, rig.forwards.len()), (State::Declined, 1));
    assert_eq!(rig.row(2).state, State::Approved, "there was nothing to take back");
    assert_eq!(rig.replies.len(), 2);
}

#[test]
fn an_order_that_went_on_is_watched_also_when_nobody_waits_any_more() {
    let mut rig = rig(KIND);
    ask(&mut rig, 1);
    let (key, bridge) = (top_up_key(1), 0);
    let input = Input::ProviderResult { key, bridge, found: not_sent() };
    rig.transactions.handle(rig.now, rig.wall, input, &rig.book);
    // Its answer is overdue while the disk is slow.
    rig.now = rig.now.after(rig.limits.answer);
    rig.transactions.handle(rig.now, rig.wall, Input::Deadline, &rig.book);
    rig.run();
    assert_eq!((rig.reply_code().as_str(), rig.forwards.len()), ("09", 2));
    rig.pass(rig.limits.bridge_silence);
    rig.pass(Span::s(60));
    assert_eq!(rig.row(1).state, State::Unknown);
    assert_eq!(rig.inquiries.last().map(|inquiry| inquiry.bridge), Some(1));
}

#[test]
fn a_bridge_that_nothing_was_sent_to_and_that_says_it_was_done_is_for_a_person() {
    let mut rig = rig(KIND);
    ask(&mut rig, 1);
    rig.found_by(0, top_up_key(1), not_sent());
    rig.found_by(1, top_up_key(1), approved("S-1"));
    rig.found_by(0, top_up_key(1), approved("T-1"));
    let row = rig.row(1);
    assert_eq!((row.state, row.owes()), (State::Approved, Some(FollowUp::Operator)));
    assert_eq!(row.other_reference.as_str(), "T-1");
    // Before the outcome is known: it stays on the list whatever that is.
    ask(&mut rig, 2);
    rig.found_by(0, top_up_key(2), not_sent());
    rig.found_by(0, top_up_key(2), approved("T-2"));
    let (code, reference) = (ResponseCode(*b"05"), Text::new());
    rig.found_by(
        1,
        top_up_key(2),
        found(ProviderOutcome::Declined { code, reference, chip: None }),
    );
    let row = rig.row(2);
    assert_eq!((row.state, row.owes()), (State::Declined, Some(FollowUp::Operator)));
}

#[test]
fn nothing_leaves_for_the_next_bridge_if_the_one_before_it_did_it_after_all() {
    let mut rig = rig(KIND);
    ask(&mut rig, 1);
    let (key, bridge) = (top_up_key(1), 0);
    for found in [not_sent(), approved("T-1")] {
        let input = Input::ProviderResult { key, bridge, found };
        rig.transactions.handle(rig.now, rig.wall, input, &rig.book);
    }
    rig.run();
    assert_eq!(rig.forwards.len(), 1);
    let row = rig.row(1);
    assert_eq!((row.state, row.owes()), (State::Unknown, Some(FollowUp::Operator)));
    assert_eq!((rig.reply_code().as_str(), row.other_reference.as_str()), ("09", "T-1"));
}

#[test]
fn a_claim_of_a_former_bridge_does_not_end_what_the_sales_own_bridge_takes_back() {
    let mut rig = rig(ABLE);
    ask(&mut rig, 1);
    rig.found_by(0, top_up_key(1), not_sent());
    let (code, reference) = (ResponseCode(*b"05"), Text::new());
    rig.found_by(
        1,
        top_up_key(1),
        found(ProviderOutcome::Declined { code, reference, chip: None }),
    );
    rig.found_by(1, top_up_key(1), approved("S-1"));
    rig.found_by(0, top_up_key(1), approved("T-1"));
    let row = rig.row(1);
    assert_eq!((row.state, row.owes()), (State::Declined, Some(FollowUp::Reversal)));
    assert_eq!(row.other_reference.as_str(), "S-1");
}

#[test]
fn the_number_of_a_card_goes_on_with_its_order() {
    let account = Some(AccountField::of(AccountForm::Card));
    let mut rig = rig_of(TransactionLimits::default(), KIND, Service { account, ..top_ups() });
    rig.ask(100, &TerminalMessage::Sale(Sale { subscriber: CARD, ..top_up_sale(1) }));
    rig.found(top_up_key(1), not_sent());
    let sent: Vec<&str> = rig.forwards.iter().map(|order| order.subscriber.as_str()).collect();
    assert_eq!(sent, [CARD, CARD]);
    assert_eq!(rig.row(1).subscriber.as_str(), "411111******1111");
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(5));
    assert!(rig.inquiries.iter().all(|inquiry| inquiry.subscriber.as_str() != CARD));
}
