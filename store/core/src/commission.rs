//! Who gets what of a sale.
//!
//! ```text
//! seller float            -amount
//! seller commission       +floor(amount * level 0 / 10,000)
//! distributor commission  +floor(amount * level n / 10,000), one leg per level
//! provider clearing       +the rest, with every dropped fraction
//! ```
//!
//! A level above the top of the seller's chain earns nothing; its share stays in the clearing
//! account.

use std::fmt;

use crate::ids::{AccountId, AccountKind};
use crate::limits::{AMOUNT_MINOR_MAX, COMMISSION_LEVELS_MAX};
use crate::record::{Leg, Legs, Seller, Service};
use tillgate_types::BusinessDate;
use tillgate_types::DistributorId;

/// A basis point's denominator.
pub const BASIS: u64 = 10_000;

/// Why a sale cannot be posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommissionError {
    /// Zero, or above [`AMOUNT_MINOR_MAX`].
    Amount,
    /// The service is not sold in the seller's currency.
    Currency,
    /// The commissions come to more than the amount.
    TooMuch,
}

impl fmt::Display for CommissionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Amount => "the amount is zero or too large to post",
            Self::Currency => "the service is not sold in the seller's currency",
            Self::TooMuch => "the commissions come to more than the amount",
        })
    }
}

impl std::error::Error for CommissionError {}

/// The legs of a sale on a business date, the seller's float first. `chain` is the seller's
/// distributor and everybody above it, bottom first. They sum to zero.
pub fn legs(
    service: &Service,
    seller: &Seller,
    chain: &[DistributorId],
    amount_minor: u64,
    date: BusinessDate,
) -> Result<Legs, CommissionError> {
    if amount_minor == 0 || amount_minor > AMOUNT_MINOR_MAX {
        return Err(CommissionError::Amount);
    }
    if service.currency != seller.currency {
        return Err(CommissionError::Currency);
    }
    let amount = i64::try_from(amount_minor).map_err(|_| CommissionError::Amount)?;
    let leg = |kind, owner, amount_minor| Leg {
        account: AccountId { kind, owner, currency: seller.currency },
        amount_minor,
    };
    let mut legs = Legs::new();
    legs.push(leg(AccountKind::SellerFloat, seller.id.0, -amount));
    let mut rest = amount;
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
    if rest > 0 {
        legs.push(leg(AccountKind::ProviderClearing, u32::from(service.id.0), rest));
    }
    Ok(legs)
}

/// What a level earns of an amount; `None` if it is more than the amount.
fn share(service: &Service, level: usize, amount_minor: u64, date: BusinessDate) -> Option<i64> {
    let basis_points = basis_points(service, level, date);
    if u64::from(basis_points) > BASIS {
        return None;
    }
    // At most 10^12 * 10^4: far below 2^64.
    i64::try_from(amount_minor * u64::from(basis_points) / BASIS).ok()
}

/// The rule in force: the level's latest that is not after the date; 0 if there is none.
pub(crate) fn basis_points(service: &Service, level: usize, date: BusinessDate) -> u32 {
    let rules = service.commission.iter();
    rules
        .filter(|rule| usize::from(rule.level) == level && rule.from <= date)
        .max_by_key(|rule| rule.from)
        .map_or(0, |rule| rule.basis_points)
}
