//! What a bridge takes: nothing that its [`Breaker`] holds back, no more than its queue has room
//! for, and no more sales and lookups a second than the operator allows. Whatever it does not take has its result at once, so that a terminal receives 91
//! instead of waiting for it.

use super::{Breaker, ProviderRequest, ProviderRequestKind, ProviderResult};
use crate::rate::Pace;
use crate::time::{Moment, Span};

#[derive(Debug)]
pub struct Intake {
    breaker: Breaker,
    waiting: usize,
    room: usize,
    pace: Pace,
    /// Of the pace: when its bucket is full again.
    full_at: Moment,
    /// Whether no connection takes requests, nor will one soon.
    out_of_reach: bool,
}

/// Why a bridge does not take a request; its result is [`ProviderRequest::not_sent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As many requests wait as the queue has room for.
    Full,
    /// The breaker is open.
    HeldBack,
    /// It had its sales of this second.
    TooFast,
}

impl Intake {
    /// With a closed breaker and an empty queue of `room` requests, for up to `sales_per_s` sales and
    /// lookups, a tenth of them at once; 0: as many as come.
    #[must_use]
    pub fn new(room: usize, sales_per_s: u32) -> Self {
        let second = Span::s(1).0;
        let every = Span(second.checked_div(u64::from(sales_per_s)).unwrap_or(0));
        let pace = Pace::new(every, sales_per_s / 10);
        Self {
            breaker: Breaker::default(),
            waiting: 0,
            room,
            pace,
            full_at: Moment(0),
            out_of_reach: false,
        }
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
        if matches!(request.kind, ProviderRequestKind::Authorize | ProviderRequestKind::Lookup) {
            self.pace.take(now, &mut self.full_at).map_err(|_| Refused::TooFast)?;
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

    /// Whether the provider can be reached, as sign-on and echo tests found.
    pub fn reached(&mut self, within_reach: bool) {
        self.out_of_reach = !within_reach;
    }

    /// Until when sales had better go elsewhere: its breaker is open, or nobody is reached. A hint:
    /// what comes all the same is admitted, or not, as ever. After an open breaker's pause a sale
    /// has to come, for one must try it.
    #[must_use]
    pub fn shun_until(&self) -> Moment {
        if self.out_of_reach { Moment(u64::MAX) } else { self.breaker.until() }
    }

    /// Whether the breaker holds sales back.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.breaker.is_open()
    }
}

#[cfg(test)]
mod tests {
    use tillgate_store_core::{ProviderOutcome, Text};

    use super::*;
    use crate::provider::tests::request;

    #[test]
    fn a_full_queue_takes_nothing_until_a_request_has_left_it() {
        let mut intake = Intake::new(2, 0);
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
        let mut intake = Intake::new(1, 0);
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

    #[test]
    fn sales_shun_a_bridge_without_reach_and_one_whose_breaker_is_open_until_one_may_try_it() {
        let sale = request(ProviderRequestKind::Authorize);
        let mut intake = Intake::new(10, 0);
        assert_eq!(intake.shun_until(), Moment(0));
        intake.reached(false);
        assert_eq!(intake.shun_until(), Moment(u64::MAX));
        intake.reached(true);
        assert_eq!(intake.shun_until(), Moment(0));
        let failed = Moment(Span::s(20).0);
        for _ in 0..20 {
            intake.observe(failed, sale.kind, &sale.not_sent());
        }
        let until = intake.shun_until();
        assert!(failed < until && until <= failed.after(Span::s(16)), "until one may try it");
        assert_eq!(intake.admit(until, &sale), Ok(()));
        assert!(until < intake.shun_until(), "while it is tried");
        let code = crate::provider::ResponseCode::APPROVED;
        let declined = ProviderOutcome::Declined { code, reference: Text::new(), chip: None };
        intake.observe(until, sale.kind, &ProviderResult::Outcome(declined));
        assert_eq!(intake.shun_until(), Moment(0), "it answered");
    }

    #[test]
    fn so_many_sales_a_second_leave_and_what_is_owed_always_does() {
        let sale = request(ProviderRequestKind::Authorize);
        let mut intake = Intake::new(usize::MAX, 20);
        let mut taken = 0;
        for ms in 0..10_000_u64 {
            let now = Moment(Span::s(5).0 + Span::ms(ms).0);
            match intake.admit(now, &sale) {
                Ok(()) => taken += 1,
                Err(refused) => assert_eq!(refused, Refused::TooFast),
            }
            assert_eq!(intake.admit(now, &request(ProviderRequestKind::Inquire)), Ok(()));
            assert_eq!(intake.admit(now, &request(ProviderRequestKind::Reverse)), Ok(()));
        }
        assert!((200..=202).contains(&taken), "{taken} in ten seconds");
        let mut free = Intake::new(usize::MAX, 0);
        assert!((0..1_000).all(|_| free.admit(Moment(1), &sale).is_ok()));
    }
}
