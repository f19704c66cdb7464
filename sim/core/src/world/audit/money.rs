//! Promise 3: every balance is the sum of the legs that are durable, every reservation belongs to
//! an open sale, and the balance that a seller receives is what was left.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use tillgate_store_core::{Account, AccountId, AccountKind, Key, Leg, State, Transaction};

/// Movements of one float within one write that are tried in every order; beyond it a balance is
/// held against the least and the most that they can come to.
const TRIED_MAX: usize = 10;

/// What accounts must hold.
#[derive(Default)]
pub(super) struct Money {
    accounts: FxHashMap<AccountId, Sums>,
    /// What the write that is being read does to what floats have left, and for which row.
    moved: Vec<Moved>,
}

struct Moved {
    account: AccountId,
    row: Option<Key>,
    minor: i64,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    posted_minor: i64,
    reserved_minor: i64,
    /// How far a seller may go below zero.
    credit_minor: i64,
}

impl Money {
    /// Another write is read.
    pub(super) fn begin(&mut self) {
        self.moved.clear();
    }

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
            self.sums(leg.account, None, leg.amount_minor).posted_minor += leg.amount_minor;
        }
    }

    /// A seller's credit limit, in every currency it sells in.
    pub(super) fn allow(&mut self, seller: u32, credit_minor: i64) {
        let mut floats: Vec<AccountId> = self.accounts.keys().copied().collect();
        floats.retain(|id| id.kind == AccountKind::SellerFloat && id.owner == seller);
        for id in floats {
            let more_minor = credit_minor - self.accounts[&id].credit_minor;
            self.sums(id, None, more_minor).credit_minor = credit_minor;
        }
    }

    /// What is left of a float, its credit included.
    pub(super) fn left(&self, float: &AccountId) -> i64 {
        let sums = self.accounts.get(float).copied().unwrap_or_default();
        sums.posted_minor - sums.reserved_minor + sums.credit_minor
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

    /// What is wrong with the balance that a row of this write tells. Where the write moved the
    /// float for others as well, any of that may have come before.
    pub(super) fn check_balance(&self, new: &Transaction) -> Option<String> {
        let (kind, owner) = (AccountKind::SellerFloat, new.seller.0);
        let account = AccountId { kind, owner, currency: new.currency };
        let sums = self.accounts.get(&account).copied().unwrap_or_default();
        let mut before_minor = sums.posted_minor - sums.reserved_minor + sums.credit_minor;
        let (mut own_minor, mut others) = (0, Vec::new());
        for moved in self.moved.iter().filter(|moved| moved.account == account) {
            before_minor -= moved.minor;
            if moved.row == Some(new.key) {
                own_minor += moved.minor;
            } else if moved.minor != 0 {
                others.push(moved.minor);
            }
        }
        let Some(told_minor) = new.balance_minor else {
            return (own_minor != 0).then(|| "does not tell what is left".to_owned());
        };
        let left_minor = before_minor + own_minor;
        let right = if others.len() > TRIED_MAX {
            let [low, high]: [i64; 2] =
                [i64::min, i64::max].map(|pick| others.iter().map(|minor| pick(*minor, 0)).sum());
            (left_minor + low..=left_minor + high).contains(&told_minor)
        } else {
            let mut sums = BTreeSet::from([left_minor]);
            for minor in others {
                let more: Vec<i64> = sums.iter().map(|sum| sum + minor).collect();
                sums.extend(more);
            }
            sums.contains(&told_minor)
        };
        (!right).then(|| format!("tells {told_minor} of {account}, and {left_minor} is left"))
    }

    fn add(&mut self, row: &Transaction, sign: i64) {
        match row.state {
            State::Approved | State::Reversed => {
                for leg in &row.legs {
                    let minor = sign * leg.amount_minor;
                    self.sums(leg.account, Some(row.key), minor).posted_minor += minor;
                }
            }
            State::Intent | State::Unknown if row.kind.is_sale() => {
                let floats = row.legs.iter().filter(|leg| is_float(leg));
                for leg in floats {
                    let minor = sign * leg.amount_minor;
                    self.sums(leg.account, Some(row.key), minor).reserved_minor -= minor;
                }
            }
            State::Intent | State::Unknown | State::Declined => {}
        }
    }

    /// An account, from which a row takes, or to which it gives.
    fn sums(&mut self, account: AccountId, row: Option<Key>, minor: i64) -> &mut Sums {
        self.moved.push(Moved { account, row, minor });
        self.accounts.entry(account).or_default()
    }
}

fn is_float(leg: &Leg) -> bool {
    leg.account.kind == AccountKind::SellerFloat
}
