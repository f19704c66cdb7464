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

use tillgate_store_core::ProviderOutcome;

use super::{ProviderRequest, ProviderRequestKind, ProviderResult, Refused};
use crate::time::{Moment, Span};

/// Sales without an answer, one after the other, before the breaker opens.
const FAILURES_MAX: u32 = 8;
const PAUSE_FIRST: Span = Span::s(1);
const PAUSE_LONGEST: Span = Span::s(16);

#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// Open until then; `None` while closed.
    until: Option<Moment>,
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
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MAX {
            let longer = Span(self.pause.0.saturating_mul(2));
            self.pause = longer.clamp(PAUSE_FIRST, PAUSE_LONGEST);
            self.until = Some(now.after(self.pause));
        }
    }

    /// Whether sales are held back.
    pub(super) fn is_open(&self) -> bool {
        self.until.is_some()
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

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES_MAX {
            assert_eq!(breaker.ask(Moment(0)), GO);
            breaker.silent(Moment(0));
        }
        breaker
    }

    #[test]
    fn sales_are_held_back_after_enough_silence_and_one_tries_after_the_pause() {
        let mut breaker = opened();
        assert!(breaker.is_open());
        assert_eq!(breaker.ask(Moment(1)), STAY);
        let later = Moment(0).after(PAUSE_FIRST);
        assert_eq!(breaker.ask(later), GO);
        assert_eq!(breaker.ask(later), STAY);
        breaker.answered();
        assert_eq!(breaker.ask(later), GO);
        assert!(!breaker.is_open());
    }

    #[test]
    fn the_pause_doubles_up_to_its_longest() {
        let mut breaker = opened();
        let mut now = Moment(0).after(PAUSE_FIRST);
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
        for _ in 0..3 * FAILURES_MAX {
            breaker.silent(Moment(0));
            breaker.silent(Moment(0));
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
        for _ in 0..2 * FAILURES_MAX {
            breaker.observe(Moment(0), ProviderRequestKind::Inquire, &ProviderResult::UNKNOWN);
        }
        assert!(!breaker.is_open());
    }
}
