//! Promise 3: every balance is the sum of the legs that are durable, and every reservation belongs
//! to an open sale.

use rustc_hash::FxHashMap;
use tillgate_store_core::{Account, AccountId, AccountKind, Leg, State, Transaction};

/// What accounts must hold.
#[derive(Default)]
pub(super) struct Money {
    accounts: FxHashMap<AccountId, Sums>,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    posted_minor: i64,
    reserved_minor: i64,
}

impl Money {
    /// A row takes the place of another, or comes anew.
    pub(super) fn replace(&mut self, old: Option<&Transaction>, new: &Transaction) {
        if let Some(old) = old {
            self.add(old, -1);
        }
        self.add(new, 1);
    }

    /// A float load.
    pub(super) fn load(&mut self, legs: &[Leg]) {
        for leg in legs {
            self.accounts.entry(leg.account).or_default().posted_minor += leg.amount_minor;
        }
    }

    /// What is wrong with an account's row.
    pub(super) fn check(&self, id: &AccountId, account: &Account) -> Option<String> {
        let sums = self.accounts.get(id).copied().unwrap_or_default();
        if account.posted_minor != sums.posted_minor {
            return Some(format!(
                "{id}: {} posted, but the legs come to {}",
                account.posted_minor, sums.posted_minor
            ));
        }
        if account.reserved_minor != sums.reserved_minor {
            return Some(format!(
                "{id}: {} reserved, but the open sales come to {}",
                account.reserved_minor, sums.reserved_minor
            ));
        }
        None
    }

    fn add(&mut self, row: &Transaction, sign: i64) {
        match row.state {
            State::Approved | State::Reversed => {
                for leg in &row.legs {
                    let sums = self.accounts.entry(leg.account).or_default();
                    sums.posted_minor += sign * leg.amount_minor;
                }
            }
            State::Intent | State::Unknown if row.kind.is_sale() => {
                let floats = row.legs.iter().filter(|leg| is_float(leg));
                for leg in floats {
                    let sums = self.accounts.entry(leg.account).or_default();
                    sums.reserved_minor -= sign * leg.amount_minor;
                }
            }
            State::Intent | State::Unknown | State::Declined => {}
        }
    }
}

fn is_float(leg: &Leg) -> bool {
    leg.account.kind == AccountKind::SellerFloat
}
