//! Services that are written: within the limits, and with commissions that can be paid.

use rustc_hash::FxHashSet;

use crate::commission::{BASIS, basis_points};
use crate::limits::{
    AMOUNT_MINOR_MAX, COMMISSION_LEVELS_MAX, COMMISSION_RULES_MAX, NAME_BYTES_MAX, PRODUCTS_MAX,
    VELOCITY_COUNT_MAX, VELOCITY_WINDOW_S_MAX,
};
use crate::record::Service;

const MINUTES_OF_DAY: u16 = 24 * 60;

/// What is wrong with a service, if anything.
pub(super) fn fault_of(service: &Service) -> Option<String> {
    if service.name.len() > NAME_BYTES_MAX || service.route.len() > NAME_BYTES_MAX {
        return Some("name or route is too long".to_owned());
    }
    if service.open_amount && service.amount_min_minor == 0 {
        return Some("an open amount needs a least amount".to_owned());
    }
    if service.amount_min_minor > service.amount_max_minor
        || service.amount_max_minor > AMOUNT_MINOR_MAX
    {
        return Some("least amount above greatest, or greatest too large".to_owned());
    }
    if service.hours.is_some_and(|hours| hours.from_min.max(hours.to_min) > MINUTES_OF_DAY) {
        return Some("hours beyond the day".to_owned());
    }
    let velocity = service.velocity;
    if velocity.count_max > VELOCITY_COUNT_MAX || velocity.window_s > VELOCITY_WINDOW_S_MAX {
        return Some("velocity count or window is too large".to_owned());
    }
    if (velocity.count_max == 0) != (velocity.window_s == 0) {
        return Some("velocity needs both a count and a window, or neither".to_owned());
    }
    fault_of_products(service).or_else(|| fault_of_commission(service))
}

fn fault_of_products(service: &Service) -> Option<String> {
    if service.products.len() > PRODUCTS_MAX {
        return Some("too many products".to_owned());
    }
    let mut given = FxHashSet::default();
    service.products.iter().find_map(|product| {
        let id = product.id;
        if id.0 == 0 || !given.insert(id) {
            Some(format!("product {id} is 0 or given twice"))
        } else if !(1..=AMOUNT_MINOR_MAX).contains(&product.amount_minor) {
            Some(format!("price of product {id} is zero or too large"))
        } else if product.name.len() > NAME_BYTES_MAX {
            Some(format!("name of product {id} is too long"))
        } else {
            None
        }
    })
}

fn fault_of_commission(service: &Service) -> Option<String> {
    if service.commission.len() > COMMISSION_RULES_MAX {
        return Some("too many commission rules".to_owned());
    }
    let mut given = FxHashSet::default();
    service.commission.iter().find_map(|rule| {
        if usize::from(rule.level) >= COMMISSION_LEVELS_MAX {
            return Some(format!("commission level {} is too high", rule.level));
        }
        if !given.insert((rule.level, rule.from)) {
            return Some(format!("two rules for level {} from {}", rule.level, rule.from));
        }
        let levels = 0..COMMISSION_LEVELS_MAX;
        let all: u64 = levels.map(|level| u64::from(basis_points(service, level, rule.from))).sum();
        (all > BASIS).then(|| format!("commissions from {} on are above 100 %", rule.from))
    })
}
