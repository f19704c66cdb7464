//! The end of each terminal's journal: a STAN above it is new without a read.

use rustc_hash::FxHashMap;

use crate::date::BusinessDate;
use crate::error::StoreError;
use crate::ids::{Key, TerminalId};
use crate::rows::{Family, Rows};

/// Per terminal, the latest business date it was seen on and the highest STAN of that date.
/// 16 bytes for every terminal that sold since the start.
#[derive(Debug, Default)]
pub(super) struct Tails {
    tails: FxHashMap<TerminalId, Tail>,
}

#[derive(Clone, Copy, Debug)]
struct Tail {
    date: BusinessDate,
    /// `None`: nothing on that date yet.
    stan: Option<u32>,
}

impl Tails {
    /// Whether there can be no row at `key`, neither stored nor in this batch. `false` says
    /// nothing: look. Must be asked before a new row is [noted](Tails::note).
    pub(super) fn proves_new(&mut self, rows: &dyn Rows, key: &Key) -> Result<bool, StoreError> {
        let tail = match self.tails.get(&key.terminal) {
            Some(tail) if tail.date >= key.date => *tail,
            _ => {
                let stan = read(rows, key.terminal, key.date)?;
                let tail = Tail { date: key.date, stan };
                self.tails.insert(key.terminal, tail);
                tail
            }
        };
        Ok(tail.date == key.date && tail.stan.is_none_or(|stan| key.stan > stan))
    }

    /// A row was written at `key`.
    pub(super) fn note(&mut self, key: &Key) {
        if let Some(tail) = self.tails.get_mut(&key.terminal)
            && tail.date == key.date
        {
            tail.stan = tail.stan.max(Some(key.stan));
        }
    }

    pub(super) fn last_stan(
        &self,
        rows: &dyn Rows,
        terminal: TerminalId,
        date: BusinessDate,
    ) -> Result<Option<u32>, StoreError> {
        match self.tails.get(&terminal) {
            Some(tail) if tail.date == date => Ok(tail.stan),
            _ => read(rows, terminal, date),
        }
    }
}

fn read(
    rows: &dyn Rows,
    terminal: TerminalId,
    date: BusinessDate,
) -> Result<Option<u32>, StoreError> {
    // One byte longer than the last key there can be: above it.
    let mut above = [0; Key::BYTES + 1];
    let last = Key { date, terminal, stan: u32::MAX };
    above[..Key::BYTES].copy_from_slice(&last.to_bytes());
    let mut found = Vec::with_capacity(Key::BYTES);
    if !rows.last_before(Family::Journal, &above, &mut found)? {
        return Ok(None);
    }
    let found = Key::from_bytes(&found).ok_or_else(|| StoreError::Damaged {
        family: Family::Journal,
        key: found.clone(),
        what: "not the key of a transaction",
    })?;
    Ok((found.date == date && found.terminal == terminal).then_some(found.stan))
}
