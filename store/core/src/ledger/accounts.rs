//! Every balance, in memory; written once per batch however many sales moved it.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::ids::AccountId;
use crate::journal;
use crate::record::{Account, AccountRow, Leg};
use crate::rows::ReadRows;
use crate::write_set::WriteSet;

#[derive(Debug, Default)]
pub(super) struct Accounts {
    slots: FxHashMap<AccountId, Slot>,
    /// Accounts that the batch moved, each once.
    moved: Vec<AccountId>,
}

#[derive(Debug, Default)]
struct Slot {
    account: Account,
    moved: bool,
}

impl Accounts {
    pub(super) fn load(rows: &dyn ReadRows) -> Result<Self> {
        let mut accounts = Self::default();
        journal::records::<AccountRow>(rows, &[], |row| {
            accounts.slots.insert(row.id, Slot { account: row.account, moved: false });
            ControlFlow::Continue(())
        })?;
        Ok(accounts)
    }

    pub(super) fn find(&self, id: &AccountId) -> Account {
        self.slots.get(id).map_or_else(Account::default, |slot| slot.account)
    }

    pub(super) fn post(&mut self, legs: &[Leg]) {
        for leg in legs {
            self.touch(leg.account).posted_minor += leg.amount_minor;
        }
    }

    pub(super) fn reserve(&mut self, id: AccountId, amount_minor: i64) {
        self.touch(id).reserved_minor += amount_minor;
    }

    /// # Panics
    /// If less is reserved: an open row's money was released twice.
    pub(super) fn release(&mut self, id: AccountId, amount_minor: i64) {
        let account = self.touch(id);
        account.reserved_minor -= amount_minor;
        assert!(account.reserved_minor >= 0, "reserved money of {id} released twice");
    }

    pub(super) fn set_floor(&mut self, id: AccountId, floor_minor: i64) {
        self.touch(id).floor_minor = floor_minor;
    }

    pub(super) fn write(&mut self, set: &mut WriteSet) {
        for id in self.moved.drain(..) {
            if let Some(slot) = self.slots.get_mut(&id) {
                slot.moved = false;
                set.put_record(&AccountRow { id, account: slot.account });
            }
        }
    }

    fn touch(&mut self, id: AccountId) -> &mut Account {
        let slot = self.slots.entry(id).or_default();
        if !slot.moved {
            slot.moved = true;
            self.moved.push(id);
        }
        &mut slot.account
    }
}
