//! A backend and a ledger together: the store.

use std::ops::ControlFlow;

use crate::command::{Asker, Command};
use crate::error::{Result, StoreError};
use crate::ids::{AccountId, Key, StoreId};
use crate::journal;
use crate::ledger::{self, Ledger};
use crate::outcome::Outcome;
use crate::record::{Account, Counter, Head, Transaction, Versions};
use crate::registry::Registry;
use crate::rows::{Engine, Family, ReadRows};
use crate::store::Store;
use crate::write_set::WriteSet;
use tillgate_types::{BusinessDate, TerminalId};

/// The store over any engine. One writer: whoever holds it.
#[derive(Debug)]
pub struct LedgerStore<B> {
    backend: B,
    ledger: Ledger,
    stopped: bool,
}

impl<B: Engine> LedgerStore<B> {
    /// Opens what the backend holds, or starts a new store named `store_id_if_new`.
    ///
    /// # Errors
    /// [`StoreError::Broken`] or [`StoreError::Damaged`] if a part of it is lost: restore.
    /// [`StoreError::Newer`] if a newer program wrote to it.
    pub fn open(mut backend: B, store_id_if_new: [u8; 8]) -> Result<Self> {
        let Some(ledger) = Ledger::load(&backend)? else {
            let ledger = Ledger::new(StoreId(store_id_if_new));
            let mut set = WriteSet::new();
            set.put_record(&Versions::ours());
            set.put_record(ledger.head());
            backend.write(&set, 0)?;
            return Ok(Self { backend, ledger, stopped: false });
        };
        let mut book = Self { backend, ledger, stopped: false };
        let mut read = Vec::new();
        while !book.ledger.index_supply(&book.backend, &mut read)? {
            book.flush()?;
        }
        book.ledger.note_versions(&book.backend)?;
        book.flush()?;
        Ok(book)
    }

    /// See [`Ledger::know_keks`].
    pub fn know_keks(&mut self, keks: Vec<u32>) {
        self.ledger.know_keks(keks);
    }

    /// See [`Ledger::set_back`].
    pub fn set_back(&mut self, at_ms: u64) {
        self.ledger.set_back(at_ms);
    }

    /// The engine, for reading.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// The engine, for what the engine does beside rows.
    pub fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }

    /// Gives the engine back and forgets the rest.
    pub fn into_backend(self) -> B {
        self.backend
    }

    /// The position of the store.
    pub fn head(&self) -> &Head {
        self.ledger.head()
    }

    fn run(&mut self, commands: &mut Vec<Command>, outcomes: &mut Vec<Outcome>) -> Result<()> {
        for command in commands.drain(..) {
            let alone = command.is_alone();
            if alone {
                self.flush()?;
            }
            outcomes.push(self.ledger.apply(&self.backend, command)?);
            if alone {
                self.flush()?;
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        if let Some(batch_no) = self.ledger.seal() {
            self.backend.write(self.ledger.writes(), batch_no)?;
        }
        self.ledger.reset();
        Ok(())
    }
}

impl<B: Engine> Store for LedgerStore<B> {
    fn commit(&mut self, commands: &mut Vec<Command>, outcomes: &mut Vec<Outcome>) -> Result<()> {
        outcomes.clear();
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        self.run(commands, outcomes).inspect_err(|_| {
            self.stopped = true;
            outcomes.clear();
        })
    }

    fn transaction(&self, key: &Key) -> Result<Option<Transaction>> {
        journal::record(&self.backend, &key.to_bytes(), &mut Vec::new())
    }

    fn open_transactions(&self) -> Result<Vec<Transaction>> {
        open_transactions(&self.backend)
    }

    fn account(&self, id: &AccountId) -> Account {
        self.ledger.account(id)
    }

    fn last_stan(&self, terminal: TerminalId, date: BusinessDate, asker: Asker) -> Result<u32> {
        self.ledger.last_stan(&self.backend, terminal, (date, asker))
    }

    fn recent(
        &self,
        terminal: TerminalId,
        date: BusinessDate,
        count: usize,
    ) -> Result<Vec<Transaction>> {
        ledger::recent(&self.backend, terminal, date, count)
    }

    fn last_at_ms(&self) -> u64 {
        self.ledger.at_ms()
    }

    fn counter(&self, terminal: TerminalId) -> Result<Counter> {
        self.ledger.counter(&self.backend, terminal)
    }

    fn store_id(&self) -> StoreId {
        self.ledger.head().store_id
    }

    fn load_registry(&self) -> Result<Registry> {
        Registry::load(&self.backend)
    }
}

/// Every transaction that somebody still has to act on, by key.
///
/// # Errors
/// [`StoreError::Damaged`] if the open family names a row that is not there or not open.
pub fn open_transactions(rows: &dyn ReadRows) -> Result<Vec<Transaction>> {
    let mut keys = Vec::new();
    rows.scan(Family::Open, &[], &mut |key, _| {
        keys.push(key.to_vec());
        ControlFlow::Continue(())
    })?;
    let mut buffer = Vec::new();
    let open = keys.into_iter().map(|key| {
        let row = journal::record::<Transaction>(rows, &key, &mut buffer)?;
        let what = "no open transaction in the journal";
        row.filter(Transaction::is_open)
            .ok_or_else(|| StoreError::damaged(Family::Open, &key, what))
    });
    open.collect()
}
