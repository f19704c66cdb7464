//! Balances and the legs that move them.

use arrayvec::ArrayVec;

use super::wire::{Flaw, Reader, put_i64, put_u16, put_u32};
use super::{KeyBytes, Record, key_of};
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

impl Record for AccountRow {
    const FAMILY: Family = Family::Accounts;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        let AccountId { kind, owner, currency } = self.id;
        key_of(&[&[kind.code()], &owner.to_be_bytes(), &currency.to_be_bytes()])
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_i64(out, self.account.posted_minor);
        put_i64(out, self.account.reserved_minor);
        put_i64(out, self.account.floor_minor);
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, _version: u8) -> Result<Self, Flaw> {
        let account = Account {
            posted_minor: body.i64()?,
            reserved_minor: body.i64()?,
            floor_minor: body.i64()?,
        };
        Ok(Self { id: read_id(key)?, account })
    }
}

fn read_id(from: &mut Reader<'_>) -> Result<AccountId, Flaw> {
    let kind = AccountKind::from_code(from.u8()?).ok_or(Flaw("unknown kind of account"))?;
    Ok(AccountId { kind, owner: from.u32()?, currency: from.u16()? })
}

/// Appends legs behind their count.
pub(super) fn put_legs(out: &mut Vec<u8>, legs: &Legs) {
    out.push(u8::try_from(legs.len()).expect("a posting has at most twelve legs"));
    for leg in legs {
        out.push(leg.account.kind.code());
        put_u32(out, leg.account.owner);
        put_u16(out, leg.account.currency);
        put_i64(out, leg.amount_minor);
    }
}

/// Reads legs behind their count.
pub(super) fn read_legs(from: &mut Reader<'_>) -> Result<Legs, Flaw> {
    let count = from.u8()?;
    let mut legs = Legs::new();
    for _ in 0..count {
        let leg = Leg { account: read_id(from)?, amount_minor: from.i64()? };
        legs.try_push(leg).map_err(|_| Flaw("too many legs"))?;
    }
    Ok(legs)
}
