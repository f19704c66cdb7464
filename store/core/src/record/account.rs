//! Balances and the legs that move them.

use arrayvec::ArrayVec;

use super::declare::{record, stored};
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record};
use crate::ids::{AccountId, AccountKind};
use crate::limits::LEGS_MAX;
use crate::rows::Family;

/// A balance in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Sum of everything posted.
    pub posted_minor: i64,
    /// Held for sales whose outcome is not known; never negative.
    pub reserved_minor: i64,
    /// How low `posted - reserved` may go; 0 or minus the credit limit. Binding for
    /// [`AccountKind::SellerFloat`] only.
    pub floor_minor: i64,
}

impl Account {
    /// What may still be spent.
    pub fn available(&self) -> i64 {
        self.posted_minor - self.reserved_minor - self.floor_minor
    }
}

/// An account's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Which account.
    pub id: AccountId,
    /// Its balance.
    pub account: Account,
}

/// One leg of a posting: so much onto that account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Which account.
    pub account: AccountId,
    /// Minor units; negative takes.
    pub amount_minor: i64,
}

/// All legs of one posting; they sum to zero.
pub type Legs = ArrayVec<Leg, LEGS_MAX>;

/// What a posting takes from a float: reserved as long as the outcome is not known. A posting that
/// takes nothing from one has nothing reserved.
#[must_use]
pub fn held(legs: &Legs) -> Option<&Leg> {
    legs.first().filter(|leg| leg.account.kind == AccountKind::SellerFloat)
}

record! { AccountRow in Accounts, version 1;
    key id;
    body { account }
}

stored! { Account { posted_minor, reserved_minor, floor_minor } }
stored! { AccountId { kind, owner, currency } }
stored! { Leg { account, amount_minor } }

/// Behind their count.
impl Stored for Legs {
    fn put(&self, out: &mut impl Sink) {
        u8::try_from(self.len()).expect("a posting has at most twelve legs").put(out);
        self.iter().for_each(|leg| leg.put(out));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        let mut legs = Self::new();
        for _ in 0..from.get::<u8>()? {
            legs.try_push(from.get()?).map_err(|_| Flaw("too many legs"))?;
        }
        Ok(legs)
    }
}
