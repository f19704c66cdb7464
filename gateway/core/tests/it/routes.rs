//! Which bridge a sale goes to, from the registry to the order.

use crate::support::{KIND, Rig, bridge, found, top_up_key, top_up_sale, top_ups};
use tillgate_codec::link::message::{Sale, TerminalMessage};
use tillgate_core::limits::TransactionLimits;
use tillgate_core::processing::{RouteQuestion, explain_route};
use tillgate_store_core::{
    BridgeTag, Change, DistributorId, ProviderOutcome, RegistryRecord, Route, RouteRule, Service,
    ServiceId, Status, TerminalId, Text,
};

fn rule(bridge: &str) -> RouteRule {
    RouteRule::to(Text::from(bridge).unwrap())
}

/// Top-ups by the route "airtime", over the bridges "topup", "other" and "third".
fn routed(limits: TransactionLimits, rules: Vec<RouteRule>) -> Rig {
    let names = ["topup", "other", "third"];
    let bridges = names.map(|name| bridge(name, KIND)).to_vec();
    let mut rig = Rig::over(limits, bridges);
    let route = Route { name: Text::from("airtime").unwrap(), rules };
    let service = Service { route: "airtime".to_owned(), ..top_ups() };
    let records = vec![RegistryRecord::Route(route), RegistryRecord::Service(service)];
    rig.change(Change { records, ..Change::default() });
    rig
}

fn ask(rig: &mut Rig, stan: u32, subscriber: &'static str) -> u16 {
    let sale = Sale { subscriber, amount_minor: 100, ..top_up_sale(stan) };
    rig.ask(100, &TerminalMessage::Sale(sale));
    rig.forwards.last().expect("an order left").bridge
}

#[test]
fn a_sale_goes_by_its_route_from_the_change_on_and_its_row_names_the_bridge() {
    let prefixed = RouteRule { prefix: Text::from("25471").unwrap(), ..rule("other") };
    let mut rig = routed(TransactionLimits::default(), vec![rule("topup"), prefixed]);
    assert_eq!(ask(&mut rig, 1, "254710000001"), 1);
    assert_eq!(rig.row(1).bridge, BridgeTag::of("other"));
    assert_eq!(ask(&mut rig, 2, "254720000001"), 0);
    let route = Route { name: Text::from("airtime").unwrap(), rules: vec![rule("third")] };
    let records = vec![RegistryRecord::Route(route)];
    rig.change(Change { records, ..Change::default() });
    assert_eq!(ask(&mut rig, 3, "254710000001"), 2);
    let mut rig = rig.restart();
    assert_eq!(ask(&mut rig, 4, "254710000001"), 2, "also after a restart");
}

#[test]
fn a_sale_that_no_rule_takes_is_declined() {
    let far = RouteRule { distributor: Some(DistributorId(2)), ..rule("topup") };
    let mut rig = routed(TransactionLimits::default(), vec![rule("gone"), far]);
    let near = rig.directory.registry.chain(DistributorId(2)).unwrap().len();
    assert!(near > 0);
    let sale = Sale { subscriber: "1", ..top_up_sale(1) };
    let question = |terminal| RouteQuestion {
        service: ServiceId(sale.service),
        account: "1".to_owned(),
        amount: Some("25.00".to_owned()),
        seller: None,
        terminal,
        minute: 0,
        key: None,
    };
    let explain = |terminal| explain_route(&rig.directory, &question(terminal)).unwrap();
    assert_eq!(explain(Some(TerminalId(100))).explained.candidates, ["topup"]);
    assert!(explain(None).explained.candidates.is_empty(), "of nobody below the distributor");
    let wrong = RouteQuestion { amount: Some("2.345".to_owned()), ..question(None) };
    assert!(explain_route(&rig.directory, &wrong).unwrap_err().starts_with("amount 2.345: "));
    let route = Route { name: Text::from("airtime").unwrap(), rules: vec![rule("gone")] };
    rig.change(Change { records: vec![RegistryRecord::Route(route)], ..Change::default() });
    assert_eq!(rig.code(100, &top_up_sale(1)), "91");
    assert_eq!(rig.row(1).bridge, BridgeTag::NONE);
}

#[test]
fn the_way_of_a_sale_says_what_declines_it_before_any_route() {
    let mut rig = routed(TransactionLimits::default(), vec![rule("topup")]);
    let asked = RouteQuestion {
        service: ServiceId(top_up_sale(1).service),
        account: String::new(),
        amount: None,
        seller: None,
        terminal: Some(TerminalId(100)),
        minute: 0,
        key: None,
    };
    let code = |rig: &Rig, asked: &RouteQuestion| {
        explain_route(&rig.directory, asked).unwrap().declined.map(|declined| declined.code)
    };
    let amount = |amount: &str| RouteQuestion { amount: Some(amount.to_owned()), ..asked.clone() };
    assert_eq!(code(&rig, &asked), None);
    assert_eq!(code(&rig, &amount("25.00")), None);
    assert_eq!(code(&rig, &amount("90000000.00")).as_deref(), Some("61"));
    let account = RouteQuestion { account: "no account".to_owned(), ..asked.clone() };
    assert_eq!(code(&rig, &account).as_deref(), Some("14"));
    let mut terminal = rig.directory.registry.terminal(TerminalId(100)).unwrap().clone();
    terminal.status = Status::Blocked;
    let records = vec![RegistryRecord::Terminal(terminal)];
    rig.change(Change { records, ..Change::default() });
    assert_eq!(code(&rig, &asked).as_deref(), Some("58"));
    let nobody = RouteQuestion { terminal: None, ..asked.clone() };
    assert_eq!(code(&rig, &nobody), None);
}

#[test]
fn a_bridge_that_holds_its_share_is_passed_over_for_the_next_of_the_route() {
    let second = RouteRule { priority: 2, ..rule("other") };
    let limits = TransactionLimits { pending_max: 8, ..TransactionLimits::default() };
    let mut rig = routed(limits, vec![rule("topup"), second]);
    for stan in 1..=4 {
        assert_eq!(ask(&mut rig, stan, "1"), 0);
        rig.found(top_up_key(stan), found(ProviderOutcome::Unknown));
    }
    assert_eq!(ask(&mut rig, 5, "1"), 1);
    rig.approve(top_up_key(1));
    assert_eq!(ask(&mut rig, 6, "1"), 0, "there is room again");
}
