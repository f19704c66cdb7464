//! What a bridge takes: nothing that its [`Breaker`] holds back, and no more than its queue has
//! room for. Whatever it does not take has its result at once, so that a terminal receives 91
//! instead of waiting for it.

use super::{Breaker, ProviderRequest, ProviderRequestKind, ProviderResult};
use crate::time::Moment;

#[derive(Debug)]
pub struct Intake {
    breaker: Breaker,
    waiting: usize,
    room: usize,
}

/// Why a bridge does not take a request; its result is [`ProviderRequest::not_sent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As many requests wait as the queue has room for.
    Full,
    /// The breaker is open.
    HeldBack,
}

impl Intake {
    /// With a closed breaker and an empty queue of `room` requests.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self { breaker: Breaker::default(), waiting: 0, room }
    }

    /// Asked before every request; one that is taken goes into the queue.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn admit(&mut self, now: Moment, request: &ProviderRequest) -> Result<(), Refused> {
        // First, so that the one sale that tries an open breaker is not lost on a full queue.
        if self.waiting >= self.room {
            return Err(Refused::Full);
        }
        self.breaker.admit(now, request)?;
        self.waiting += 1;
        Ok(())
    }

    /// A request has left the queue.
    pub fn taken(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// A request that was admitted has its result.
    pub fn observe(&mut self, now: Moment, kind: ProviderRequestKind, result: &ProviderResult) {
        self.breaker.observe(now, kind, result);
    }

    /// A request that was admitted has ended without a word about the provider: if it was to try
    /// an open breaker, another one may.
    pub fn pass_over(&mut self, now: Moment, kind: ProviderRequestKind) {
        self.breaker.pass_over(now, kind);
    }

    /// Whether the breaker holds sales back.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.breaker.is_open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::request;

    #[test]
    fn a_full_queue_takes_nothing_until_a_request_has_left_it() {
        let mut intake = Intake::new(2);
        let inquiry = request(ProviderRequestKind::Inquire);
        assert_eq!(intake.admit(Moment(0), &inquiry), Ok(()));
        assert_eq!(intake.admit(Moment(0), &inquiry), Ok(()));
        assert_eq!(intake.admit(Moment(0), &inquiry), Err(Refused::Full));
        intake.taken();
        assert_eq!(intake.admit(Moment(0), &inquiry), Ok(()));
    }

    #[test]
    fn a_full_queue_does_not_cost_the_one_sale_that_tries_an_open_breaker() {
        let sale = request(ProviderRequestKind::Authorize);
        let mut intake = Intake::new(1);
        for second in 0..20 {
            let now = Moment(second * 1_000_000_000);
            intake.observe(now, sale.kind, &ProviderResult::UNKNOWN);
        }
        assert!(intake.is_open());
        let later = Moment(u64::MAX / 2);
        assert_eq!(intake.admit(later, &request(ProviderRequestKind::Inquire)), Ok(()));
        assert_eq!(intake.admit(later, &sale), Err(Refused::Full));
        intake.taken();
        assert_eq!(intake.admit(later, &sale), Ok(()));
        intake.taken();
        assert_eq!(intake.admit(later, &sale), Err(Refused::HeldBack), "one has gone to try it");
    }
}
