//! What is still owed for a transaction.

use super::declare::{coded, stored};

/// What is owed for a transaction, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueFollowUp {
    /// What, and so by whom.
    pub what: FollowUp,
    /// Since when, Unix milliseconds.
    pub since_ms: u64,
}

coded! {
    /// Who must act, and how.
    ///
    /// | due | its row | ends when |
    /// |---|---|---|
    /// | Reversal | a sale UNKNOWN that nobody can be asked about | taken back: Declined, R1 |
    /// | | a sale Declined that its provider approved late | taken back: nothing due |
    /// | | a terminal's reversal (Intent) of a posted sale | taken back: Approved; stands: Declined |
    /// | Advice | a sale Approved and confirmed | the provider has received it |
    /// | Operator | any of these, given up on, and a sale UNKNOWN whose bridge can do nothing | resolved |
    /// | | a voucher whose reversal was refused: its PIN has left | confirmed, resolved, refunded |
    /// | | a sale that its provider contradicts, or whose refund is proposed | resolved, refunded |
    #[derive(PartialOrd, Ord)]
    FollowUp, "obligation":
    /// The provider is to take it back, and is asked until it acknowledges.
    Reversal = 1 "reversal",
    /// The provider is to receive its confirmation, again until it acknowledges.
    Advice = 2 "advice",
    /// A person must find out the outcome, and say so.
    Operator = 3 "operator",
}

stored! { DueFollowUp { what, since_ms } }
