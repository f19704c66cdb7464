use tillgate_store_core::{Hours, Registry, RegistryRecord, Route, RouteRule, Text};

use crate::tests::{commits, network, read, said};
use crate::{Existing, Plan};

const HEADER: &str =
    "route,bridge,priority,weight,prefix,currency,amount_from,amount_to,distributor,hours\n";

const TOML: &str = r#"
[[rule]]
route = "airtime"
bridge = "topup"
weight = 3
prefix = 25471
currency = "EUR"
amount_from = 1.50
amount_to = 20
distributor = 2
hours = "22:00-06:00"

[[rule]]
route = "airtime"
bridge = "topup"
priority = 2
"#;

fn with(file: &'static str, text: &str) -> Vec<(&'static str, String)> {
    let mut files = network();
    let services = &mut files.iter_mut().find(|file| file.0 == "services.csv").unwrap().1;
    *services = services.replace(",topup,1.00", ",airtime,1.00");
    files.push((file, text.to_owned()));
    files
}

fn route(plan: &Plan) -> &Route {
    let found = plan.change.records.iter().find_map(|record| match record {
        RegistryRecord::Route(route) => Some(route),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn a_route_of_csv_and_of_toml_is_the_same_and_the_ledger_takes_it() {
    let csv = format!(
        "{HEADER}airtime,topup,,3,25471,EUR,1.50,20,2,22:00-06:00\nairtime,topup,2,,,,,,,\n"
    );
    let [plan, toml] = [("routes.csv", csv.as_str()), ("routes.toml", TOML)]
        .map(|(file, text)| read(&with(file, text), &Registry::new(), Existing::Refuse).unwrap());
    let any = RouteRule { priority: 2, ..RouteRule::to(Text::from("topup").unwrap()) };
    let night = RouteRule {
        priority: 1,
        weight: 3,
        prefix: Text::from("25471").unwrap(),
        currency: 978,
        amount_from_minor: 150,
        amount_to_minor: 2_000,
        distributor: Some(tillgate_store_core::DistributorId(2)),
        hours: Some(Hours { from_min: 1_320, to_min: 360 }),
        ..any.clone()
    };
    let expected = Route { name: Text::from("airtime").unwrap(), rules: vec![night, any] };
    assert_eq!((route(&plan), route(&toml)), (&expected, &expected));
    assert!(plan.change.note.contains("1 route, 2 services"), "{}", plan.change.note);
    assert!(commits(plan.change));
}

#[test]
fn a_wrong_rule_is_reported_with_its_line_and_a_service_of_its_route_is_not() {
    for (row, expected) in [
        ("Airtime,topup,,,,,,,,", "(route): found \"Airtime\", expected a name of 1 to 32 of a-z"),
        ("topup,topup,,,,,,,,", "expected a name that no bridge of the configuration has"),
        ("airtime,second,,,,,,,,", "(bridge): found \"second\", expected a bridge of the config"),
        ("airtime,topup,0,,,,,,,", "(priority): found \"0\", expected a whole number from 1"),
        ("airtime,topup,,1001,,,,,,", "(weight): found \"1001\", expected a whole number from 1"),
        ("airtime,topup,,,2 5,,,,,", "(prefix): found \"2 5\", expected 1 to 24 letters"),
        ("airtime,topup,,,,,1,,,", "(currency): found nothing, expected the currency of the"),
        ("airtime,topup,,,,EUR,5,4,,", "(amount_to): found \"4\", expected at least the amount_f"),
        ("airtime,topup,,,,,,,9,", "(distributor): found \"9\", expected a distributor that"),
        ("airtime,topup,,,,,,,,6-7", "(hours): found \"6-7\", expected always, or hours as"),
    ] {
        let text = format!("{HEADER}airtime,topup,,,,,,,,\n{row}\n");
        let said = said(&with("routes.csv", &text));
        assert!(said.contains("routes.csv:3") && said.contains(expected), "{said}\n{expected}");
        assert!(!said.contains("services.csv"), "{said}");
    }
    let unknown = said(&with("routes.csv", &format!("{HEADER}other,topup,,,,,,,,\n")));
    let expected = "(route): found \"airtime\", expected a bridge of the configuration; configured: \
                    topup; or a route of routes.csv";
    assert!(unknown.contains(expected), "{unknown}");
    let toml = said(&with("routes.toml", &TOML.replace("weight = 3", "weight = 0")));
    assert!(toml.contains("routes.toml:5:10 (weight): found \"0\""), "{toml}");
}

#[test]
fn a_stored_route_is_replaced_whole_and_only_on_request() {
    let mut registry = Registry::new();
    let plan = read(&with("routes.toml", TOML), &registry, Existing::Refuse).unwrap();
    plan.change.records.iter().for_each(|record| registry.apply(record));
    let again = [("routes.csv", "route,bridge\nairtime,topup\n".to_owned())];
    let refused = read(&again, &registry, Existing::Refuse).err().unwrap().to_string();
    assert!(
        refused.contains("airtime is in the store already; --update replaces all of its rules")
    );
    let plan = read(&again, &registry, Existing::Replace).unwrap();
    assert_eq!(route(&plan).rules.len(), 1);
}
