//! The end of each terminal's journal: a STAN above it is new without a read.

use rustc_hash::FxHashMap;

use super::staged::Staged;
use crate::error::{Result, StoreError};
use crate::ids::Key;
use crate::journal;
use crate::limits::{LAST_ROWS_MAX, RECENT_MAX, RECENT_ROWS_MAX};
use crate::record::{Kind, Transaction};
use crate::rows::{Family, ReadRows};
use tillgate_types::{BusinessDate, TerminalId};

/// Per terminal, the latest business date it was seen on and the highest STANs of that date.
/// 28 bytes for every terminal that sold since the start.
#[derive(Debug, Default)]
pub(super) struct Tails {
    tails: FxHashMap<TerminalId, Tail>,
}

#[derive(Clone, Copy, Debug)]
struct Tail {
    date: BusinessDate,
    /// `None`: nothing on that date yet.
    stan: Option<u32>,
    sale: LastSale,
}

/// The highest STAN of a sale.
#[derive(Clone, Copy, Debug)]
enum LastSale {
    /// Nobody has asked since the start.
    Unread,
    /// `None`: no sale on that date yet.
    Known(Option<u32>),
}

impl Tails {
    /// Whether there can be no row at `key`, neither stored nor in this batch. `false` says
    /// nothing: look. Must be asked before a new row is [noted](Tails::note).
    pub(super) fn proves_new(&mut self, rows: &dyn ReadRows, key: &Key) -> Result<bool> {
        let tail = match self.tails.get(&key.terminal) {
            Some(tail) if tail.date >= key.date => *tail,
            _ => {
                let stan = read(rows, key.terminal, key.date)?;
                let sale = stan.map_or(LastSale::Known(None), |_| LastSale::Unread);
                let tail = Tail { date: key.date, stan, sale };
                self.tails.insert(key.terminal, tail);
                tail
            }
        };
        Ok(tail.date == key.date && tail.stan.is_none_or(|stan| key.stan > stan))
    }

    /// A row was written at `key`.
    pub(super) fn note(&mut self, key: &Key, kind: Kind) {
        if let Some(tail) = self.tails.get_mut(&key.terminal)
            && tail.date == key.date
        {
            tail.stan = tail.stan.max(Some(key.stan));
            if let LastSale::Known(sale) = &mut tail.sale
                && kind.is_sale()
            {
                *sale = (*sale).max(Some(key.stan));
            }
        }
    }

    pub(super) fn last_stan(
        &self,
        rows: &dyn ReadRows,
        terminal: TerminalId,
        date: BusinessDate,
    ) -> Result<Option<u32>> {
        match self.tails.get(&terminal) {
            Some(tail) if tail.date == date => Ok(tail.stan),
            _ => read(rows, terminal, date),
        }
    }

    /// The STAN of a terminal's last sale of a date, stored or in this batch.
    pub(super) fn last_sale(
        &mut self,
        rows: &dyn ReadRows,
        staged: &Staged,
        terminal: TerminalId,
        date: BusinessDate,
    ) -> Result<Option<u32>> {
        let tail = self.tails.get_mut(&terminal).filter(|tail| tail.date == date);
        if let Some(Tail { sale: LastSale::Known(sale), .. }) = tail {
            return Ok(*sale);
        }
        let staged = staged.of(terminal).filter(|row| row.key.date == date && row.kind.is_sale());
        let staged = staged.map(|row| row.key.stan).max();
        let last = read_sale(rows, terminal, date)?.max(staged);
        if let Some(tail) = tail {
            tail.sale = LastSale::Known(last);
        }
        Ok(last)
    }
}

fn read(rows: &dyn ReadRows, terminal: TerminalId, date: BusinessDate) -> Result<Option<u32>> {
    let mut found = Vec::with_capacity(Key::BYTES);
    let key = step_back(rows, &above(terminal, date), &mut found)?;
    Ok(key.filter(|key| (key.date, key.terminal) == (date, terminal)).map(|key| key.stan))
}

fn read_sale(rows: &dyn ReadRows, terminal: TerminalId, date: BusinessDate) -> Result<Option<u32>> {
    let (mut found, mut buffer) = (Vec::new(), Vec::new());
    let mut above = above(terminal, date).to_vec();
    for _ in 0..LAST_ROWS_MAX {
        let key = step_back(rows, &above, &mut found)?;
        let Some(key) = key.filter(|key| (key.date, key.terminal) == (date, terminal)) else {
            return Ok(None);
        };
        let row = journal::record::<Transaction>(rows, &found, &mut buffer)?;
        if row.is_some_and(|row| row.kind.is_sale()) {
            return Ok(Some(key.stan));
        }
        std::mem::swap(&mut above, &mut found);
    }
    Ok(None)
}

/// The last sales of a terminal on a date, the last one first, among its last [`RECENT_ROWS_MAX`] rows.
pub(crate) fn recent(
    rows: &dyn ReadRows,
    terminal: TerminalId,
    date: BusinessDate,
    count: usize,
) -> Result<Vec<Transaction>> {
    let (mut found, mut buffer, mut sales) = (Vec::new(), Vec::new(), Vec::new());
    let mut above = above(terminal, date).to_vec();
    for _ in 0..RECENT_ROWS_MAX {
        let key = step_back(rows, &above, &mut found)?;
        let is_its = key.is_some_and(|key| (key.date, key.terminal) == (date, terminal));
        if !is_its || sales.len() >= count.min(RECENT_MAX) {
            break;
        }
        let row = journal::record::<Transaction>(rows, &found, &mut buffer)?;
        sales.extend(row.filter(|row| row.kind.is_sale()));
        std::mem::swap(&mut above, &mut found);
    }
    Ok(sales)
}

/// One byte longer than the last key there can be of a terminal and date: above it.
fn above(terminal: TerminalId, date: BusinessDate) -> [u8; Key::BYTES + 1] {
    let mut above = [0; Key::BYTES + 1];
    let last = Key { date, terminal, stan: u32::MAX };
    above[..Key::BYTES].copy_from_slice(&last.to_bytes());
    above
}

/// The greatest key below `above`, of whichever terminal and date.
fn step_back(rows: &dyn ReadRows, above: &[u8], found: &mut Vec<u8>) -> Result<Option<Key>> {
    if !rows.last_before(Family::Journal, above, found)? {
        return Ok(None);
    }
    let what = "not the key of a transaction";
    let key = Key::from_bytes(found);
    key.map(Some).ok_or_else(|| StoreError::damaged(Family::Journal, found, what))
}
