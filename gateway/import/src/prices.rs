//! Products and commissions of services.

use std::collections::BTreeSet;

use tillgate_store_core::commission::BASIS;
use tillgate_store_core::limits::{
    COMMISSION_LEVELS_MAX, COMMISSION_RULES_MAX, NAME_BYTES_MAX, PRODUCTS_MAX, STOCK_DAYS_MAX,
};
use tillgate_store_core::{
    BusinessDate, CommissionRule, Fulfilment, Product, ProductId, Service, ServiceId, StockRules,
};
use tillgate_types::Currency;

use crate::Once;
use crate::charges::read_share;
use crate::draft::{Draft, Existing, Given, Look};
use crate::row::Row;
use crate::services::amount_range;
use crate::source::{Column, commission, product};

/// Where a part of a service comes from, and how many of its kind there may be.
pub(crate) struct Place<'a> {
    pub(crate) row: &'a Row<'a>,
    /// Which column is wrong when the part is not taken.
    pub(crate) column: Column,
    /// What the part is called then.
    pub(crate) what: &'a str,
    pub(crate) max: usize,
}

/// Takes a part of a service in, in the place of the stored one if it may.
pub(crate) fn put<T: PartialEq>(
    place: &Place<'_>,
    parts: &mut Vec<T>,
    part: T,
    is_same: impl Fn(&T) -> bool,
) {
    let Place { row, column, what, max } = *place;
    let is_full = parts.len() >= max;
    match parts.iter_mut().find(|stored| is_same(stored)) {
        Some(stored) if *stored == part || row.context.existing == Existing::Replace => {
            *stored = part
        }
        Some(_) => {
            let text = format!("{what} is in the store already; --update replaces what is there");
            row.wrong(column, text);
        }
        None if is_full => row.expected(column, format!("at most {max} of one service")),
        None => parts.push(part),
    }
}

/// The service that a row belongs to, to be changed; of the files, or else
/// taken over from the store.
pub(crate) fn owner<'a>(row: &Row<'_>, draft: &'a mut Draft) -> Option<&'a mut Service> {
    // It is called so in all these files.
    const SERVICE: Column = commission::SERVICE;
    let id = ServiceId(row.number(SERVICE, 1..=u16::MAX)?);
    match draft.service(row.context.known, id) {
        Look::Found(service) => {
            let given = || Given { place: row.place(), record: Some(service) };
            draft.services.entry(id).or_insert_with(given).record.as_mut()
        }
        Look::Faulty => None,
        Look::Unknown => row.refuse(SERVICE, "a service that exists"),
    }
}

/// One row of products.csv.
pub(crate) fn product(row: &Row<'_>, draft: &mut Draft, given: &mut Once<(ServiceId, ProductId)>) {
    let id = row.number(product::ID, 1..=u16::MAX).map(ProductId);
    let name = row.words(product::NAME, NAME_BYTES_MAX);
    let Some(service) = owner(row, draft) else { return };
    let Some(currency) = Currency::numbered(service.currency) else { return };
    let amount = row.money(product::AMOUNT, currency, amount_range(1));
    let amount = amount.and_then(|minor| u64::try_from(minor).ok()).filter(|minor| {
        let within = (service.amount_min_minor..=service.amount_max_minor).contains(minor);
        if !within {
            row.expected(product::AMOUNT, "an amount within the limits of its service");
        }
        within
    });
    let stored = id.and_then(|id| service.product(id)).map(|stored| stored.stock);
    let stock = stock_rules(row, service.fulfilment, row.context.kept(stored.as_ref()));
    let (Some(id), Some(name), Some(amount_minor)) = (id, name, amount) else { return };
    let Some(stock) = stock else { return };
    if !given.first(row, product::ID, (service.id, id)) {
        return;
    }
    let record = Product { id, name, amount_minor, stock };
    let is_same = |stored: &Product| stored.id == id;
    let what = id.to_string();
    let place = Place { row, column: product::ID, what: &what, max: PRODUCTS_MAX };
    put(&place, &mut service.products, record, is_same);
}

/// How its vouchers are kept; what a provider does has no stock.
fn stock_rules(
    row: &Row<'_>,
    fulfilment: Fulfilment,
    kept: Option<&StockRules>,
) -> Option<StockRules> {
    let columns = [product::LEAST_DAYS, product::LOW_STOCK, product::NEAR_DAYS];
    if fulfilment != Fulfilment::Stock {
        let given = columns.into_iter().find(|column| !row.text(*column).is_empty());
        if let Some(column) = given {
            return row.refuse(column, "nothing: only vouchers have a stock");
        }
        return Some(StockRules::default());
    }
    let kept = kept.copied().unwrap_or_default();
    let days = 0..=STOCK_DAYS_MAX;
    let least_days = row.number_or(product::LEAST_DAYS, days.clone(), kept.least_days);
    let low = row.number_or(product::LOW_STOCK, 0..=u32::MAX, kept.low);
    let near_days = row.number_or(product::NEAR_DAYS, days, kept.near_days);
    Some(StockRules { least_days: least_days?, low: low?, near_days: near_days? })
}

/// One row of commissions.csv.
pub(crate) fn commission(
    row: &Row<'_>,
    draft: &mut Draft,
    given: &mut Once<(ServiceId, u8, BusinessDate)>,
) {
    let levels_max = u8::try_from(COMMISSION_LEVELS_MAX - 1).unwrap_or(u8::MAX);
    let level = row.number(commission::LEVEL, 0..=levels_max);
    let from = row.date(commission::FROM);
    let Some(service) = owner(row, draft) else { return };
    let is_same = |rule: &CommissionRule| Some(rule.level) == level && Some(rule.from) == from;
    let stored = service.commission.iter().find(|rule| is_same(rule)).copied();
    let kept = row.context.kept(stored.as_ref());
    let kept = kept.map(|kept| (kept.fixed_minor, kept.basis_points, kept.rounding));
    let share = read_share(row, service, kept);
    let (Some(level), Some(share), Some(from)) = (level, share, from) else { return };
    if !given.first(row, commission::LEVEL, (service.id, level, from)) {
        return;
    }
    let (fixed_minor, basis_points, rounding) = share;
    let rule = CommissionRule { level, fixed_minor, basis_points, rounding, from };
    let place =
        Place { row, column: commission::FROM, what: "this rule", max: COMMISSION_RULES_MAX };
    put(&place, &mut service.commission, rule, is_same);
}

/// Second pass over commissions.csv: on no date do the levels together earn more than all.
pub(crate) fn check_sum(row: &Row<'_>, draft: &Draft, told: &mut BTreeSet<(ServiceId, u16)>) {
    let service = row.text(commission::SERVICE).parse().ok().map(ServiceId);
    let given = service.and_then(|id| draft.services.get(&id));
    let Some(service) = given.and_then(|given| given.record.as_ref()) else { return };
    let levels = (0_u8..=u8::MAX).take(COMMISSION_LEVELS_MAX);
    for date in service.commission.iter().map(|rule| rule.from) {
        let in_force = |level| {
            let rules = service.commission.iter();
            let begun = rules.filter(|rule| rule.level == level && rule.from <= date);
            begun.max_by_key(|rule| rule.from).map_or(0, |rule| rule.basis_points)
        };
        let all: u32 = levels.clone().map(in_force).sum();
        if u64::from(all) > BASIS && told.insert((service.id, date.0)) {
            let text = format!(
                "all levels of service {} together earn {}.{:02} % from {date} on, expected at \
                 most 100 %",
                service.id,
                all / 100,
                all % 100
            );
            row.wrong(commission::PERCENT, text);
        }
    }
}
