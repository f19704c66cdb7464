//! What terminals receive: answers, and commands of their own accord.

use tillgate_store_core::{BusinessDate, ResponseCode, TerminalId, Transaction};

use super::Origin;
use crate::provider::Bill;

/// A command for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub terminal: TerminalId,
    /// Unique since the process started; the acknowledgement carries it.
    pub command: u32,
    pub order: PushedCommand,
}

/// What a terminal can receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushedCommand {
    /// Stop selling.
    Block {
        /// Shown to the seller.
        reason: String,
    },
    /// Sell again.
    Unblock,
    /// Show a text.
    Message { text: String },
}

/// An answer on its way to a terminal.
pub struct Reply {
    /// Who waits.
    pub origin: Origin,
    /// For what.
    pub content: Content,
}

/// What the answer says; [`crate::processing::encode_reply`] turns it into bytes.
pub enum Content {
    /// A journalled sale, reversal or settlement: a pure function of its row, so a retry is
    /// byte-identical.
    Journalled(Transaction),
    /// Still in flight: 09, with the reference to ask for.
    InProgress(Transaction),
    /// A request refused without a row: 94, or refused on arrival. It carries no time, so that
    /// the same request receives the same bytes.
    Refused {
        /// Which message is answered.
        kind: Answered,
        /// Of the request.
        stan: u32,
        /// Of the request.
        date: BusinessDate,
        code: ResponseCode,
    },
    /// A body that was not understood and has no answer of its own.
    Rejected {
        /// Its type byte; 0 if it had none.
        message: u8,
        /// In the body, if it could be read.
        stan: Option<u32>,
        /// In the body, if it could be read.
        date: Option<BusinessDate>,
        /// Malformed, or no message of that type.
        code: ResponseCode,
    },
    /// A confirmation was taken.
    Confirmed {
        /// Of the sale.
        stan: u32,
        /// Of the sale.
        date: BusinessDate,
        /// When it was first confirmed, Unix milliseconds.
        at_ms: u64,
    },
    /// The seller's float.
    Balance {
        /// Of the request.
        stan: u32,
        /// Of the request.
        date: BusinessDate,
        /// Available, in minor units.
        available_minor: i64,
    },
    /// What a lookup found.
    Found {
        /// Of the request.
        stan: u32,
        /// Of the request.
        date: BusinessDate,
        /// What a sale names to pay it.
        token: u64,
        /// What is charged on top, minor units.
        charged_minor: u64,
        /// ISO 4217 numeric.
        currency: u16,
        /// What the provider says.
        bill: Box<Bill>,
    },
    /// The last sales of a date.
    Recent {
        /// Of the request.
        stan: u32,
        /// Of the request.
        date: BusinessDate,
        /// The last one first.
        sales: Vec<Transaction>,
        /// How far the clock on the wall is ahead of UTC, in minutes of the day.
        ahead_min: u16,
    },
    /// Answer to a logon.
    Welcome {
        /// 00, or why the terminal may not trade now.
        code: ResponseCode,
        /// The gateway's business date.
        date: BusinessDate,
        /// Highest STAN journalled for the terminal on that date.
        stan_last: u32,
    },
    /// Answer to a ping.
    Pong {
        /// The ping's.
        nonce: u32,
    },
    /// Nothing to send; the session manager only learns that the request is finished.
    Nothing,
    /// Nothing to send: the session's key is not in force any more, and it ends.
    KeyEnded,
}

/// Which kind of message an answer without a row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// A sale, or its repeat.
    Sale,
    /// A confirmation.
    Confirm,
    Reversal,
    Balance,
    Settlement,
    Lookup,
    /// The last sales.
    Recent,
}
