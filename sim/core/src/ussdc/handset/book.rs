//! What the owner of a handset saw, sale by sale; it is only appended to.

use super::super::short::Short;
use super::script::Mark;
use crate::time::Moment;

/// One thing that the owner saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Moment,
    pub event: Event,
}

/// What was seen of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was ordered; what follows is about it. What was not typed in that dialog is empty.
    Ordered { account: Short, amount: Short },
    /// The screen said how it went.
    Seen { mark: Mark, reference: Short },
    /// The dialog ended without a word about it.
    Unknown,
    /// A later text, of a notification or a short message.
    Notified { mark: Mark, reference: Short },
}

impl Event {
    pub(super) const fn is_order(&self) -> bool {
        matches!(self, Self::Ordered { .. })
    }
}

/// The book of one owner.
#[derive(Clone, Debug, Default)]
pub struct Book(Vec<Entry>);

impl Book {
    pub(in super::super) fn add(&mut self, at: Moment, event: Event) {
        self.0.push(Entry { at, event });
    }

    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }
}
