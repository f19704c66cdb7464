//! The end of each terminal's journal: a STAN above it is new without a read.

use rustc_hash::FxHashMap;

use super::staged::Staged;
use crate::command::Asker;
use crate::error::{Result, StoreError};
use crate::ids::Key;
use crate::journal;
use crate::limits::{HANDSET_STANS_FROM, LAST_ROWS_MAX, RECENT_MAX, RECENT_ROWS_MAX, STAN_MAX};
use crate::record::Transaction;
use crate::rows::{Family, ReadRows};
use tillgate_types::{BusinessDate, TerminalId};

/// Per terminal, the latest business date it was seen on and the highest STANs of that date. 40 bytes for every terminal that sold since the start.
#[derive(Debug, Default)]
pub(super) struct Tails {
    tails: FxHashMap<TerminalId, Tail>,
}

#[derive(Clone, Copy, Debug)]
struct Tail {
    date: BusinessDate,
    /// `None`: nothing on that date yet.
    stan: Option<u32>,
    /// Of sales of the terminal itself, and of its handsets.
    sales: [Last; 2],
}

/// The highest STAN of some of the rows.
#[derive(Clone, Copy, Debug)]
enum Last {
    /// Nobody has asked since the start.
    Unread,
    /// `None`: none of them on that date yet.
    Known(Option<u32>),
}

impl Tails {
    /// Whether there can be no row at `key`, neither stored nor in this batch. `false` says
    /// nothing: look. Must be asked before a new row is [noted](Tails::note).
    pub(super) fn proves_new(&mut self, rows: &dyn ReadRows, key: &Key) -> Result<bool> {
        let tail = match self.tails.get(&key.terminal) {
            Some(tail) if tail.date >= key.date => *tail,
            _ => {
                let stan = read(rows, key.terminal, (key.date, u32::MAX))?;
                let none = stan.map_or(Last::Known(None), |_| Last::Unread);
                let tail = Tail { date: key.date, stan, sales: [none; 2] };
                self.tails.insert(key.terminal, tail);
                tail
            }
        };
        Ok(tail.date == key.date && tail.stan.is_none_or(|stan| key.stan > stan))
    }

    /// A row was written.
    pub(super) fn note(&mut self, row: &Transaction) {
        let Transaction { key, kind, .. } = row;
        if let Some(tail) = self.tails.get_mut(&key.terminal)
            && tail.date == key.date
        {
            tail.stan = tail.stan.max(Some(key.stan));
            if kind.is_sale() {
                let asker = if row.is_of_handset() { Asker::Handset } else { Asker::Terminal };
                tail.sales[place(asker)].note(key.stan);
            }
        }
    }

    /// The highest STAN of a date, whoever has given it.
    pub(super) fn highest(
        &self,
        rows: &dyn ReadRows,
        terminal: TerminalId,
        date: BusinessDate,
    ) -> Result<Option<u32>> {
        match self.tails.get(&terminal) {
            Some(tail) if tail.date == date => Ok(tail.stan),
            _ => read(rows, terminal, (date, u32::MAX)),
        }
    }

    /// The highest STAN of a date among those that the asker counts with. Whoever has used it: one that
    /// is used up, or refused for ever, is not given again.
    pub(super) fn last_stan(
        &self,
        rows: &dyn ReadRows,
        terminal: TerminalId,
        (date, asker): (BusinessDate, Asker),
    ) -> Result<Option<u32>> {
        let highest = self.highest(rows, terminal, date)?;
        Ok(match (asker, highest) {
            (Asker::Terminal, Some(HANDSET_STANS_FROM..=STAN_MAX)) => {
                read(rows, terminal, (date, HANDSET_STANS_FROM - 1))?
            }
            (Asker::Handset, Some(HANDSET_STANS_FROM..)) => {
                let last = read(rows, terminal, (date, STAN_MAX))?;
                last.filter(|stan| *stan >= HANDSET_STANS_FROM)
            }
            (Asker::Terminal, highest) => highest,
            (Asker::Handset, _) => None,
        })
    }

    /// The STAN of the last sale of a date that a terminal has made itself, or its handsets, stored or in
    /// this batch.
    pub(super) fn last_sale(
        &mut self,
        rows: &dyn ReadRows,
        staged: &Staged,
        terminal: TerminalId,
        (date, asker): (BusinessDate, Asker),
    ) -> Result<Option<u32>> {
        let tail = self.tails.get_mut(&terminal).filter(|tail| tail.date == date);
        let known = tail.map(|tail| &mut tail.sales[place(asker)]);
        if let Some(Last::Known(sale)) = known {
            return Ok(*sale);
        }
        let is_its =
            |row: &&Transaction| row.key.date == date && row.kind.is_sale() && asker.counts(row);
        let staged = staged.of(terminal).filter(is_its);
        let staged = staged.map(|row| row.key.stan).max();
        let last = read_sale(rows, terminal, (date, asker))?.max(staged);
        if let Some(known) = known {
            *known = Last::Known(last);
        }
        Ok(last)
    }
}

impl Last {
    fn note(&mut self, stan: u32) {
        if let Self::Known(last) = self {
            *last = (*last).max(Some(stan));
        }
    }
}

/// Where the last sale of an asker is kept.
const fn place(asker: Asker) -> usize {
    match asker {
        Asker::Terminal => 0,
        Asker::Handset => 1,
    }
}

/// The highest STAN of a date that is not above `most`.
fn read(
    rows: &dyn ReadRows,
    terminal: TerminalId,
    (date, most): (BusinessDate, u32),
) -> Result<Option<u32>> {
    let mut found = Vec::with_capacity(Key::BYTES);
    let key = step_back(rows, &above(terminal, date, most), &mut found)?;
    Ok(key.filter(|key| (key.date, key.terminal) == (date, terminal)).map(|key| key.stan))
}

fn read_sale(
    rows: &dyn ReadRows,
    terminal: TerminalId,
    (date, asker): (BusinessDate, Asker),
) -> Result<Option<u32>> {
    let (mut found, mut buffer) = (Vec::new(), Vec::new());
    let (most, least) = match asker {
        Asker::Terminal => (u32::MAX, 0),
        Asker::Handset => (STAN_MAX, HANDSET_STANS_FROM),
    };
    let mut above = above(terminal, date, most);
    for _ in 0..LAST_ROWS_MAX {
        let key = step_back(rows, &above, &mut found)?;
        let is_its = |key: &Key| (key.date, key.terminal) == (date, terminal) && key.stan >= least;
        let Some(key) = key.filter(is_its) else {
            return Ok(None);
        };
        let row = journal::record::<Transaction>(rows, &found, &mut buffer)?;
        if row.is_some_and(|row| row.kind.is_sale() && asker.counts(&row)) {
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
    let mut above = above(terminal, date, u32::MAX);
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

/// One byte longer than the key of a terminal, date and STAN: above it.
fn above(terminal: TerminalId, date: BusinessDate, stan: u32) -> Vec<u8> {
    let mut above = Key { date, terminal, stan }.to_bytes().to_vec();
    above.push(0);
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
