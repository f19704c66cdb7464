//! What the ledger answers.

use crate::ids::Key;
use crate::record::Transaction;
use tillgate_types::ResponseCode;

/// The answer to one command, in the place of its command.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "rows travel by value: no allocation per sale")]
pub enum Outcome {
    /// The row as it is now. Begin: a voucher is `Approved` with the dispensed voucher or
    /// `Declined`; a top-up is `Intent` (forward it now) or `Declined`. Finish, Confirm, Due and
    /// Resolve: the row they are about. Settle: its own row.
    Done(Transaction),
    /// Same key, same digest: the stored row, in any state but reversed; `Intent` and `Unknown`
    /// are still in flight.
    Duplicate(Transaction),
    /// Same key, other digest: refuse with 94. Of a logon: the counter is not above the stored
    /// one, a replay.
    Conflict,
    /// Refuse with this code, without a row: R1, the original was reversed, perhaps before it
    /// came; 95, a record of a batch that the journal has otherwise; 09, a PIN that no blocked terminal receives; B1, one that is too old; 65, one that
    /// was sent too often; any other code, when the terminal has had all the rows that refused
    /// requests may have on one day.
    Refused(ResponseCode),
    /// Finish, Confirm or Due of a row that is not there.
    NotFound,
    /// The outcome of a reversal: by Reverse itself, or because a Finish or Resolve was about it
    /// or about its original.
    Reversed {
        /// Its row. ResponseCode 00: reversed, or nothing to reverse; 21: not reversible; 30: it
        /// contradicts its original; 09 with a number: it waits, for its original's outcome or
        /// ([`crate::FollowUp::Reversal`]) for the provider; 09 without one (`seq` 0): another
        /// reversal of the same original is under way, this one is not journalled.
        reversal: Transaction,
        /// The original as it is now; a tombstone if it never came.
        original: Option<Transaction>,
    },
    /// A logon or change is durable.
    Applied,
    /// How many vouchers were taken out of sale; 0: none of them was in stock, and nothing was
    /// written.
    Withdrawn(u64),
    /// A change or a verdict was refused whole, nothing of it written.
    Rejected(Vec<Rejection>),
}

/// One reason why a change was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The thing: "voucher 0001 of service 10", "seller 7".
    pub what: String,
    /// Its place in its list of the change.
    pub index: usize,
    /// What is wrong with it.
    pub why: String,
}

impl Outcome {
    /// An order about a transaction was refused.
    pub(crate) fn refused(key: &Key, why: &str) -> Self {
        let what = format!("transaction {key}");
        Self::Rejected(vec![Rejection { what, index: 0, why: why.to_owned() }])
    }
}
