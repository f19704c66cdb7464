//! What a verification found: counts, sums, and everything that is wrong.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::error::StoreError;
use crate::limits::VIOLATIONS_MAX;
use crate::rows::Family;

/// What [`super::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many of everything.
    pub counts: Counts,
    /// Sums per currency, by its number.
    pub sums: Vec<Sums>,
    /// Secrets by the number of the key-encryption key that they are sealed under.
    pub keks: BTreeMap<u32, Keks>,
    /// What is wrong, in the order it was found; at most [`VIOLATIONS_MAX`].
    pub violations: Vec<Violation>,
    /// How much is wrong, those left out of `violations` included.
    pub violations_total: u64,
}

/// How many rows of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Journal rows.
    pub transactions: u64,
    /// Voucher sales and top-ups that stand.
    pub approved: u64,
    /// Voucher sales and top-ups that were refused.
    pub declined: u64,
    /// Voucher sales and top-ups that were taken back.
    pub reversed: u64,
    /// Voucher sales and top-ups whose outcome is not known.
    pub open: u64,
    /// Reversal requests.
    pub reversals: u64,
    /// Places kept for sales that were reversed before they came.
    pub tombstones: u64,
    /// Settlements of terminals.
    pub settlements: u64,
    /// Transactions that a provider owes a reversal or is owed an advice for.
    pub owed: u64,
    /// Transactions on the operator's list.
    pub operator: u64,
    /// Vouchers ever loaded.
    pub vouchers_loaded: u64,
    /// Vouchers for sale.
    pub vouchers_in_stock: u64,
    /// Vouchers given to a transaction.
    pub vouchers_sold: u64,
    /// Vouchers taken out of sale.
    pub vouchers_withdrawn: u64,
    /// Accounts.
    pub accounts: u64,
    /// Float loads.
    pub fundings: u64,
    /// Distributors.
    pub distributors: u64,
    /// Sellers.
    pub sellers: u64,
    /// Terminals.
    pub terminals: u64,
    /// Handsets.
    pub handsets: u64,
    /// Services.
    pub services: u64,
    /// Terminals with a handshake counter.
    pub counters: u64,
    /// Handsets with wrong PINs, or whose holders changed theirs.
    pub pin_tries: u64,
    /// Batches in the chain.
    pub batches: u64,
    /// Rows of the audit log.
    pub audits: u64,
    /// Former versions of registry records.
    pub history: u64,
}

/// What one key-encryption key seals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keks {
    /// Keys of terminals.
    pub terminals: u64,
    /// PINs of handsets.
    pub handsets: u64,
    /// PINs of vouchers for sale.
    pub stock: u64,
    /// PINs of vouchers that were sold.
    pub sold: u64,
    /// Whether the store has its canary.
    pub canary: bool,
}

/// Sums in one currency, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Face value of the sales that stand.
    pub sold_minor: i128,
    /// Face value of the sales that were taken back.
    pub reversed_minor: i128,
    /// Float loaded, less what was taken out.
    pub funded_minor: i128,
    /// Float of all sellers, reserved money included.
    pub float_minor: i128,
    /// Reserved for sales whose outcome is not known.
    pub reserved_minor: i128,
    /// Commission of sellers and distributors.
    pub commission_minor: i128,
    /// Owed to providers.
    pub clearing_minor: i128,
    /// Owed to sellers for card sales.
    pub settlement_minor: i128,
    /// Earned in fees.
    pub fees_minor: i128,
    /// Taken in taxes.
    pub taxes_minor: i128,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The promise it breaks.
    pub promise: Promise,
    /// Of what: a transaction's key, an account, a voucher, a family.
    pub subject: String,
    /// What is wrong with it.
    pub text: String,
}

/// The promises that stored rows can break, by their numbers in the design's section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// 1: every transaction is in the journal exactly once.
    Journalled,
    /// 3: money is conserved.
    Conserved,
    /// 4: a voucher is sold to one transaction only.
    SoldOnce,
    /// 6: nothing unknown or owed is forgotten.
    Remembered,
    /// 11: no damage goes unseen.
    Undamaged,
}

impl Promise {
    /// Its number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Journalled => 1,
            Self::Conserved => 3,
            Self::SoldOnce => 4,
            Self::Remembered => 6,
            Self::Undamaged => 11,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "promise {}: {}: {}", self.promise.number(), self.subject, self.text)
    }
}

impl Report {
    /// Whether every promise holds.
    pub fn holds(&self) -> bool {
        self.violations_total == 0
    }

    /// Adds a violation; beyond [`VIOLATIONS_MAX`] it is only counted.
    pub(super) fn violated(
        &mut self,
        promise: Promise,
        subject: impl fmt::Display,
        text: impl fmt::Display,
    ) {
        self.violations_total += 1;
        if self.violations.len() < VIOLATIONS_MAX {
            let (subject, text) = (subject.to_string(), text.to_string());
            self.violations.push(Violation { promise, subject, text });
        }
    }

    /// Adds what the engine said that it could not read, though no row was asked for.
    pub fn unreadable(&mut self, what: impl fmt::Display) {
        self.violated(Promise::Undamaged, "store", what);
    }

    /// Adds what the store itself said about a family.
    pub(super) fn damaged(&mut self, family: Family, error: &StoreError) {
        self.violated(Promise::Undamaged, family.name(), error);
    }

    /// What a key-encryption key seals.
    pub(super) fn kek(&mut self, kek_id: u32) -> &mut Keks {
        self.keks.entry(kek_id).or_default()
    }

    /// The sums of a currency.
    pub(super) fn sums_of(&mut self, currency: u16) -> &mut Sums {
        let place = match self.sums.binary_search_by_key(&currency, |sums| sums.currency) {
            Ok(place) => place,
            Err(place) => {
                self.sums.insert(place, Sums { currency, ..Sums::default() });
                place
            }
        };
        &mut self.sums[place]
    }
}
