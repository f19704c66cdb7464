//! Promise 3: what a sale posts, and what is charged beside its amount; written anew from the rules.

use tillgate_codec::link::message::Sale;
use tillgate_store_core::{
    AccountId, AccountKind, ChargeBase, ChargeKind, ChargeRule, Leg, Legs, MoneyFlow, ResponseCode,
    Rounding, Seller, Service,
};

use super::rules::Ruling;

/// The seller pays the amount and what is charged beside it, and the provider is owed the rest; of
/// a card sale the provider pays the amount, and the seller is owed the rest, less what is charged.
/// Every level takes its share of the amount, rounded down, by the latest of its rules that has
/// begun.
pub(super) fn posting(
    service: &Service,
    seller: &Seller,
    chain: &[u32],
    sale: &Sale<'_>,
) -> Ruling {
    let currency = service.currency;
    let amount = i64::try_from(sale.amount_minor).map_err(|_| ResponseCode(*b"13"))?;
    let mut legs = Legs::new();
    let mut leg = |kind, owner, amount_minor| {
        if amount_minor != 0 {
            legs.push(Leg { account: AccountId { kind, owner, currency }, amount_minor });
        }
    };
    let (fee, tax) = charged(&service.charges, sale.amount_minor, sale.date.0);
    let of_service = u32::from(service.id.0);
    let card = service.money == MoneyFlow::Credit;
    let mut rest = amount;
    if card {
        leg(AccountKind::ProviderClearing, of_service, -amount);
        rest -= fee + tax;
    } else {
        leg(AccountKind::SellerFloat, seller.id.0, -amount - fee - tax);
    }
    let owners = [(AccountKind::SellerCommission, seller.id.0)];
    let above = chain.iter().map(|id| (AccountKind::DistributorCommission, *id));
    for (level, (kind, owner)) in (0_u8..).zip(owners.into_iter().chain(above)) {
        let mut rate = None;
        for rule in &service.commission {
            let begun = rule.level == level && rule.from.0 <= sale.date.0;
            if begun && rate.is_none_or(|(from, _)| rule.from.0 >= from) {
                rate = Some((rule.from.0, rule.basis_points));
            }
        }
        let share = amount * i64::from(rate.map_or(0, |(_, points)| points)) / 10_000;
        leg(kind, owner, share);
        rest -= share;
    }
    if rest < 0 {
        return Err(ResponseCode(*b"96"));
    }
    if card {
        leg(AccountKind::SellerSettlement, seller.id.0, rest);
    } else {
        leg(AccountKind::ProviderClearing, of_service, rest);
    }
    leg(AccountKind::FeeIncome, of_service, fee);
    leg(AccountKind::Tax, of_service, tax);
    Ok(legs)
}

/// Fee and tax of an amount on a date: fixed and percentage, the tax of the fee or of the amount.
pub(super) fn charged(charges: &[ChargeRule], amount_minor: u64, date: u16) -> (i64, i64) {
    let amount = i64::try_from(amount_minor).unwrap_or(0);
    let of = |kind, base: &dyn Fn(ChargeBase) -> i64| {
        let mut latest: Option<&ChargeRule> = None;
        for rule in charges.iter().filter(|rule| rule.kind == kind && rule.from.0 <= date) {
            if latest.is_none_or(|other| rule.from >= other.from) {
                latest = Some(rule);
            }
        }
        latest.map_or(0, |rule| {
            let parts = base(rule.base) * i64::from(rule.basis_points);
            let (whole, rest) = (parts / 10_000, parts % 10_000);
            let more = match rule.rounding {
                Rounding::Down => false,
                Rounding::HalfUp => rest >= 5_000,
                Rounding::Up => rest > 0,
            };
            whole + i64::from(more) + i64::try_from(rule.fixed_minor).unwrap_or(i64::MAX)
        })
    };
    let fee = of(ChargeKind::Fee, &|_| amount);
    let tax = of(ChargeKind::Tax, &|base| if base == ChargeBase::Fee { fee } else { amount });
    (fee, tax)
}
