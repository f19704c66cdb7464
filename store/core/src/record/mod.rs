//! The rows: one file per record, each with the same members (key, write, read).
//!
//! ```text
//! value: | version u8 | body, fixed fields big-endian, texts with a length byte | crc32c u32 |
//! ```
//!
//! The checksum covers family, key and value, so that a sound row in a wrong place is seen too.

mod account;
mod account_field;
mod audit;
mod batch;
mod bridge;
mod canary;
mod chip;
mod counter;
pub(crate) mod declare;
mod distributor;
mod due;
mod former;
mod funding;
mod handset;
mod head;
mod receipt;
mod refund;
mod registry;
mod reprint;
mod route;
mod seller;
mod service;
mod settlement;
mod supply;
mod terminal;
mod terms;
mod transaction;
mod versions;
mod voucher;
mod voucher_batch;
pub mod wire;
mod withdrawn;

use arrayvec::ArrayVec;

pub use account::{Account, AccountRow, Leg, Legs, held};
pub use account_field::{AccountField, luhn, masked_card};
pub use audit::Audit;
pub use batch::Batch;
pub use bridge::{BridgeOrder, BridgeStatus};
pub use canary::Canary;
pub use chip::ChipAnswer;
pub use counter::{Counter, KeyCounter};
pub use declare::Coded;
pub use distributor::Distributor;
pub use due::{DueFollowUp, FollowUp};
pub use former::Former;
pub use funding::Funding;
pub use handset::{Handset, PinHash, PinTries};
pub use head::Head;
pub use receipt::{PLACES, Part, ReceiptTemplate, parts, place_bytes_max};
pub use refund::Refund;
pub use registry::{RegistryRecord, Status};
pub use reprint::Reprint;
pub use route::{BridgeName, Route, RouteRule, is_bridge_name};
pub use seller::Seller;
pub use service::{CommissionRule, Hours, IssuedBy, Product, Service, StockRules, Velocity};
pub use settlement::Settlement;
pub use supply::{Card, Shelf, StockLevel};
pub use terminal::{Generations, KeyError, Services, Terminal, TerminalKey};
pub use terms::{
    AccountCheck, AccountForm, AmountSource, ChargeBase, ChargeKind, ChargeRule, Fulfilment,
    Language, Lookup, MoneyFlow, ReceiptTag, ReversalRule, Rounding, SaleTerms,
};
pub use tillgate_types::Totals;
pub(crate) use transaction::OF_HANDSET;
pub use transaction::{Dispensed, Kind, State, Transaction};
pub use versions::Versions;
pub use voucher::{Serial, Voucher};
pub use voucher_batch::{BatchOf, VoucherBatch};
pub use withdrawn::{VoucherOf, Withdrawn};

use crate::error::{Result, StoreError};
use crate::limits::KEY_BYTES_MAX;
use crate::rows::Family;
use wire::{Flaw, Reader, Stored};

/// A row key.
pub type KeyBytes = ArrayVec<u8, KEY_BYTES_MAX>;

/// Bytes of a value beside its body: version and checksum.
const FRAME_BYTES: usize = 5;

/// Something with a row of its own.
pub trait Record: Sized {
    /// Where its rows are.
    const FAMILY: Family;
    /// Version of the body that [`Record::write`] writes; [`Record::read`] reads it and every
    /// earlier one.
    const VERSION: u8;

    /// Its row key.
    fn key(&self) -> KeyBytes;

    /// Appends the body.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads a body at `key`; the caller checks that nothing is left of either.
    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>) -> Result<Self, Flaw>;

    /// Appends the value: version, body, checksum.
    fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(Self::VERSION);
        self.write(out);
        let sum = checksum(Self::FAMILY, &self.key(), &out[start..]);
        sum.put(out);
    }

    /// The record of a row, or what is wrong with the row.
    fn decode(key: &[u8], value: &[u8]) -> Result<Self> {
        let version = version_of::<Self>(key, value);
        if let Ok(version) = version
            && version > Self::VERSION
        {
            let (family, known) = (Self::FAMILY.name(), Self::VERSION);
            let what = format!(
                "a row in {family}, key {}, of version {version} (this program knows {known}),",
                hex_of(key)
            );
            return Err(StoreError::Newer(what));
        }
        let record = version.and_then(|version| decode::<Self>(key, value, version));
        record.map_err(|Flaw(what)| StoreError::damaged(Self::FAMILY, key, what))
    }
}

/// The version of a row that is as it was written.
fn version_of<R: Record>(key: &[u8], value: &[u8]) -> Result<u8, Flaw> {
    if value.len() < FRAME_BYTES {
        return Err(Flaw("shorter than version and checksum"));
    }
    let (framed, sum) = value.split_at(value.len() - 4);
    if checksum(R::FAMILY, key, framed).to_be_bytes() != sum {
        return Err(Flaw("checksum does not match"));
    }
    match framed[0] {
        0 => Err(Flaw("a version that no program writes")),
        version => Ok(version),
    }
}

fn decode<R: Record>(key: &[u8], value: &[u8], version: u8) -> Result<R, Flaw> {
    let body = value.get(1..value.len() - 4).unwrap_or_default();
    let (mut key, mut body) = (Reader::new(key, version), Reader::new(body, version));
    let record = R::read(&mut key, &mut body)?;
    key.finish("key is too long")?;
    body.finish("bytes left over")?;
    Ok(record)
}

pub(crate) fn hex_of(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn checksum(family: Family, key: &[u8], framed: &[u8]) -> u32 {
    let family = u8::try_from(family.index()).unwrap_or(u8::MAX);
    crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(&[family]), key), framed)
}

/// A row key of these parts end to end.
pub(crate) fn key_of(parts: &[&[u8]]) -> KeyBytes {
    let mut key = KeyBytes::new();
    for part in parts {
        key.try_extend_from_slice(part).expect("row keys have room for their longest parts");
    }
    key
}
