//! Products and commissions of services.

use std::collections::BTreeSet;

use tillgate_store_core::limits::{
    COMMISSION_LEVELS_MAX, COMMISSION_RULES_MAX, NAME_BYTES_MAX, PRODUCTS_MAX,
};
use tillgate_store_core::{CommissionRule, Product, ProductId, Service, ServiceId};
use tillgate_types::{Currency, decimal};

use crate::draft::{Draft, Existing, Given, Look};
use crate::report::Faults;
use crate::row::Row;
use crate::services::amount_range;
use crate::{Context, Once};

/// Columns of products.csv.
mod product {
    pub(crate) const SERVICE: usize = 0;
    pub(crate) const ID: usize = 1;
    pub(crate) const NAME: usize = 2;
    pub(crate) const AMOUNT: usize = 3;
}

/// Columns of commissions.csv.
mod commission {
    pub(crate) const SERVICE: usize = 0;
    pub(crate) const LEVEL: usize = 1;
    pub(crate) const PERCENT: usize = 2;
    pub(crate) const FROM: usize = 3;
}

/// 100 % in basis points.
const WHOLE: u32 = 10_000;

/// The service that a product or commission belongs to, to be changed; of the files, or else
/// taken over from the store.
fn owner<'a>(
    row: &Row<'_>,
    context: &Context<'_>,
    draft: &'a mut Draft,
    faults: &mut Faults,
) -> Option<&'a mut Service> {
    // In both files the service is the first column.
    const SERVICE: usize = product::SERVICE;
    const { assert!(product::SERVICE == commission::SERVICE) };
    let id = ServiceId(row.number(faults, SERVICE, 1..=u16::MAX)?);
    match draft.service(context.known, id) {
        Look::Found(service) => {
            let given = || Given { place: row.place(), record: Some(service) };
            draft.services.entry(id).or_insert_with(given).record.as_mut()
        }
        Look::Faulty => None,
        Look::Unknown => {
            row.expected(faults, SERVICE, "a service that exists");
            None
        }
    }
}

/// One row of products.csv.
pub(crate) fn product(
    row: &Row<'_>,
    context: &Context<'_>,
    draft: &mut Draft,
    faults: &mut Faults,
    given: &mut Once<(ServiceId, ProductId)>,
) {
    let id = row.number(faults, product::ID, 1..=u16::MAX).map(ProductId);
    let name = row.words(faults, product::NAME, NAME_BYTES_MAX);
    let Some(service) = owner(row, context, draft, faults) else { return };
    let Some(currency) = Currency::numbered(service.currency) else { return };
    let amount = row.money(faults, product::AMOUNT, currency, amount_range(1));
    let amount = amount.and_then(|minor| u64::try_from(minor).ok()).filter(|minor| {
        let within = (service.amount_min_minor..=service.amount_max_minor).contains(minor);
        if !within {
            row.expected(faults, product::AMOUNT, "an amount within the limits of its service");
        }
        within
    });
    let (Some(id), Some(name), Some(amount_minor)) = (id, name, amount) else { return };
    if !given.first(row, product::ID, (service.id, id), faults) {
        return;
    }
    let record = Product { id, name, amount_minor };
    let full = service.products.len() >= PRODUCTS_MAX;
    let known = service.products.iter().position(|stored| stored.id == id);
    match known.and_then(|at| service.products.get_mut(at)) {
        Some(stored) if *stored == record || context.existing == Existing::Replace => {
            *stored = record;
        }
        Some(_) => row.wrong(
            faults,
            product::ID,
            format!("{id} is in the store already; --update replaces what is there"),
        ),
        None if !full => service.products.push(record),
        None => row.expected(faults, product::ID, format!("at most {PRODUCTS_MAX} products")),
    }
}

/// One row of commissions.csv.
pub(crate) fn commission(
    row: &Row<'_>,
    context: &Context<'_>,
    draft: &mut Draft,
    faults: &mut Faults,
    given: &mut Once<(ServiceId, u8, u16)>,
) {
    let levels_max = u8::try_from(COMMISSION_LEVELS_MAX - 1).unwrap_or(u8::MAX);
    let level = row.number(faults, commission::LEVEL, 0..=levels_max);
    let rate = decimal(row.text(commission::PERCENT), 2).and_then(|bp| u32::try_from(bp).ok());
    let rate = rate.filter(|basis_points| *basis_points <= WHOLE);
    if rate.is_none() {
        let text = "a percentage from 0 to 100 with at most 2 decimals (10 means 10 %)";
        row.expected(faults, commission::PERCENT, text);
    }
    let from = row.date(faults, commission::FROM);
    let Some(service) = owner(row, context, draft, faults) else { return };
    let (Some(level), Some(basis_points), Some(from)) = (level, rate, from) else { return };
    if !given.first(row, commission::LEVEL, (service.id, level, from.0), faults) {
        return;
    }
    let same = |rule: &CommissionRule| rule.level == level && rule.from == from;
    let full = service.commission.len() >= COMMISSION_RULES_MAX;
    let known = service.commission.iter().position(same);
    match known.and_then(|at| service.commission.get_mut(at)) {
        Some(rule)
            if rule.basis_points == basis_points || context.existing == Existing::Replace =>
        {
            rule.basis_points = basis_points;
        }
        Some(_) => row.wrong(
            faults,
            commission::FROM,
            "this rule is in the store already; --update replaces what is there".to_owned(),
        ),
        None if !full => {
            service.commission.push(CommissionRule::percent(level, basis_points, from));
        }
        None => {
            let text = format!("at most {COMMISSION_RULES_MAX} rules of one service");
            row.expected(faults, commission::LEVEL, text);
        }
    }
}

/// Second pass over commissions.csv: on no date do the levels together earn more than all.
pub(crate) fn check_sum(
    row: &Row<'_>,
    draft: &Draft,
    faults: &mut Faults,
    told: &mut BTreeSet<(ServiceId, u16)>,
) {
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
        if all > WHOLE && told.insert((service.id, date.0)) {
            let text = format!(
                "all levels of service {} together earn {}.{:02} % from {date} on, expected at \
                 most 100 %",
                service.id,
                all / 100,
                all % 100
            );
            row.wrong(faults, commission::PERCENT, text);
        }
    }
}
