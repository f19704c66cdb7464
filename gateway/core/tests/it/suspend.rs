//! The operator suspends, drains and resumes a bridge while sales come.

use tillgate_codec::link::message::TerminalMessage;
use tillgate_core::limits::TransactionLimits;
use tillgate_core::orders::order_bridge;
use tillgate_core::processing::{RouteQuestion, explain_route};
use tillgate_core::routing::Finding;
use tillgate_core::time::Span;
use tillgate_core::transaction::Input;
use tillgate_store_core::{
    BridgeOrder, BridgeStatus, Change, ProviderOutcome, RegistryRecord, ResponseCode, Route,
    RouteRule, Service, ServiceId, State, Text,
};

use crate::support::{ABLE, Rig, TOP_UPS, bridge, found, top_up_key, top_up_sale, top_ups};

fn order(rig: &mut Rig, name: &str, status: BridgeStatus) {
    let bridge = Text::from(name).unwrap();
    rig.control(order_bridge(BridgeOrder { bridge, status, reason: "maintenance".to_owned() }));
}

/// Top-ups by a route over two bridges.
fn routed() -> Rig {
    let bridges = ["topup", "second"].map(|name| bridge(name, ABLE)).to_vec();
    let mut rig = Rig::over(TransactionLimits::default(), bridges);
    let rule = |priority, name| RouteRule { priority, ..RouteRule::to(Text::from(name).unwrap()) };
    let rules = vec![rule(1, "topup"), rule(2, "second")];
    let route = Route { name: Text::from("airtime").unwrap(), rules };
    let service = Service { route: "airtime".to_owned(), ..top_ups() };
    let records = vec![RegistryRecord::Route(route), RegistryRecord::Service(service)];
    rig.change(Change { records, ..Change::default() });
    rig
}

fn ask(rig: &mut Rig, stan: u32) -> Option<u16> {
    let before = rig.forwards.len();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(stan)));
    rig.forwards.get(before).map(|order| order.bridge)
}

#[test]
fn a_bridge_that_drains_or_is_suspended_gets_no_sale_and_the_next_of_the_route_does() {
    for status in [BridgeStatus::Draining, BridgeStatus::Suspended] {
        let mut rig = routed();
        assert_eq!(ask(&mut rig, 1), Some(0));
        order(&mut rig, "topup", status);
        assert_eq!(ask(&mut rig, 2), Some(1));
        let mut rig = rig.restart();
        assert_eq!(ask(&mut rig, 3), Some(1), "also after a restart");
        order(&mut rig, "topup", BridgeStatus::Active);
        assert_eq!(ask(&mut rig, 4), Some(0));
    }
}

#[test]
fn without_another_bridge_the_sale_is_declined() {
    let mut rig = Rig::with(TransactionLimits::default(), ABLE);
    order(&mut rig, "topup", BridgeStatus::Draining);
    assert_eq!(rig.code(100, &top_up_sale(1)), "91");
    order(&mut rig, "topup", BridgeStatus::Active);
    assert_eq!(ask(&mut rig, 2), Some(0));
}

#[test]
fn a_sale_that_was_verified_before_the_order_was_in_force_does_not_go_there() {
    let mut rig = routed();
    let asked = rig.verified(100, &TerminalMessage::Sale(top_up_sale(1)));
    order(&mut rig, "topup", BridgeStatus::Suspended);
    rig.input(Input::Ask(asked));
    assert_eq!(rig.forwards.last().map(|order| order.bridge), Some(1));
}

#[test]
fn a_sale_does_not_go_on_to_a_suspended_bridge() {
    let mut rig = routed();
    assert_eq!(ask(&mut rig, 1), Some(0));
    order(&mut rig, "second", BridgeStatus::Suspended);
    let code = ResponseCode::PROVIDER_UNAVAILABLE;
    rig.found(top_up_key(1), found(ProviderOutcome::NotSent { code }));
    assert_eq!((rig.reply_code().as_str(), rig.forwards.len()), ("91", 1));
}

#[test]
fn nothing_leaves_for_a_suspended_bridge_and_what_has_waited_leaves_when_it_is_resumed() {
    let mut rig = routed();
    ask(&mut rig, 1);
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    order(&mut rig, "topup", BridgeStatus::Suspended);
    for _ in 0..20 {
        rig.pass(Span::s(30));
    }
    assert!(rig.inquiries.is_empty());
    let mut rig = rig.restart();
    for _ in 0..20 {
        rig.pass(Span::s(30));
    }
    assert!(rig.inquiries.is_empty(), "nor after a restart");
    order(&mut rig, "topup", BridgeStatus::Active);
    rig.pass(Span::s(1));
    assert_eq!(rig.inquiries.len(), 1);
    rig.approve(top_up_key(1));
    assert_eq!(rig.row(1).state, State::Approved);
}

#[test]
fn what_is_under_way_at_a_bridge_that_drains_goes_on() {
    let mut rig = routed();
    ask(&mut rig, 1);
    order(&mut rig, "topup", BridgeStatus::Draining);
    rig.found(top_up_key(1), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(5));
    assert_eq!(rig.inquiries.len(), 1);
}

#[test]
fn a_result_of_a_suspended_bridge_still_counts() {
    let mut rig = routed();
    ask(&mut rig, 1);
    order(&mut rig, "topup", BridgeStatus::Suspended);
    rig.approve(top_up_key(1));
    assert_eq!(rig.reply_code(), "00");
}

#[test]
fn the_way_of_a_sale_says_that_a_bridge_is_suspended() {
    let mut rig = routed();
    order(&mut rig, "topup", BridgeStatus::Suspended);
    let asked = RouteQuestion {
        service: ServiceId(TOP_UPS),
        account: "1".to_owned(),
        amount: None,
        seller: None,
        terminal: None,
        minute: 0,
        key: None,
    };
    let way = explain_route(&rig.directory, &asked).unwrap().explained;
    assert_eq!(way.candidates, ["second"]);
    assert_eq!(way.rules[0].finding, Finding::NotActive);
    assert_eq!(way.rules[0].why, "its bridge is suspended");
}
