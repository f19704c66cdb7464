//! Money that operators give back for a sale, with four eyes.

use super::declare::stored;
use crate::ids::Text;
use crate::limits::REFERENCE_BYTES_MAX;

/// One operator proposes a refund, another one approves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The operator who proposed it.
    pub proposer: String,
    /// The issuer's or provider's reference of the void; never a secret.
    pub reference: Text<REFERENCE_BYTES_MAX>,
    /// When it was proposed, Unix milliseconds.
    pub at_ms: u64,
    /// The operator who approved it; empty while it is a proposal.
    pub approver: String,
}

stored! { Refund { proposer, reference, at_ms, approver } }
