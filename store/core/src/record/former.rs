//! Former versions of registry records.

use super::wire::{Flaw, Reader, Stored};
use super::{KeyBytes, Record, RegistryRecord, key_of};
use crate::rows::Family;

/// A record of the registry as it was until a change replaced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// Row key of the record in the registry.
    pub of: KeyBytes,
    /// Number of the audit row of the change.
    pub audit_no: u64,
    /// Time of that row, Unix milliseconds.
    pub until_ms: u64,
    /// The record, without keys; `None`: it did not exist, the change created it.
    pub record: Option<RegistryRecord>,
}

impl Former {
    /// The row key of what the change `audit_no` replaced at the registry key `of`.
    pub(crate) fn key_of(of: &[u8], audit_no: u64) -> KeyBytes {
        key_of(&[of, &audit_no.to_be_bytes()])
    }
}

impl Record for Former {
    const FAMILY: Family = Family::History;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        Self::key_of(&self.of, self.audit_no)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.until_ms.put(out);
        self.record.is_some().put(out);
        if let Some(record) = &self.record {
            record.encode(out);
        }
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>) -> Result<Self, Flaw> {
        let (of, audit_no) = key.rest().split_last_chunk().ok_or(Flaw("too short"))?;
        let until_ms = body.get()?;
        let record = if body.get()? {
            let record = RegistryRecord::decode_keyless(of, body.rest());
            Some(record.map_err(|_| Flaw("the record in it cannot be read"))?)
        } else {
            None
        };
        let audit_no = u64::from_be_bytes(*audit_no);
        Ok(Self { of: key_of(&[of]), audit_no, until_ms, record })
    }
}
