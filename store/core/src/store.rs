//! The store as the gateway sees it.

use crate::command::{Asker, Command};
use crate::error::Result;
use crate::ids::{AccountId, Key, StoreId};
use crate::outcome::Outcome;
use crate::record::{Account, Counter, Transaction};
use crate::registry::Registry;
use tillgate_types::{BusinessDate, TerminalId};

/// Whole batches in, durable outcomes out, and the questions that need an exact answer.
pub trait Store {
    /// Runs `commands` (drained) in order; clears `outcomes` and fills it, `outcomes[i]` for
    /// `commands[i]`. Later commands see the effects of earlier ones. Everything is durable when
    /// this returns.
    ///
    /// # Errors
    /// After any error `outcomes` is empty, nothing of the batch may be acknowledged, every
    /// further call gives [`StoreError::Stopped`](crate::StoreError::Stopped), and the process restarts.
    fn commit(&mut self, commands: &mut Vec<Command>, outcomes: &mut Vec<Outcome>) -> Result<()>;

    /// The row of a request.
    fn transaction(&self, key: &Key) -> Result<Option<Transaction>>;

    /// Every transaction that somebody still has to act on ([`Transaction::is_open`]), by key.
    fn open_transactions(&self) -> Result<Vec<Transaction>>;

    /// An account's balance; zeros if it was never used.
    fn account(&self, id: &AccountId) -> Account;

    /// The STAN after which a terminal goes on counting on a date: the highest journalled for it,
    /// tombstones included, or 0; or that after which the gateway goes on counting for its handsets.
    fn last_stan(&self, terminal: TerminalId, date: BusinessDate, asker: Asker) -> Result<u32>;

    /// The last sales of a terminal on a date, the last one first: at most `count`, and at most
    /// [`RECENT_MAX`](crate::limits::RECENT_MAX).
    fn recent(
        &self,
        terminal: TerminalId,
        date: BusinessDate,
        count: usize,
    ) -> Result<Vec<Transaction>>;

    /// Time of the latest command, Unix milliseconds; 0 if none. It never runs backwards, unless
    /// somebody has said that the clock was ahead ([`crate::LedgerStore::set_back`]).
    fn last_at_ms(&self) -> u64;

    /// The handshake counters of a terminal.
    fn counter(&self, terminal: TerminalId) -> Result<Counter>;

    /// The store's name, for [`Transaction::reference`].
    fn store_id(&self) -> StoreId;

    /// The whole registry.
    fn load_registry(&self) -> Result<Registry>;
}
