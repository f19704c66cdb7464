//! Routes: which bridges a service's sales may take, rule by rule.

use std::collections::BTreeSet;

use super::declare::{record, stored};
use super::service::Hours;
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record};
use crate::ids::Text;
use crate::limits::{
    AMOUNT_MINOR_MAX, BRIDGE_NAME_BYTES_MAX, ROUTE_RULES_MAX, ROUTE_WEIGHT_MAX,
    SUBSCRIBER_BYTES_MAX,
};
use crate::rows::Family;
use tillgate_types::DistributorId;

/// The name of a bridge or a route: 1 to 32 of a-z 0-9 _ -.
pub type BridgeName = Text<BRIDGE_NAME_BYTES_MAX>;

const MINUTES_OF_DAY: u16 = 24 * 60;

/// What services name instead of one bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name; a service has it in [`super::Service::route`].
    pub name: BridgeName,
    /// Its rules, in the order of the file.
    pub rules: Vec<RouteRule>,
}

/// A bridge, and the sales that it may be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRule {
    /// Where the sale goes.
    pub bridge: BridgeName,
    /// Lower ones are tried first.
    pub priority: u16,
    /// The share of this rule among the rules of the same priority and prefix length that match;
    /// 1 to [`ROUTE_WEIGHT_MAX`].
    pub weight: u16,
    /// How the account has to begin; empty: any. Among rules of one priority the longest that
    /// matches is tried first.
    pub prefix: Text<SUBSCRIBER_BYTES_MAX>,
    /// ISO 4217 numeric; 0: any.
    pub currency: u16,
    /// Least amount, minor units.
    pub amount_from_minor: u64,
    /// Greatest amount, minor units.
    pub amount_to_minor: u64,
    /// The seller has to be below this one.
    pub distributor: Option<DistributorId>,
    /// When it applies, local minutes of the day.
    pub hours: Option<Hours>,
}

impl RouteRule {
    /// A rule that takes every sale.
    #[must_use]
    pub fn to(bridge: BridgeName) -> Self {
        Self {
            bridge,
            priority: 1,
            weight: 1,
            prefix: Text::new(),
            currency: 0,
            amount_from_minor: 0,
            amount_to_minor: AMOUNT_MINOR_MAX,
            distributor: None,
            hours: None,
        }
    }

    fn fault(&self) -> Option<String> {
        if !is_bridge_name(&self.bridge) {
            return Some(name_fault("bridge", &self.bridge));
        }
        if !(1..=ROUTE_WEIGHT_MAX).contains(&self.weight) {
            return Some(format!("weight {} is not 1 to {ROUTE_WEIGHT_MAX}", self.weight));
        }
        if !self.prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some("a prefix has letters, digits or signs only".to_owned());
        }
        let (from, to) = (self.amount_from_minor, self.amount_to_minor);
        if from > to || to > AMOUNT_MINOR_MAX {
            return Some(format!("no amount is from {from} to {to}"));
        }
        if self.currency == 0 && (from > 0 || to < AMOUNT_MINOR_MAX) {
            return Some("amounts without a currency".to_owned());
        }
        let outside = |hours: Hours| {
            hours.from_min == hours.to_min || hours.from_min.max(hours.to_min) > MINUTES_OF_DAY
        };
        self.hours.is_some_and(outside).then(|| "hours are not within a day".to_owned())
    }
}

/// Whether a text may be the name of a bridge or a route.
#[must_use]
pub fn is_bridge_name(text: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    (1..=BRIDGE_NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(fits)
}

pub(super) fn name_fault(what: &str, name: &str) -> String {
    format!("the name of a {what} is 1 to {BRIDGE_NAME_BYTES_MAX} of a-z 0-9 _ -, not {name:?}")
}

impl Route {
    /// What is wrong with it, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        if !is_bridge_name(&self.name) {
            return Some(name_fault("route", &self.name));
        }
        if !(1..=ROUTE_RULES_MAX).contains(&self.rules.len()) {
            let count = self.rules.len();
            return Some(format!("{count} rules, expected 1 to {ROUTE_RULES_MAX}"));
        }
        let faults = (1..).zip(&self.rules).find_map(|(no, rule)| Some((no, rule.fault()?)));
        faults.map(|(no, fault): (u16, String)| format!("rule {no}: {fault}"))
    }

    /// The distributors that its rules name, each once.
    #[must_use]
    pub fn distributors(&self) -> BTreeSet<DistributorId> {
        self.rules.iter().filter_map(|rule| rule.distributor).collect()
    }
}

record! { Route in Registry, version 1;
    letter b'p', name: BridgeName;
    body { rules }
}

stored! { RouteRule {
    bridge, priority, weight, prefix, currency, amount_from_minor, amount_to_minor, distributor, hours
} }

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> RouteRule {
        RouteRule::to(Text::from("first").unwrap())
    }

    fn fault(change: impl Fn(&mut RouteRule)) -> String {
        let mut wrong = rule();
        change(&mut wrong);
        let route = Route { name: Text::from("airtime").unwrap(), rules: vec![rule(), wrong] };
        route.fault().unwrap_or_default()
    }

    #[test]
    fn a_rule_outside_its_bounds_is_refused_with_its_number() {
        assert_eq!(fault(|_| {}), "");
        assert!(fault(|rule| rule.weight = 0).starts_with("rule 2: weight 0"));
        assert!(fault(|rule| rule.weight = 1_001).contains("1 to 1000"));
        assert!(fault(|rule| rule.bridge = Text::from("First").unwrap()).contains("\"First\""));
        assert!(fault(|rule| rule.prefix = Text::from("2 5").unwrap()).contains("prefix"));
        assert!(fault(|rule| rule.amount_from_minor = 5).contains("without a currency"));
        let upside_down = |rule: &mut RouteRule| {
            (rule.currency, rule.amount_from_minor, rule.amount_to_minor) = (404, 9, 8);
        };
        assert!(fault(upside_down).contains("from 9 to 8"));
        let hours = |from_min, to_min| {
            fault(|rule| rule.hours = Some(Hours { from_min, to_min })).contains("hours")
        };
        assert!(hours(5, 5) && hours(0, 1_441) && !hours(1_380, 60) && !hours(0, 1_440));
    }

    #[test]
    fn a_route_has_a_name_and_a_bounded_number_of_rules() {
        let of = |name, rules| Route { name: Text::from(name).unwrap(), rules }.fault();
        assert!(of("", vec![rule()]).unwrap().contains("1 to 32 of a-z"));
        assert!(of("a", vec![]).unwrap().starts_with("0 rules"));
        assert_eq!(of("a", vec![rule(); ROUTE_RULES_MAX]), None);
        assert!(of("a", vec![rule(); ROUTE_RULES_MAX + 1]).unwrap().contains("1 to 1000"));
    }
}
