//! The canonical form of a request: what makes two of them the same.
//!
//! Two bodies are the same request if their values are, whatever the order of their fields, however
//! defaults are written, and whatever unknown tags they carry. The canonical form is the body that
//! [`super::TerminalMessage::encode`] writes, on the stack.

use arrayvec::ArrayVec;

use super::TerminalMessage;
use super::layout::longest;
use super::writer::Sink;

/// Longest canonical form of a request that is compared.
const CANONICAL_BYTES_MAX: usize = longest(TerminalMessage::LAYOUTS, true);

/// A request's canonical form.
pub struct Canonical(ArrayVec<u8, CANONICAL_BYTES_MAX>);

impl Canonical {
    pub(super) fn of(encode: impl FnOnce(&mut Self)) -> Self {
        let mut form = Self(ArrayVec::new());
        encode(&mut form);
        form
    }

    /// The bytes of the form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Sink for Canonical {
    fn put(&mut self, bytes: &[u8]) {
        self.0.try_extend_from_slice(bytes).expect("no form is longer than the longest");
    }
}
