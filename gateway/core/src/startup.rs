//! What happens between opening the store and serving from it, and what forbids a start.

use std::fmt;
use std::ops::ControlFlow;

use tillgate_store_core::{
    Change, Command, Counter, Engine, LedgerStore, Outcome, Store, StoreError, journal,
};

use crate::directory::Directory;
use crate::limits::TransactionLimits;
use crate::provider::Bridge;
use crate::time::{Calendar, Moment, UnixMillis, utc};
use crate::transaction::TransactionManager;

/// Whether somebody has said that the system's clock is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockTrust {
    /// Nobody has: it is held against the store.
    Checked,
    /// It is right, whatever the store says.
    Believed,
}

/// A clock that is days behind the last batch is wrong, or was wrong when that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockBehind {
    /// Of the last batch.
    pub last: UnixMillis,
    /// By the system's clock.
    pub now: UnixMillis,
}

impl fmt::Display for ClockBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (last, now) = (utc(self.last), utc(self.now));
        write!(f, "the clock says {now}, but the last batch is of {last}")
    }
}

/// Why the gateway does not start.
#[derive(Debug)]
pub enum StartError {
    /// Sales would be booked on days that are closed, so somebody has to say which clock is wrong.
    /// Nothing was written.
    Clock(ClockBehind),
    /// The store cannot be read or written.
    Store(StoreError),
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Holds the clock against the last batch. Where it is days behind and believed, dates go back to
/// it, with a row in the audit log.
///
/// # Errors
/// It is days behind and not believed, or the store cannot be written.
pub fn check_clock<B: Engine>(
    store: &mut LedgerStore<B>,
    calendar: &Calendar,
    now: UnixMillis,
    trust: ClockTrust,
) -> Result<(), StartError> {
    let last = UnixMillis(store.last_at_ms());
    if !calendar.is_behind(last, now) {
        return Ok(());
    }
    if trust == ClockTrust::Checked {
        return Err(StartError::Clock(ClockBehind { last, now }));
    }
    store.set_back(now.0);
    let (time, last) = (utc(now), utc(last));
    let note = format!("the clock is right: it is {time}, though the last batch is of {last}");
    let actor = "tillgate serve".to_owned();
    let change = Change { at_ms: now.0, actor, note, ..Change::default() };
    let mut outcomes = Vec::new();
    store.commit(&mut vec![Command::Change(change)], &mut outcomes)?;
    assert_eq!(outcomes, [Outcome::Applied], "an audit row is always taken");
    Ok(())
}

/// The registry and the keys in force, on the business date of the last batch: that stays in force
/// where the clock was set back over the cut-off. Each handshake counter is given to `counted`.
///
/// # Errors
/// A damaged row.
pub fn directory<B: Engine>(
    store: &LedgerStore<B>,
    calendar: &Calendar,
    bridges: &[String],
    mut counted: impl FnMut(&Counter),
) -> Result<Directory, StoreError> {
    let mut directory = Directory::new(store.load_registry()?, bridges);
    journal::records(store.backend(), &[], |counter: Counter| {
        directory.load(&counter);
        counted(&counter);
        ControlFlow::Continue(())
    })?;
    directory.today(calendar.date(UnixMillis(store.last_at_ms())));
    Ok(directory)
}

/// The writer, with everything taken up again that somebody has to act on. What an earlier run had
/// begun and not finished is UNKNOWN in the store when this returns, before anybody is served.
///
/// # Errors
/// A damaged row, or one that cannot be written.
pub fn transactions<B: Engine>(
    store: &mut LedgerStore<B>,
    limits: TransactionLimits,
    bridges: Vec<Bridge>,
    directory: &Directory,
    (now, wall, seed): (Moment, UnixMillis, u64),
) -> Result<TransactionManager, StoreError> {
    let (registry, store_id) = (&directory.registry, store.store_id());
    let mut transactions = TransactionManager::new(limits, bridges, registry, store_id, seed);
    transactions.recover(now, wall, store)?;
    let (mut commands, mut outcomes) = (Vec::new(), Vec::new());
    while transactions.stage(&mut commands) {
        store.commit(&mut commands, &mut outcomes)?;
        transactions.committed(now, &mut outcomes);
    }
    Ok(transactions)
}
