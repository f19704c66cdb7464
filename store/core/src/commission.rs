//! Who gets what of a sale.
//!
//! ```text
//!                         debit (the customer pays the seller)   credit (the customer pays by card)
//! pays                    seller float      -amount -fee -tax    provider clearing   -amount
//! seller commission       +level 0                               +level 0
//! distributor commission  +level n, one leg per level            +level n, one leg per level
//! fee income, tax         +fee, +tax                             +fee, +tax
//! has the rest            provider clearing                      seller settlement
//! ```
//!
//! What a level earns, and what is charged, is a fixed amount and a percentage, rounded as its rule
//! says. A level above the top of the seller's chain earns nothing; its share stays in the rest.

use crate::ids::{AccountId, AccountKind};
use crate::limits::{AMOUNT_MINOR_MAX, COMMISSION_LEVELS_MAX};
use crate::record::{
    ChargeBase, ChargeKind, ChargeRule, CommissionRule, Leg, Legs, MoneyFlow, Rounding, Seller,
    Service,
};
use tillgate_types::{BusinessDate, DistributorId};

/// A basis point's denominator.
pub const BASIS: u64 = 10_000;

/// Why a sale cannot be posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommissionError {
    /// Zero, or above [`AMOUNT_MINOR_MAX`].
    #[error("the amount is zero or too large to post")]
    Amount,
    /// The service is not sold in the seller's currency.
    #[error("the service is not sold in the seller's currency")]
    Currency,
    /// The commissions come to more than the amount.
    #[error("the commissions come to more than the amount")]
    TooMuch,
}

/// What is charged beside an amount, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charges {
    /// The operator's fee.
    pub fee_minor: u64,
    /// What it passes on in taxes.
    pub tax_minor: u64,
}

/// The rules of fee and tax that are in force, without the service that they are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChargeRules {
    fee: Option<ChargeRule>,
    tax: Option<ChargeRule>,
}

impl ChargeRules {
    /// Those of a service on a business date: of each kind the latest that has begun.
    #[must_use]
    pub fn of(service: &Service, date: BusinessDate) -> Self {
        let in_force = |kind| {
            let rules = service.charges.iter().filter(|rule| rule.kind == kind);
            rules.filter(|rule| rule.from <= date).max_by_key(|rule| rule.from).copied()
        };
        Self { fee: in_force(ChargeKind::Fee), tax: in_force(ChargeKind::Tax) }
    }

    /// What they come to for an amount.
    ///
    /// # Errors
    /// [`CommissionError::Amount`] of an amount above [`AMOUNT_MINOR_MAX`], which a provider may have
    /// said; [`CommissionError::TooMuch`] if they are more than can be posted.
    pub fn charge(&self, amount_minor: u64) -> Result<Charges, CommissionError> {
        if amount_minor > AMOUNT_MINOR_MAX {
            return Err(CommissionError::Amount);
        }
        let of = |rule: Option<ChargeRule>, base: u64| {
            rule.map_or(Some(0), |rule| {
                let part = part_of(base, rule.basis_points, rule.rounding)?;
                part.checked_add(rule.fixed_minor).filter(|sum| *sum <= AMOUNT_MINOR_MAX)
            })
            .ok_or(CommissionError::TooMuch)
        };
        let fee_minor = of(self.fee, amount_minor)?;
        let of_fee = self.tax.is_some_and(|rule| rule.base == ChargeBase::Fee);
        let tax_minor = of(self.tax, if of_fee { fee_minor } else { amount_minor })?;
        Ok(Charges { fee_minor, tax_minor })
    }
}

/// The legs of a sale on a business date, the payer's first, and what is charged beside the amount.
/// `chain` is the seller's distributor and everybody above it, bottom first. They sum to zero.
pub fn legs(
    service: &Service,
    seller: &Seller,
    chain: &[DistributorId],
    amount_minor: u64,
    date: BusinessDate,
) -> Result<(Legs, Charges), CommissionError> {
    if amount_minor == 0 || amount_minor > AMOUNT_MINOR_MAX {
        return Err(CommissionError::Amount);
    }
    if service.currency != seller.currency {
        return Err(CommissionError::Currency);
    }
    let charges = ChargeRules::of(service, date).charge(amount_minor)?;
    let signed = |minor: u64| i64::try_from(minor).map_err(|_| CommissionError::Amount);
    let (amount, fee) = (signed(amount_minor)?, signed(charges.fee_minor)?);
    let tax = signed(charges.tax_minor)?;
    let leg = |kind, owner, amount_minor| Leg {
        account: AccountId { kind, owner, currency: seller.currency },
        amount_minor,
    };
    let of_service = u32::from(service.id.0);
    let (payer, keeper, mut rest) = match service.money {
        MoneyFlow::Debit => (
            leg(AccountKind::SellerFloat, seller.id.0, -(amount + fee + tax)),
            (AccountKind::ProviderClearing, of_service),
            amount,
        ),
        MoneyFlow::Credit => (
            leg(AccountKind::ProviderClearing, of_service, -amount),
            (AccountKind::SellerSettlement, seller.id.0),
            amount - fee - tax,
        ),
    };
    let mut legs = Legs::new();
    legs.push(payer);
    for level in 0..=chain.len().min(COMMISSION_LEVELS_MAX - 1) {
        let share = share(service, level, amount_minor, date).ok_or(CommissionError::TooMuch)?;
        if share == 0 {
            continue;
        }
        rest -= share;
        legs.push(match level.checked_sub(1) {
            None => leg(AccountKind::SellerCommission, seller.id.0, share),
            Some(above) => leg(AccountKind::DistributorCommission, chain[above].0, share),
        });
    }
    if rest < 0 {
        return Err(CommissionError::TooMuch);
    }
    let others = [
        (keeper, rest),
        ((AccountKind::FeeIncome, of_service), fee),
        ((AccountKind::Tax, of_service), tax),
    ];
    for ((kind, owner), amount_minor) in others {
        if amount_minor > 0 {
            legs.push(leg(kind, owner, amount_minor));
        }
    }
    Ok((legs, charges))
}

/// That many hundredths of a percent of a base; `None` beyond 64 bits.
fn part_of(base: u64, basis_points: u32, rounding: Rounding) -> Option<u64> {
    let product = base.checked_mul(u64::from(basis_points))?;
    Some(match rounding {
        Rounding::Down => product / BASIS,
        Rounding::HalfUp => product.checked_add(BASIS / 2)? / BASIS,
        Rounding::Up => product.div_ceil(BASIS),
    })
}

/// What a level earns of an amount; `None` if it is more than the amount.
fn share(service: &Service, level: usize, amount_minor: u64, date: BusinessDate) -> Option<i64> {
    let Some(rule) = rule_of(service, level, date) else { return Some(0) };
    if u64::from(rule.basis_points) > BASIS {
        return None;
    }
    // At most 10^12 * 10^4: far below 2^64.
    let part = part_of(amount_minor, rule.basis_points, rule.rounding)?;
    let share = part.checked_add(rule.fixed_minor).filter(|share| *share <= amount_minor)?;
    i64::try_from(share).ok()
}

/// The rule in force: the level's latest that is not after the date.
fn rule_of(service: &Service, level: usize, date: BusinessDate) -> Option<&CommissionRule> {
    let rules = service.commission.iter();
    rules
        .filter(|rule| usize::from(rule.level) == level && rule.from <= date)
        .max_by_key(|rule| rule.from)
}

/// The percentage of a level on a date, basis points.
pub(crate) fn basis_points(service: &Service, level: usize, date: BusinessDate) -> u32 {
    rule_of(service, level, date).map_or(0, |rule| rule.basis_points)
}
