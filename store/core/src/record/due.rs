//! What is still owed for a transaction.

use super::transaction::read_coded;
use super::wire::{Flaw, Reader, put_u64};

/// What is owed for a transaction, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueFollowUp {
    /// What, and so by whom.
    pub what: FollowUp,
    /// Since when, Unix milliseconds.
    pub since_ms: u64,
}

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FollowUp {
    /// The provider is to take it back, and is asked until it acknowledges.
    Reversal,
    /// The provider is to receive its confirmation, again until it acknowledges.
    Advice,
    /// A person must find out the outcome, and say so.
    Operator,
}

impl FollowUp {
    const ALL: [Self; 3] = [Self::Reversal, Self::Advice, Self::Operator];

    /// The byte for it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Reversal => 1,
            Self::Advice => 2,
            Self::Operator => 3,
        }
    }
}

impl DueFollowUp {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.what.code());
        put_u64(out, self.since_ms);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Result<Self, Flaw> {
        let what = read_coded(body, &FollowUp::ALL, FollowUp::code, "unknown obligation")?;
        Ok(Self { what, since_ms: body.u64()? })
    }
}
