//! Money that operators give back for a sale, with four eyes.

use super::wire::{Flaw, Reader, put_string, put_text, put_u64};
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

impl Refund {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_string(out, &self.proposer);
        put_text(out, &self.reference);
        put_u64(out, self.at_ms);
        put_string(out, &self.approver);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            proposer: body.string()?,
            reference: body.text()?,
            at_ms: body.u64()?,
            approver: body.string()?,
        })
    }
}
