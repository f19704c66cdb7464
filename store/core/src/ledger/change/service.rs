//! Services that are written: within the limits, and with commissions that can be paid.

use rustc_hash::FxHashSet;

use crate::commission::{BASIS, basis_points};
use crate::limits::{
    AMOUNT_MINOR_MAX, CHARGE_RULES_MAX, COMMISSION_LEVELS_MAX, COMMISSION_RULES_MAX,
    LABEL_BYTES_MAX, NAME_BYTES_MAX, PRODUCTS_MAX, RECEIPTS_MAX, SUBSCRIBER_BYTES_MAX,
    VELOCITY_COUNT_MAX, VELOCITY_WINDOW_S_MAX,
};
use crate::record::{
    AmountSource, ChargeBase, ChargeKind, Fulfilment, Lookup, MoneyFlow, ReversalRule, Service,
};

const MINUTES_OF_DAY: u16 = 24 * 60;

/// What is wrong with a service, if anything.
pub(super) fn fault_of(service: &Service) -> Option<String> {
    if service.name.len() > NAME_BYTES_MAX || service.route.len() > NAME_BYTES_MAX {
        return Some("name or route is too long".to_owned());
    }
    if service.amount != AmountSource::Products && service.amount_min_minor == 0 {
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
    fault_of_terms(service)
        .map(str::to_owned)
        .or_else(|| fault_of_products(service))
        .or_else(|| fault_of_commission(service))
        .or_else(|| fault_of_charges(service))
        .or_else(|| super::vouchers::fault_of_rules(service))
}

/// Properties that do not go together.
fn fault_of_terms(service: &Service) -> Option<&'static str> {
    let lookup = service.lookup;
    if let Some(account) = &service.account {
        let length = account.length_min.max(1)..=account.length_max;
        if length.is_empty() || usize::from(account.length_max) > SUBSCRIBER_BYTES_MAX {
            return Some("its account has no length, or one that is too large");
        }
        if account.label.len() > LABEL_BYTES_MAX || account.picture.len() > LABEL_BYTES_MAX {
            return Some("label or picture of its account is too long");
        }
    } else if lookup != Lookup::None {
        return Some("a lookup needs an account to look up");
    }
    if service.amount == AmountSource::Lookup && lookup != Lookup::Required {
        return Some("an amount from a lookup needs the lookup");
    }
    if service.receipts.len() > RECEIPTS_MAX {
        return Some("too many receipts");
    }
    if service.fulfilment == Fulfilment::Provider {
        return None;
    }
    if service.amount != AmountSource::Products {
        return Some("what comes from stock is sold by its products");
    }
    if lookup != Lookup::None || service.money != MoneyFlow::Debit {
        return Some("a lookup or a card sale needs a provider");
    }
    if !matches!(service.reversal, ReversalRule::Never | ReversalRule::ByOperator) {
        return Some("a PIN that has left is not taken back by its terminal");
    }
    None
}

fn fault_of_charges(service: &Service) -> Option<String> {
    if service.charges.len() > CHARGE_RULES_MAX {
        return Some("too many fees and taxes".to_owned());
    }
    let mut given = FxHashSet::default();
    service.charges.iter().find_map(|rule| {
        let what = rule.kind.label();
        if !given.insert((rule.kind, rule.from)) {
            Some(format!("two rules for its {what} from {}", rule.from))
        } else if u64::from(rule.basis_points) > BASIS || rule.fixed_minor > AMOUNT_MINOR_MAX {
            Some(format!("its {what} from {} on is above 100 %, or too large", rule.from))
        } else if rule.kind == ChargeKind::Fee && rule.base == ChargeBase::Fee {
            Some("a fee cannot be a part of itself".to_owned())
        } else {
            None
        }
    })
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
