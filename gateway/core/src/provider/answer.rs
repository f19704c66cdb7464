//! What a lookup found, whatever the protocol.

use tillgate_store_core::Text;

use super::Bill;
use super::http_json::shown;

/// What a lookup's answer says, before it is checked.
pub(super) struct Found<'a> {
    pub(super) reference: &'a str,
    pub(super) amount_minor: u64,
    pub(super) low_minor: u64,
    pub(super) high_minor: u64,
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Found<'_> {
    /// An amount and its bounds that contradict each other say nothing.
    pub(super) fn bill(&self) -> Option<Bill> {
        let (low, high, amount_minor) = (self.low_minor, self.high_minor, self.amount_minor);
        if low > high || (high > 0 && amount_minor > 0 && !(low..=high).contains(&amount_minor)) {
            return None;
        }
        Some(Bill {
            // The payment names it, so that half of it will not do.
            reference: Text::from(self.reference).ok()?,
            amount_minor,
            amount_range_minor: (low, high),
            name: shown(self.name),
            text: shown(self.text),
        })
    }
}
