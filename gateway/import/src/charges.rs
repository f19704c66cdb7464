//! Fees and taxes of services, and what they have in common with commissions.

use tillgate_store_core::commission::BASIS;
use tillgate_store_core::limits::CHARGE_RULES_MAX;
use tillgate_store_core::{
    BusinessDate, ChargeBase, ChargeKind, ChargeRule, Rounding, Service, ServiceId,
};
use tillgate_types::{Currency, decimal};

use crate::draft::Draft;
use crate::prices::{Place, owner, put};
use crate::row::Row;
// The columns of a share are called alike in charges.csv and commissions.csv.
use crate::Once;
use crate::services::amount_range;
use crate::source::charge;

/// What is charged or earned of an amount: minor units, hundredths of a percent on top, and the
/// rounding of these.
pub(crate) type Share = (u64, u32, Rounding);

/// One row of charges.csv.
pub(crate) fn charge(
    row: &Row<'_>,
    draft: &mut Draft,
    given: &mut Once<(ServiceId, u8, BusinessDate)>,
) {
    let kind = row.label(charge::KIND, None);
    let from = row.date(charge::FROM);
    let Some(service) = owner(row, draft) else { return };
    let is_same = |rule: &ChargeRule| Some(rule.kind) == kind && Some(rule.from) == from;
    let stored = service.charges.iter().find(|rule| is_same(rule)).copied();
    let kept = row.context.kept(stored.as_ref());
    let usual = kept.map_or(ChargeBase::Amount, |kept| kept.base);
    let base = row.label(charge::OF, Some(usual));
    let base = base.filter(|base| {
        let of_itself = (kind, *base) == (Some(ChargeKind::Fee), ChargeBase::Fee);
        if of_itself {
            row.expected(charge::OF, "amount: a fee cannot be a part of itself");
        }
        !of_itself
    });
    let kept = kept.map(|kept| (kept.fixed_minor, kept.basis_points, kept.rounding));
    let share = read_share(row, service, kept);
    let (Some(kind), Some(base), Some(share), Some(from)) = (kind, base, share, from) else {
        return;
    };
    if !given.first(row, charge::KIND, (service.id, kind.code(), from)) {
        return;
    }
    let (fixed_minor, basis_points, rounding) = share;
    let rule = ChargeRule { kind, fixed_minor, basis_points, base, rounding, from };
    let place = Place { row, column: charge::FROM, what: "this rule", max: CHARGE_RULES_MAX };
    put(&place, &mut service.charges, rule, is_same);
}

/// The columns of a share. `kept` has what empty cells leave as it is; one of `percent` and `fixed`
/// has to be there.
pub(crate) fn read_share(row: &Row<'_>, service: &Service, kept: Option<Share>) -> Option<Share> {
    let currency = Currency::numbered(service.currency)?;
    let fixed_minor = match row.text(charge::FIXED) {
        "" => Some(kept.map_or(0, |(fixed_minor, ..)| fixed_minor)),
        _ => {
            let minor = row.money(charge::FIXED, currency, amount_range(0));
            minor.and_then(|minor| u64::try_from(minor).ok())
        }
    };
    let basis_points = match row.text(charge::PERCENT) {
        "" if !row.text(charge::FIXED).is_empty() => {
            Some(kept.map_or(0, |(_, basis_points, _)| basis_points))
        }
        text => {
            let rate = decimal(text, 2).and_then(|rate| u32::try_from(rate).ok());
            let text = "a percentage from 0 to 100 with at most 2 decimals (10 means 10 %)";
            let rate = rate.filter(|rate| u64::from(*rate) <= BASIS);
            rate.or_else(|| row.refuse(charge::PERCENT, text))
        }
    };
    let usual = kept.map_or(Rounding::Down, |(.., rounding)| rounding);
    let rounding = row.label(charge::ROUNDING, Some(usual));
    Some((fixed_minor?, basis_points?, rounding?))
}
