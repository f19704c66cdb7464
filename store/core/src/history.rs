//! The registry as it was: every version of a record, and the versions in force at a time.
//!
//! A change puts what it replaces beside it, under the number of its audit row, in the same write.
//! The audit log orders changes in time, so a time is first turned into the last audit row of that
//! time: all records are then read as of one change, whatever the clock did in between. A record
//! without former versions has been as it is since before a history was kept.
//!
//! Where several rows must agree, the caller reads through a snapshot.

use std::ops::ControlFlow;

use arrayvec::ArrayVec;

use crate::error::{Result, StoreError};
use crate::journal;
use crate::limits::{CHAIN_MAX, HISTORY_AUDIT_ROWS};
use crate::record::{Audit, Distributor, Former, Record, RegistryRecord, Seller};
use crate::rows::{Family, ReadRows};
use tillgate_types::{DistributorId, SellerId};

/// Above every audit number. Its first byte is below that of any text, so that the rows of a key are
/// together whatever keys begin with it; and JSON has it exactly.
pub const NEWEST: u64 = u64::MAX >> 12;

/// One version of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The change that ended it: its audit number and time, Unix milliseconds. `None`: it is in
    /// force.
    pub replaced: Option<(u64, u64)>,
    /// The record, without keys; `None`: it did not exist.
    pub record: Option<RegistryRecord>,
}

impl From<Former> for Version {
    fn from(former: Former) -> Self {
        Self { replaced: Some((former.audit_no, former.until_ms)), record: former.record }
    }
}

/// At most `most` versions of the record at a registry key, newest first: from the one in force,
/// or below the one that the audit number `below` ended.
///
/// # Errors
/// A row cannot be read.
pub fn versions(
    rows: &dyn ReadRows,
    key: &[u8],
    below: Option<u64>,
    most: usize,
) -> Result<Vec<Version>> {
    let mut found = Vec::new();
    if below.is_none()
        && let Some(record) = current(rows, key)?
    {
        found.push(Version { replaced: None, record: Some(record) });
    }
    let (mut next, mut buffer) = (Former::key_of(key, below.unwrap_or(NEWEST)), Vec::new());
    while found.len() < most && rows.last_before(Family::History, &next, &mut buffer)? {
        let at = std::mem::take(&mut buffer);
        let Some(former) = former_of(rows, key, &at)? else { break };
        next = former.key();
        found.push(former.into());
    }
    Ok(found)
}

/// The number of the last audit row of a time, 0 if there was none. Reads the log back from its
/// end, so whoever asks about many records asks this once.
///
/// # Errors
/// A row cannot be read.
pub fn last_audit(rows: &dyn ReadRows, at_ms: u64) -> Result<u64> {
    let mut last_key = Vec::new();
    journal::last_key(rows, Family::Audit, &mut last_key)?;
    let mut end = last_key.first_chunk().map_or(0, |no| u64::from_be_bytes(*no));
    while end > 0 {
        let from = end.saturating_sub(HISTORY_AUDIT_ROWS).max(1);
        let mut found = None;
        journal::records::<Audit>(rows, &from.to_be_bytes(), |row| {
            if row.no > end {
                return ControlFlow::Break(());
            }
            if row.at_ms <= at_ms {
                found = Some(row.no);
            }
            ControlFlow::Continue(())
        })?;
        if let Some(no) = found {
            return Ok(no);
        }
        end = from - 1;
    }
    Ok(0)
}

/// The version of a record that the change of an audit number left; neither replaced nor with a
/// record if there never was one.
///
/// # Errors
/// A row cannot be read.
pub fn as_of(rows: &dyn ReadRows, key: &[u8], audit_no: u64) -> Result<Version> {
    let mut next = None;
    let from = Former::key_of(key, audit_no.saturating_add(1));
    rows.scan(Family::History, &from, &mut |at, _| {
        next = Some(at.to_vec());
        ControlFlow::Break(())
    })?;
    Ok(match next.map(|at| former_of(rows, key, &at)).transpose()?.flatten() {
        Some(former) => former.into(),
        None => Version { replaced: None, record: current(rows, key)? },
    })
}

/// The distributors above a seller, its own first, as the change of an audit number left them;
/// `None` if the seller did not exist.
///
/// # Errors
/// A row cannot be read, or [`StoreError::Broken`] if the chain has no end at the top.
pub fn jurisdiction(
    rows: &dyn ReadRows,
    seller: SellerId,
    audit_no: u64,
) -> Result<Option<ArrayVec<DistributorId, CHAIN_MAX>>> {
    let record = as_of(rows, &Seller::key_of(seller), audit_no)?.record;
    let Some(RegistryRecord::Seller(found)) = record else { return Ok(None) };
    let broken =
        |what: &str| StoreError::Broken(format!("seller {seller} at change {audit_no}: {what}"));
    let (mut chain, mut next) = (ArrayVec::new(), Some(found.distributor));
    while let Some(id) = next {
        chain.try_push(id).map_err(|_| broken("more distributors above it than allowed"))?;
        next = match as_of(rows, &Distributor::key_of(id), audit_no)?.record {
            Some(RegistryRecord::Distributor(distributor)) => distributor.parent,
            _ => return Err(broken("a distributor above it does not exist")),
        };
    }
    Ok(Some(chain))
}

/// The record in force at a registry key, without keys.
pub(crate) fn current(rows: &dyn ReadRows, key: &[u8]) -> Result<Option<RegistryRecord>> {
    let mut value = Vec::new();
    if !rows.get(Family::Registry, key, &mut value)? {
        return Ok(None);
    }
    RegistryRecord::decode(key, &value).map(|record| Some(record.without_keys()))
}

/// The former version in the row `at`, if it is one of the record at the registry key `key`.
fn former_of(rows: &dyn ReadRows, key: &[u8], at: &[u8]) -> Result<Option<Former>> {
    let ours = at.strip_prefix(key).is_some_and(|rest| rest.len() == size_of::<u64>());
    if ours { journal::record(rows, at, &mut Vec::new()) } else { Ok(None) }
}
