//! A bridge's breaker: a provider that does not take sales is left alone for a while, so that
//! terminals receive 91 at once instead of waiting for it one after the other.
//!
//! ```text
//!            FAILURES_MAX sales in a row without an answer
//!   closed ─────────────────────────────────────────────────▶ open for a pause ◀──┐
//!     ▲                                                           │ pause over    │ no answer:
//!     └───────────────── answered ─────────────── one sale tries it ──────────────┘ twice the pause
//! ```
//!
//! Sales are held back, and lookups with them. Inquiries, reversals and advices always go out.
//!
//! Sales that become unknown together are one failure: a connection that is lost takes everything
//! with it that was in flight on it. While the breaker is open, failures count only as long as a
//! sale tries it, and once for each. A sale that the protocol has no form for says nothing.

use tillgate_store_core::ProviderOutcome;

use super::{ProviderRequest, ProviderRequestKind, ProviderResult, Refused};
use crate::time::{Moment, Span};

/// Sales without an answer, one after the other, before the breaker opens.
const FAILURES_MAX: u32 = 8;
/// From one sale whose becoming unknown counts to the next.
const FAILURE_EVERY: Span = Span::ms(50);
const PAUSE_FIRST: Span = Span::s(1);
const PAUSE_LONGEST: Span = Span::s(16);

#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// When the last one was counted.
    failed: Option<Moment>,
    /// Open until then; `None` while closed.
    until: Option<Moment>,
    /// A sale tries it.
    trying: bool,
    pause: Span,
}

impl Breaker {
    /// Asked before every request leaves for its queue. Of the sales that come after a pause, the
    /// first may go and the others are held back until its result is known, or another pause is
    /// over.
    ///
    /// # Errors
    /// The request is held back.
    pub(super) fn admit(&mut self, now: Moment, request: &ProviderRequest) -> Result<(), Refused> {
        match self.until {
            Some(until) if request.kind == ProviderRequestKind::Lookup && now < until => {
                Err(Refused::HeldBack)
            }
            Some(until) if request.kind == ProviderRequestKind::Authorize => {
                if now < until {
                    return Err(Refused::HeldBack);
                }
                self.until = Some(now.after(self.pause));
                self.trying = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A request that was admitted has its result.
    pub(super) fn observe(
        &mut self,
        now: Moment,
        kind: ProviderRequestKind,
        result: &ProviderResult,
    ) {
        use ProviderOutcome::{NotSent, Unknown};
        if kind != ProviderRequestKind::Authorize {
            return;
        }
        if !matches!(result, ProviderResult::Outcome(NotSent { .. } | Unknown)) {
            *self = Self::default();
            return;
        }
        let counts = match self.until {
            Some(_) => self.trying,
            // What never left was tried by itself.
            None if matches!(result, ProviderResult::Outcome(NotSent { .. })) => true,
            None => self.failed.is_none_or(|failed| now >= failed.after(FAILURE_EVERY)),
        };
        if !counts {
            return;
        }
        (self.failed, self.trying) = (Some(now), false);
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MAX {
            let longer = Span(self.pause.0.saturating_mul(2));
            self.pause = longer.clamp(PAUSE_FIRST, PAUSE_LONGEST);
            self.until = Some(now.after(self.pause));
        }
    }

    /// A request that was admitted says nothing about the provider.
    pub(super) fn pass_over(&mut self, now: Moment, kind: ProviderRequestKind) {
        if kind == ProviderRequestKind::Authorize && self.trying {
            (self.trying, self.until) = (false, Some(now));
        }
    }

    /// Whether sales are held back.
    pub(super) fn is_open(&self) -> bool {
        self.until.is_some()
    }

    /// Until when no sale may go; [`Moment::default`] while it is closed.
    pub(super) fn until(&self) -> Moment {
        self.until.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::request;

    const GO: Result<(), Refused> = Ok(());
    const STAY: Result<(), Refused> = Err(Refused::HeldBack);

    impl Breaker {
        fn ask(&mut self, now: Moment) -> Result<(), Refused> {
            self.admit(now, &request(ProviderRequestKind::Authorize))
        }

        fn answered(&mut self) {
            self.observe(Moment(0), ProviderRequestKind::Authorize, &ProviderResult::Pending);
        }

        fn silent(&mut self, now: Moment) {
            self.observe(now, ProviderRequestKind::Authorize, &ProviderResult::UNKNOWN);
        }
    }

    /// When the failure of this number comes, so that it counts.
    fn at(number: u32) -> Moment {
        Moment(u64::from(number) * FAILURE_EVERY.0)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for number in 1..=FAILURES_MAX {
            assert_eq!(breaker.ask(at(number)), GO);
            breaker.silent(at(number));
        }
        breaker
    }

    #[test]
    fn what_was_in_flight_on_one_lost_connection_is_one_failure() {
        let mut breaker = Breaker::default();
        for _ in 0..10 * FAILURES_MAX {
            breaker.silent(Moment(7));
        }
        assert!(!breaker.is_open());
        // Nor does what left before it opened make its pause longer.
        let mut breaker = opened();
        for _ in 0..10 * FAILURES_MAX {
            breaker.silent(at(FAILURES_MAX + 1));
        }
        assert_eq!(breaker.ask(at(FAILURES_MAX).after(PAUSE_FIRST)), GO);
    }

    #[test]
    fn sales_are_held_back_after_enough_silence_and_one_tries_after_the_pause() {
        let mut breaker = opened();
        assert!(breaker.is_open());
        assert_eq!(breaker.ask(at(FAILURES_MAX)), STAY);
        let later = at(FAILURES_MAX).after(PAUSE_FIRST);
        assert_eq!(breaker.ask(later), GO);
        assert_eq!(breaker.ask(later), STAY);
        breaker.answered();
        assert_eq!(breaker.ask(later), GO);
        assert!(!breaker.is_open());
    }

    #[test]
    fn a_sale_without_a_form_neither_closes_it_nor_uses_up_the_trial() {
        let mut breaker = opened();
        let later = at(FAILURES_MAX).after(PAUSE_FIRST);
        assert_eq!(breaker.ask(later), GO);
        breaker.pass_over(later, ProviderRequestKind::Authorize);
        assert!(breaker.is_open());
        assert_eq!(breaker.ask(later), GO, "the next one tries it");
        assert_eq!(breaker.ask(later), STAY);
        let mut breaker = Breaker::default();
        for number in 1..=FAILURES_MAX {
            breaker.pass_over(at(number), ProviderRequestKind::Authorize);
            breaker.silent(at(number));
        }
        assert!(breaker.is_open(), "nor is it an answer between two failures");
    }

    #[test]
    fn the_pause_doubles_up_to_its_longest() {
        let mut breaker = opened();
        let mut now = at(FAILURES_MAX).after(PAUSE_FIRST);
        for _ in 0..10 {
            assert_eq!(breaker.ask(now), GO);
            breaker.silent(now);
            now = now.after(PAUSE_LONGEST);
        }
        assert_eq!(breaker.ask(now), GO);
        breaker.silent(now);
        assert_eq!(breaker.ask(Moment(now.0 + PAUSE_LONGEST.0 - 1)), STAY);
        assert_eq!(breaker.ask(now.after(PAUSE_LONGEST)), GO);
    }

    #[test]
    fn an_answer_in_between_keeps_it_closed() {
        let mut breaker = Breaker::default();
        for number in 0..3 * FAILURES_MAX {
            breaker.silent(at(2 * number));
            breaker.silent(at(2 * number + 1));
            breaker.answered();
        }
        assert_eq!(breaker.ask(Moment(0)), GO);
    }

    #[test]
    fn only_sales_are_held_back_and_only_they_count() {
        let mut breaker = opened();
        for kind in [
            ProviderRequestKind::Inquire,
            ProviderRequestKind::Reverse,
            ProviderRequestKind::Advise,
        ] {
            assert_eq!(breaker.admit(Moment(1), &request(kind)), GO);
            breaker.observe(Moment(1), kind, &ProviderResult::Pending);
        }
        assert!(breaker.is_open(), "an answer to an inquiry does not close it");
        let mut breaker = Breaker::default();
        for number in 0..2 * FAILURES_MAX {
            breaker.observe(at(number), ProviderRequestKind::Inquire, &ProviderResult::UNKNOWN);
        }
        assert!(!breaker.is_open());
    }
}
