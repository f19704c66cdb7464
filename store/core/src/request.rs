//! What a request is known by: its content, and who asks.

use crate::record::{OF_HANDSET, Transaction};

/// What a request says, in two digests. At the key of an earlier request it is that one again if
/// either is the row's.
///
/// Rows are written with [`ContentDigest::values`]; builds up to 0.1.0 wrote
/// [`ContentDigest::bytes`]. Accepting either never takes another request for the same one: a row's
/// digest is of some body, and a body of the canonical form has no other values than its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentDigest {
    /// Of the values of the known fields, in the canonical order of the wire.
    pub values: [u8; 16],
    /// Of the body as it came.
    pub bytes: [u8; 16],
}

impl ContentDigest {
    /// Whether a row of that digest is of the same request.
    #[must_use]
    pub fn is_of(&self, row: &[u8; 16]) -> bool {
        *row == self.values || *row == self.bytes
    }

    /// Of what a dialog of a handset orders: with a mark, so that its row is known as a handset's.
    #[must_use]
    pub fn of_handset(mut digest: [u8; 16]) -> Self {
        digest[..OF_HANDSET.len()].copy_from_slice(&OF_HANDSET);
        digest.into()
    }
}

/// Who asks for a row by its number. A terminal and its handsets count without each other and may come
/// to the same number: neither receives, or changes, what the other has sold under it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asker {
    /// The terminal itself.
    #[default]
    Terminal,
    /// A dialog of one of its handsets.
    Handset,
}

impl Asker {
    /// Whether a row is one of those that it counts.
    #[must_use]
    pub fn counts(self, row: &Transaction) -> bool {
        row.is_of_handset() == (self == Self::Handset)
    }
}

/// Of a body in its canonical form both digests are one.
impl From<[u8; 16]> for ContentDigest {
    fn from(digest: [u8; 16]) -> Self {
        Self { values: digest, bytes: digest }
    }
}
