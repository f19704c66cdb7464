//! Which versions of records a store may hold, so that an older program refuses the whole store
//! at its opening instead of stopping at the first row that it does not know.

use super::wire::{Flaw, Reader, Stored};
use super::{
    AccountRow, Audit, Batch, BridgeOrder, Canary, Card, Counter, Distributor, Former, Funding,
    Handset, Head, KeyBytes, PinTries, ReceiptTemplate, Record, Reprint, Route, Seller, Serial,
    Service, StockLevel, Terminal, Transaction, Voucher, VoucherBatch, Withdrawn, key_of,
};
use crate::error::{Result, StoreError};
use crate::ids::Text;
use crate::rows::{Family, ReadRows};

/// The highest version of each kind of record that a program which wrote to the store writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions(Vec<(Text<16>, u8)>);

/// Every kind of record, by a name that never changes.
const OURS: [(&str, u8); 26] = [
    ("account", AccountRow::VERSION),
    ("audit", Audit::VERSION),
    ("batch", Batch::VERSION),
    ("bridge", BridgeOrder::VERSION),
    ("canary", Canary::VERSION),
    ("card", Card::VERSION),
    ("counter", Counter::VERSION),
    ("distributor", Distributor::VERSION),
    ("former", Former::VERSION),
    ("funding", Funding::VERSION),
    ("handset", Handset::VERSION),
    ("head", Head::VERSION),
    ("pin-tries", PinTries::VERSION),
    ("receipt", ReceiptTemplate::VERSION),
    ("reprint", Reprint::VERSION),
    ("route", Route::VERSION),
    ("seller", Seller::VERSION),
    ("serial", Serial::VERSION),
    ("service", Service::VERSION),
    ("stock-level", StockLevel::VERSION),
    ("terminal", Terminal::VERSION),
    ("transaction", Transaction::VERSION),
    ("versions", Versions::VERSION),
    ("voucher", Voucher::VERSION),
    ("voucher-batch", VoucherBatch::VERSION),
    ("withdrawn", Withdrawn::VERSION),
];

impl Versions {
    /// The only key.
    pub const KEY: &'static [u8] = b"versions";

    /// Those of this program.
    #[must_use]
    pub fn ours() -> Self {
        let name = |name| Text::from(name).expect("names are short");
        Self(OURS.into_iter().map(|(kind, version)| (name(kind), version)).collect())
    }

    /// The store's note, if it has one; a store from before there was a note has none.
    ///
    /// # Errors
    /// [`StoreError::Newer`] if a record may be in it that this program does not know.
    pub fn check(rows: &dyn ReadRows) -> Result<Option<Self>> {
        let mut value = Vec::new();
        let found = rows.get(Family::Meta, Self::KEY, &mut value)?;
        if found { Self::check_value(&value).map(Some) } else { Ok(None) }
    }

    /// As [`Versions::check`], of the row's value.
    ///
    /// # Errors
    /// As there.
    pub fn check_value(value: &[u8]) -> Result<Self> {
        let stored = Self::decode(Self::KEY, value)?;
        match stored.unknown() {
            Some(what) => Err(StoreError::Newer(what)),
            None => Ok(stored),
        }
    }

    /// Whether rows of a kind are kept in the store; those of a kind that came later are made when
    /// it is opened.
    pub(crate) fn has(&self, kind: &str) -> bool {
        self.0.iter().any(|(name, _)| name.as_str() == kind)
    }

    fn unknown(&self) -> Option<String> {
        self.0.iter().find_map(|(kind, version)| {
            let known = OURS.iter().find(|(ours, _)| *ours == kind.as_str());
            match known {
                Some((_, known)) if version <= known => None,
                Some((_, known)) => Some(format!(
                    "a store with {kind} records of version {version} (this program knows {known})"
                )),
                None => Some(format!("a store with {kind} records, unknown to this program,")),
            }
        })
    }
}

impl Record for Versions {
    const FAMILY: Family = Family::Meta;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        key_of(&[Self::KEY])
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.0.iter().for_each(|kind| kind.put(out));
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>) -> Result<Self, Flaw> {
        key.expect(Self::KEY, "unknown key")?;
        let mut all = Vec::new();
        while body.finish("more").is_err() {
            all.push(body.get()?);
        }
        Ok(Self(all))
    }
}
