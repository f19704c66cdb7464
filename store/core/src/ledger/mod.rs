//! The ledger: a pure state machine, commands in, outcomes and writes out.
//!
//! The parent decides the order, the leaves compute:
//!
//! * `begin`, `finish`, `reroute`, `reverse`, `repeat`, `resolve`, `refund`, `settle`, `pin`,
//!   `change`, `withdraw`, `reseal`: one file per command.
//! * `step`: what a finding, a verdict or an obligation does to a row.
//! * `staged`: the rows of the batch at work, over what the engine has.
//! * `accounts`, `levels`: every balance, and every count of the stock, in memory for good.
//! * `supply`: what the rows of an older program lack of these.
//! * `tail`, `velocity`, `refusals`, `exposed`, `stock`: what spares reads; rebuilt from rows when
//!   needed, within named limits, so that a restart changes nothing that can be seen.
//!
//! # What can happen to a sale
//!
//! A row's state says where its money is; [`crate::DueFollowUp`] who must act. Commission is part
//! of the legs ([`crate::commission`]): it is posted with the sale, to the seller and the
//! distributors of the day the sale was made, and posted back from the same accounts when it is
//! reversed, whatever the rules or the tree say by then.
//!
//! | state | event | new state | money |
//! |---|---|---|---|
//! | | Begin, refused | Declined | none |
//! | | Begin, voucher | Approved | all legs posted |
//! | | Begin, top-up | Intent | the float leg reserved |
//! | Intent | Reroute | Intent, by another bridge | stays reserved |
//! | Intent, taken back | Reroute | Declined | released: nothing was sent |
//! | Intent, Unknown | Approved | Approved | released, all legs posted |
//! | Intent, Unknown | Declined, NotSent | Declined | released |
//! | Intent | Unknown | Unknown | stays reserved |
//! | Intent, Unknown | Due Reversal | Unknown, due Reversal, R1 | stays reserved |
//! | Unknown, due Reversal | Approved, NotSent | no change | it is being undone |
//! | Unknown, due Reversal | Reversed, Declined | Declined (R1, or as declined) | released |
//! | Unknown, due Reversal | ReversalDeclined, Due Operator | Unknown, due Operator | stays reserved |
//! | Intent, Unknown | Due Operator | Unknown, due Operator | stays reserved |
//! | Unknown | Resolve Approved (not while due Reversal) | Approved | released, posted |
//! | Unknown | Resolve Declined | Declined (05, R1) | released |
//! | Declined | Approved (late) | Declined, due Reversal | none: it was never posted |
//! | Declined, due Reversal | Reversed, Resolve Done | Declined | none |
//! | Declined, due Reversal | ReversalDeclined, Due Operator | Declined, due Operator | none |
//! | Approved, top-up | Confirm, advice owed | Approved, due Advice | none |
//! | Approved, due Advice | AdviceAcknowledged, Resolve Done | Approved | none |
//! | Approved, due Advice | ReversalDeclined, Due Operator | Approved, due Operator | none |
//! | Approved, voucher | Reverse | Approved, due Operator | none: its PIN has left (21) |
//! | Approved, voucher, due Operator | Confirm, Resolve Done | Approved | none |
//! | Approved | Declined, Reversed | Approved, due Operator | none: the provider contradicts |
//! | Approved, Reversed | Approved, other reference | as it was, due Operator | none: the same |
//! | any | Approved, by a bridge that it went on from | as it was, due Operator | none: the same |
//! | Declined | Resolve LateApproval | Declined, due Reversal | none: it was never posted |
//! | Unknown, Approved, Declined, Reversed | Resolve Disputed | as it was, due Operator | none |
//! | Approved | Refund proposed, not approved | Approved, due Operator | none |
//! | Approved | Refund approved by another operator | Reversed | posted back by the refund |
//! | Approved, top-up | Reverse | Approved, named by it | none yet |
//! | Intent, Unknown | Reverse | as it was, named by it | none yet |
//!
//! and to the reversal of a top-up, which names its original and is named by it while it is open:
//!
//! | state | event | new state | money |
//! |---|---|---|---|
//! | Intent | original Declined | Approved (00) | none |
//! | Intent | original Approved | Intent, due Reversal | none yet |
//! | Intent, due Reversal | Reversed | Approved (00), original Reversed (R1) | posted back |
//! | Intent, due Reversal | ReversalDeclined | Declined (21), original Approved | none |
//! | Intent, due Reversal | Due Operator | Intent, due Operator | none |
//! | Intent, due Operator | Resolve Approved, Declined | as Reversed, ReversalDeclined | |
//!
//! Due Operator is left by what the bridge finds out late as well, except for another reference.
//! Whatever else comes changes
//! nothing: a finding may be repeated, late or wrong, and the first one that fits counts.
//!
//! A caller applies commands, then [`Ledger::seal`]s the batch, makes [`Ledger::writes`] durable
//! and calls [`Ledger::reset`]. After an error anywhere in between it throws the ledger away.

mod accounts;
mod audit;
mod batch;
mod begin;
mod change;
mod exposed;
mod finish;
mod levels;
mod pin;
mod refund;
mod refusals;
mod repeat;
mod reroute;
mod reseal;
mod resolve;
mod reverse;
mod settle;
mod staged;
mod step;
mod stock;
mod supply;
mod tail;
mod velocity;
mod withdraw;

use rustc_hash::FxHashMap;

use crate::command::{Asker, Command};
use crate::error::{Result, StoreError};
use crate::ids::{AccountId, StoreId};
use crate::journal;
use crate::limits::HANDSET_STANS_FROM;
use crate::outcome::Outcome;
use crate::record::{Account, Audit, Batch, Counter, Head, PinTries, Record, Versions};
use crate::rows::{Family, ReadRows};
use crate::write_set::WriteSet;
use accounts::Accounts;
use batch::BatchFindings;
use exposed::Exposed;
use levels::Levels;
use refusals::Refusals;
use staged::Staged;
use stock::Stock;
use tail::Tails;
pub(crate) use tail::recent;
use tillgate_types::{BusinessDate, Msisdn, TerminalId};
use velocity::Windows;

/// The state machine.
#[derive(Debug)]
pub struct Ledger {
    head: Head,
    /// Latest time in any command.
    at_ms: u64,
    accounts: Accounts,
    /// Those that the batch has raised.
    counters: FxHashMap<TerminalId, Counter>,
    /// Those that the batch has changed.
    tries: FxHashMap<Msisdn, PinTries>,
    tails: Tails,
    windows: Windows,
    refusals: Refusals,
    /// Since the start; bounds what is said, decides nothing.
    batch_findings: BatchFindings,
    exposed: Exposed,
    stock: Stock,
    levels: Levels,
    /// Numbers of the key-encryption keys that open PINs here; `None`: it is not known.
    keks: Option<Vec<u32>>,
    staged: Staged,
    /// Hash of the last row of the audit log.
    audit_hash: [u8; 32],
    set: WriteSet,
    /// Scratch for values read.
    buffer: Vec<u8>,
}

impl Ledger {
    /// The ledger of a new store.
    pub fn new(store_id: StoreId) -> Self {
        Self {
            head: Head::genesis(store_id),
            at_ms: 0,
            accounts: Accounts::default(),
            counters: FxHashMap::default(),
            tries: FxHashMap::default(),
            tails: Tails::default(),
            windows: Windows::default(),
            refusals: Refusals::default(),
            batch_findings: BatchFindings::default(),
            exposed: Exposed::default(),
            stock: Stock::default(),
            levels: Levels::default(),
            keks: None,
            staged: Staged::default(),
            audit_hash: [0; 32],
            set: WriteSet::new(),
            buffer: Vec::new(),
        }
    }

    /// The ledger of a store as it was left; `None` if there is nothing in it. Reads the
    /// balances, the open transactions and the ends of the chains, not the journal.
    ///
    /// # Errors
    /// [`StoreError::Broken`] if head and chains do not end together: a tail is lost.
    pub fn load(rows: &dyn ReadRows) -> Result<Option<Self>> {
        let mut buffer = Vec::new();
        Versions::check(rows)?;
        let Some(head) = journal::record::<Head>(rows, Head::KEY, &mut buffer)? else {
            return if nothing_in(rows)? { Ok(None) } else { Err(headless()) };
        };
        let mut ledger = Self::new(head.store_id);
        ledger.at_ms = check_batches(rows, &head)?;
        ledger.audit_hash = check_audit(rows, &head)?;
        ledger.head = head;
        ledger.accounts = Accounts::load(rows)?;
        ledger.exposed = Exposed::load(rows)?;
        ledger.levels = Levels::load(rows)?;
        Ok(Some(ledger))
    }

    /// From now on no voucher is sold whose PIN is sealed under another key-encryption key than
    /// these: it would be paid for, and nobody could open it.
    pub fn know_keks(&mut self, keks: Vec<u32>) {
        self.keks = Some(keks);
    }

    /// Brings the store's note of record versions up to this program's.
    ///
    /// # Errors
    /// [`StoreError::Newer`] if it is above.
    pub fn note_versions(&mut self, rows: &dyn ReadRows) -> Result<()> {
        let ours = Versions::ours();
        if Versions::check(rows)?.as_ref() != Some(&ours) {
            self.set.put_record(&ours);
        }
        Ok(())
    }

    /// Runs one command, after every command applied since the last [`Ledger::reset`].
    ///
    /// # Panics
    /// If a command that [`Command::is_alone`] is not the first of its batch, or legs do not fit
    /// their sale: both are mistakes of the program, never of a peer.
    pub fn apply(&mut self, rows: &dyn ReadRows, command: Command) -> Result<Outcome> {
        let first = self.set.is_empty() && self.staged.is_empty();
        assert!(first || !command.is_alone(), "an order is a batch of its own");
        match command {
            Command::Begin(begin) => self.begin(rows, begin),
            Command::Finish(finish) => self.finish(rows, &finish),
            Command::Reroute(reroute) => self.reroute(rows, &reroute),
            Command::Confirm(confirm) => self.confirm(rows, &confirm),
            Command::BatchRecord(record) => self.compare(rows, &record),
            Command::Reverse(reverse) => self.reverse(rows, &reverse),
            Command::Logon { terminal, generation, counter, proved } => {
                self.logon(rows, terminal, (generation, counter, proved))
            }
            Command::Repeat(repeat) => self.repeat(rows, &repeat),
            Command::DueFollowUp { key, what, at_ms } => {
                self.mark_follow_up(rows, &key, what, at_ms)
            }
            Command::Resolve(resolve) => self.resolve(rows, resolve),
            Command::Refund(refund) => self.refund(rows, refund),
            Command::Settle(settle) => self.settle(rows, &settle),
            Command::PinTry(entered) => self.pin_try(rows, &entered),
            Command::SetPin(set) => self.set_pin(rows, set),
            Command::Change(change) => self.change(rows, change),
            Command::Withdraw(withdraw) => self.withdraw(rows, withdraw),
            Command::Reseal(reseal) => self.reseal(rows, reseal),
        }
    }

    /// Completes the batch: its rows, balances, link of the chain and the new head. Its number,
    /// or `None` if there is nothing to write.
    pub fn seal(&mut self) -> Option<u64> {
        self.staged.write(&mut self.set);
        self.accounts.write(&mut self.set);
        self.levels.write(&mut self.set);
        if self.set.is_empty() {
            return None;
        }
        let no = self.head.batch_no + 1;
        let content = self.set.checksum();
        let batch = Batch::link(no, self.head.seq, self.at_ms, content, self.head.hash);
        self.head.batch_no = no;
        self.head.hash = batch.hash;
        self.set.put_record(&batch);
        self.set.put_record(&self.head);
        Some(no)
    }

    /// What [`Ledger::seal`] completed.
    pub fn writes(&self) -> &WriteSet {
        &self.set
    }

    /// Starts the next batch; the last one is durable.
    pub fn reset(&mut self) {
        self.set.clear();
        self.staged.clear();
        self.stock.clear_taken();
        self.counters.clear();
        self.tries.clear();
    }

    /// An account's balance; zeros if it was never used.
    pub fn account(&self, id: &AccountId) -> Account {
        self.accounts.find(id)
    }

    /// The position of the store.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Time of the latest command, also before a restart: Unix milliseconds.
    pub fn at_ms(&self) -> u64 {
        self.at_ms
    }

    /// The STAN after which a terminal, or a handset of it, goes on counting on a date, between batches.
    pub fn last_stan(
        &self,
        rows: &dyn ReadRows,
        terminal: TerminalId,
        (date, asker): (BusinessDate, Asker),
    ) -> Result<u32> {
        let before = match asker {
            Asker::Terminal => 0,
            Asker::Handset => HANDSET_STANS_FROM - 1,
        };
        Ok(self.tails.last_stan(rows, terminal, (date, asker))?.unwrap_or(before))
    }

    /// The handshake counters of a terminal.
    pub fn counter(&self, rows: &dyn ReadRows, terminal: TerminalId) -> Result<Counter> {
        if let Some(counter) = self.counters.get(&terminal) {
            return Ok(counter.clone());
        }
        let none = Counter::new(terminal);
        let row = journal::record::<Counter>(rows, &none.key(), &mut Vec::new())?;
        Ok(row.unwrap_or(none))
    }

    fn logon(
        &mut self,
        rows: &dyn ReadRows,
        terminal: TerminalId,
        (generation, counter, proved): (u32, u64, bool),
    ) -> Result<Outcome> {
        let mut row = self.counter(rows, terminal)?;
        if !row.raise(generation, counter, proved) {
            return Ok(Outcome::Conflict);
        }
        self.set.put_record(&row);
        self.counters.insert(terminal, row);
        Ok(Outcome::Applied)
    }

    /// The next transaction number.
    fn next_seq(&mut self) -> u64 {
        self.head.seq += 1;
        self.head.seq
    }

    /// The clock was ahead, and is right now: batches are of `at_ms` and later again. Whoever says
    /// so writes it into the audit log.
    pub fn set_back(&mut self, at_ms: u64) {
        self.at_ms = self.at_ms.min(at_ms);
    }

    fn note_time(&mut self, at_ms: u64) {
        self.at_ms = self.at_ms.max(at_ms);
    }
}

fn nothing_in(rows: &dyn ReadRows) -> Result<bool> {
    let mut key = Vec::new();
    for family in Family::ALL {
        if journal::last_key(rows, family, &mut key)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn headless() -> StoreError {
    StoreError::Broken("there are rows but no head; restore from a backup".to_owned())
}

/// The time of the last batch, if head and chain of batches end together.
fn check_batches(rows: &dyn ReadRows, head: &Head) -> Result<u64> {
    let broken = |what: &str| {
        let no = head.batch_no;
        Err(StoreError::Broken(format!("head at batch {no}, {what}; restore from a backup")))
    };
    let mut key = Vec::new();
    let any = journal::last_key(rows, Family::Batches, &mut key)?;
    if head.batch_no == 0 {
        let genesis = Head::genesis(head.store_id).hash == head.hash;
        return if !any && genesis { Ok(0) } else { broken("but the chain has batches") };
    }
    if !any {
        return broken("but the chain is gone");
    }
    match journal::record::<Batch>(rows, &key, &mut Vec::new())? {
        Some(last) if last.no != head.batch_no => broken("but the chain ends elsewhere"),
        Some(last) if last.hash == head.hash && last.expected_hash() == head.hash => Ok(last.at_ms),
        _ => broken("but its hash does not match"),
    }
}

/// The hash of the last row of the audit log, if the log ends where the head says.
fn check_audit(rows: &dyn ReadRows, head: &Head) -> Result<[u8; 32]> {
    let mut key = Vec::new();
    let last = if journal::last_key(rows, Family::Audit, &mut key)? {
        journal::record::<Audit>(rows, &key, &mut Vec::new())?
    } else {
        None
    };
    let no = last.as_ref().map_or(0, |row| row.no);
    let unsound = |row: &Audit| row.hash != row.expected_hash();
    if no != head.audit_no || last.as_ref().is_some_and(unsound) {
        let what = format!("audit log ends at {no}, not soundly at {}", head.audit_no);
        return Err(StoreError::Broken(what + "; restore from a backup"));
    }
    Ok(last.map_or([0; 32], |row| row.hash))
}
