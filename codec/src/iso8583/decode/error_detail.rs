//! Two ways to fail, one code: fast without a reason, then once more with it.
//!
//! Decoding runs with `()` for its errors, which keeps reasons out of the registers and the cache.
//! Only a message that fails is walked again from the wrong field on, with [`PartFault`].

use crate::iso8583::error::{Inner, Problem};

/// An error that may or may not want to know why.
pub(crate) trait ErrorDetail: Sized {
    /// The problem, this many bytes from the start of what is being read.
    fn new(at: usize, inner: Inner, problem: impl FnOnce() -> Problem) -> Self;

    /// The same error, seen from what encloses it: `at` bytes further out, in this sub-field unless
    /// it lies in one of that sub-field's own; `step` bytes outside for each byte inside.
    fn inside(self, at: usize, step: usize, inner: Inner) -> Self;
}

impl ErrorDetail for () {
    #[inline]
    fn new(_: usize, _: Inner, _: impl FnOnce() -> Problem) {}

    #[inline]
    fn inside(self, _: usize, _: usize, _: Inner) {}
}

/// What is wrong with a field or sub-field.
#[derive(Debug)]
pub(crate) struct PartFault {
    pub(crate) problem: Problem,
    pub(crate) inner: Inner,
    /// Bytes from the start of what is being read.
    pub(crate) at: usize,
}

impl ErrorDetail for PartFault {
    fn new(at: usize, inner: Inner, problem: impl FnOnce() -> Problem) -> Self {
        Self { problem: problem(), inner, at }
    }

    fn inside(self, at: usize, step: usize, inner: Inner) -> Self {
        let problem = match self.problem {
            // Too few bytes in a field is another thing than too few in the message.
            Problem::Truncated { needed, left } if inner != Inner::None => {
                Problem::PartTruncated { needed, left }
            }
            other => other,
        };
        let inner = if self.inner == Inner::None { inner } else { self.inner };
        Self { problem, inner, at: at + self.at * step }
    }
}
