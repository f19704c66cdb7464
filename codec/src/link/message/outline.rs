//! What can be read of a body that as a whole cannot: enough to answer it.

use super::reader::laid;
use super::tag::{DATE, STAN};
use tillgate_types::BusinessDate;

/// Type, STAN and date of a terminal's body, as far as each can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline {
    /// The type byte; `None` of an empty body.
    pub message_type: Option<u8>,
    /// The STAN: the one field of its tag before whatever is cut short, well-formed.
    pub stan: Option<u32>,
    /// The date, read as the STAN is.
    pub date: Option<BusinessDate>,
}

impl Outline {
    /// Reads what there is. The tags mean the same in every message, so this needs to know none.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        let stan = only(body, STAN.number).and_then(number).and_then(|n| u32::try_from(n).ok());
        let date = only(body, DATE.number).and_then(number).and_then(|n| u16::try_from(n).ok());
        Self { message_type: body.first().copied(), stan, date: date.map(BusinessDate) }
    }
}

/// The value of a tag that occurs once.
fn only(body: &[u8], number: u8) -> Option<&[u8]> {
    let mut found = laid(body).filter(|field| field.number == number);
    let first = found.next()?;
    found.next().is_none().then_some(first.value)
}

/// A minimal unsigned integer.
fn number(value: &[u8]) -> Option<u64> {
    let is_minimal = value.len() <= 8 && value.first() != Some(&0);
    is_minimal.then(|| value.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
}
