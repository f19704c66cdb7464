//! What providers' books say, of whatever kind they are.

use super::{Line, Lines};
use crate::provider::{DealStatus, ProviderTransaction};
use crate::time::Moment;

impl Lines {
    /// The state of a deal in some provider's book, as a person learns it on the telephone.
    pub(in super::super) fn standing(&self, now: Moment, reference: &str) -> Option<DealStatus> {
        self.lines.iter().find_map(|line| match &line.host {
            Some(host) => host.standing(now, reference),
            None => line.provider.provider().standing(now, reference),
        })
    }

    /// Every provider's book as it is now, by bridge.
    pub(in super::super) fn books(&self, now: Moment) -> Vec<Vec<(&str, ProviderTransaction)>> {
        self.lines.iter().map(|line| line.book(now)).collect()
    }
}

impl Line {
    fn book(&self, now: Moment) -> Vec<(&str, ProviderTransaction)> {
        match &self.host {
            Some(host) => host.book(now),
            None => self.provider.provider().book(now),
        }
    }
}
