//! Routes: each row is a rule, and the rows of one name in a row's order are its route.

use tillgate_store_core::limits::{AMOUNT_MINOR_MAX, ROUTE_RULES_MAX, ROUTE_WEIGHT_MAX};
use tillgate_store_core::{BridgeName, DistributorId, Route, RouteRule, Text, is_bridge_name};

use crate::draft::{Draft, Existing, Given, Look};
use crate::row::Row;
use crate::services::{amount_range, parse_hours};
use crate::source::{Column, route};

/// One row of routes.csv. A route is given whole: the rules that the store has go.
pub(crate) fn rule(row: &Row<'_>, draft: &mut Draft) {
    let before = row.faults();
    let name = name(row, draft);
    let read = read_rule(row, draft);
    let Some(name) = name else { return };
    let fresh = || {
        let record = Some(Route { name, rules: Vec::new() });
        Given { place: row.place(), record }
    };
    let given = draft.routes.entry(name).or_insert_with(fresh);
    match (&mut given.record, read) {
        (Some(found), Some(_)) if found.rules.len() >= ROUTE_RULES_MAX => {
            row.expected(route::ROUTE, format!("at most {ROUTE_RULES_MAX} rules of one route"));
        }
        (Some(found), Some(rule)) if row.faults() == before => found.rules.push(rule),
        _ => given.record = None,
    }
}

/// The route's name, which no bridge has.
fn name(row: &Row<'_>, draft: &Draft) -> Option<BridgeName> {
    let name = bridge_name(row, route::ROUTE)?;
    if row.context.bridges.iter().any(|bridge| *bridge == name.as_str()) {
        return row.refuse(route::ROUTE, "a name that no bridge of the configuration has");
    }
    let is_stored = row.context.known.stored(|stored| stored.route(&name)).is_some();
    let is_first = !draft.routes.contains_key(&name);
    if is_first && is_stored && row.context.existing == Existing::Refuse {
        let text = format!("{name} is in the store already; --update replaces all of its rules");
        row.wrong(route::ROUTE, text);
    }
    Some(name)
}

fn bridge_name(row: &Row<'_>, column: Column) -> Option<BridgeName> {
    let name = BridgeName::from(row.text(column)).ok().filter(|name| is_bridge_name(name));
    name.or_else(|| row.refuse(column, "a name of 1 to 32 of a-z 0-9 _ -"))
}

fn read_rule(row: &Row<'_>, draft: &Draft) -> Option<RouteRule> {
    let bridge = bridge_name(row, route::BRIDGE).filter(|name| {
        let known = row.context.bridges.iter().any(|bridge| *bridge == name.as_str());
        if !known {
            row.expected(route::BRIDGE, row.context.configured_bridges());
        }
        known
    });
    let priority = row.number_or(route::PRIORITY, 1..=u16::MAX, 1);
    let weight = row.number_or(route::WEIGHT, 1..=ROUTE_WEIGHT_MAX, 1);
    let prefix = match row.text(route::PREFIX) {
        "" => Some(Text::new()),
        _ => row.code(route::PREFIX),
    };
    let amounts = amounts(row);
    let distributor = distributor(row, draft);
    let hours = match row.text(route::HOURS) {
        "" | "always" => Some(None),
        _ => parse_hours(row, route::HOURS).map(Some),
    };
    let (currency, amount_from_minor, amount_to_minor) = amounts?;
    Some(RouteRule {
        bridge: bridge?,
        priority: priority?,
        weight: weight?,
        prefix: prefix?,
        currency,
        amount_from_minor,
        amount_to_minor,
        distributor: distributor?,
        hours: hours?,
    })
}

/// Currency, least and greatest amount in minor units.
fn amounts(row: &Row<'_>) -> Option<(u16, u64, u64)> {
    let texts = [route::AMOUNT_FROM, route::AMOUNT_TO].map(|column| row.text(column));
    if row.text(route::CURRENCY).is_empty() {
        return match texts {
            ["", ""] => Some((0, 0, AMOUNT_MINOR_MAX)),
            _ => row.refuse(route::CURRENCY, "the currency of the amounts, as EUR or 978"),
        };
    }
    let currency = row.currency(route::CURRENCY)?;
    let minor = |column, otherwise| match row.text(column) {
        "" => Some(otherwise),
        _ => row.money(column, currency, amount_range(0)).and_then(|it| u64::try_from(it).ok()),
    };
    let from = minor(route::AMOUNT_FROM, 0);
    let to = minor(route::AMOUNT_TO, AMOUNT_MINOR_MAX);
    let (from, to) = (from?, to?);
    if from > to {
        return row.refuse(route::AMOUNT_TO, "at least the amount_from of its rule");
    }
    Some((currency.number, from, to))
}

fn distributor(row: &Row<'_>, draft: &Draft) -> Option<Option<DistributorId>> {
    if row.text(route::DISTRIBUTOR).is_empty() {
        return Some(None);
    }
    let id = row.number(route::DISTRIBUTOR, 1..=u32::MAX).map(DistributorId)?;
    match draft.distributor(row.context.known, id) {
        Look::Found(_) | Look::Faulty => Some(Some(id)),
        Look::Unknown => row.refuse(route::DISTRIBUTOR, "a distributor that exists"),
    }
}
