//! A bridge's breaker: a provider that does not take orders is left alone for a while, so that
//! terminals hear 91 at once instead of waiting for it one after the other.
//!
//! ```text
//!            FAILURES_MAX orders in a row without an answer
//!   closed ─────────────────────────────────────────────────▶ open for a pause ◀──┐
//!     ▲                                                           │ pause over    │ silence again:
//!     └───────────────── answered ─────────────── one order tries it ─────────────┘ twice the pause
//! ```
//!
//! Only orders are held back. Inquiries always go out: what is unknown wants to be known.

use std::sync::Mutex;
use std::sync::PoisonError;

use tillgate_core::time::{Moment, Span};

/// Orders without an answer, one after the other, before the breaker opens.
const FAILURES_MAX: u32 = 8;
const PAUSE_FIRST: Span = Span::s(1);
const PAUSE_LONGEST: Span = Span::s(16);

/// Shared by the writer, which asks, and the lines, which report.
#[derive(Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// Open until then; `None` while closed.
    until: Option<Moment>,
    pause: Span,
}

/// Whether an order may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    Go,
    Stay,
}

impl Breaker {
    /// Asked before every order. Of those that come after a pause, the first may go and the
    /// others stay until it is known what became of it, or another pause is over.
    pub(super) fn ask(&self, now: Moment) -> Leave {
        let mut state = self.lock();
        match state.until {
            None => Leave::Go,
            Some(until) if now < until => Leave::Stay,
            Some(_) => {
                state.until = Some(now.after(state.pause));
                Leave::Go
            }
        }
    }

    /// The provider has answered an order, with whatever result.
    pub(super) fn answered(&self) {
        *self.lock() = State::default();
    }

    /// An order was not taken, or nothing was heard of it.
    pub(super) fn silent(&self, now: Moment) {
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES_MAX {
            let longer = Span(state.pause.0.saturating_mul(2));
            state.pause = longer.clamp(PAUSE_FIRST, PAUSE_LONGEST);
            state.until = Some(now.after(state.pause));
        }
    }

    /// Whether orders are held back.
    pub(super) fn is_open(&self) -> bool {
        self.lock().until.is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..FAILURES_MAX {
            assert_eq!(breaker.ask(Moment(0)), Leave::Go);
            breaker.silent(Moment(0));
        }
        breaker
    }

    #[test]
    fn orders_stay_after_enough_silence_and_one_tries_after_the_pause() {
        let breaker = opened();
        assert!(breaker.is_open());
        assert_eq!(breaker.ask(Moment(1)), Leave::Stay);
        let later = Moment(0).after(PAUSE_FIRST);
        assert_eq!(breaker.ask(later), Leave::Go);
        assert_eq!(breaker.ask(later), Leave::Stay);
        breaker.answered();
        assert_eq!(breaker.ask(later), Leave::Go);
        assert!(!breaker.is_open());
    }

    #[test]
    fn the_pause_doubles_up_to_its_longest() {
        let breaker = opened();
        let mut now = Moment(0).after(PAUSE_FIRST);
        for _ in 0..10 {
            assert_eq!(breaker.ask(now), Leave::Go);
            breaker.silent(now);
            now = now.after(PAUSE_LONGEST);
        }
        assert_eq!(breaker.ask(now), Leave::Go);
        breaker.silent(now);
        assert_eq!(breaker.ask(Moment(now.0 + PAUSE_LONGEST.0 - 1)), Leave::Stay);
        assert_eq!(breaker.ask(now.after(PAUSE_LONGEST)), Leave::Go);
    }

    #[test]
    fn an_answer_in_between_keeps_it_closed() {
        let breaker = Breaker::default();
        for _ in 0..3 * FAILURES_MAX {
            breaker.silent(Moment(0));
            breaker.silent(Moment(0));
            breaker.answered();
        }
        assert_eq!(breaker.ask(Moment(0)), Leave::Go);
    }
}
