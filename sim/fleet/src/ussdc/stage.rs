//! The stages of a run: from the first bind to the last dialog.

use tillsim_core::time::{Moment, Span};
use tillsim_core::ussdc::crowd::Input;

use super::engine::Engine;

/// How long open dialogs may go on once nobody dials any more; then their subscribers hang up.
const DRAIN: Span = Span::s(20);
/// More than the time that the application has for its last text, for what ends the dialog then.
const MARGIN: Span = Span::s(2);
/// How long terminals may take to resolve their doubts after that.
const DOUBTS: Span = Span::s(60);

/// What the run is at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// No application has bound yet.
    Waiting,
    Running,
    /// Nobody dials any more.
    Draining,
    /// Nobody answers any more.
    Leaving,
}

impl Engine {
    /// Goes on to the next stage when it is time; whether the run is over.
    pub(super) fn is_over(&mut self, now: Moment, interrupts: usize) -> bool {
        if self.stage == Stage::Running && (interrupts > 0 || self.ends.is_some_and(|at| at <= now))
        {
            self.driven.interrupted = interrupts > 0;
            self.finish();
            self.stage = Stage::Draining;
            self.crowd.handle(now, Input::Stop);
            self.callers.stop();
            self.outputs();
            // Those who hold a dialog wait for nothing.
            self.ends = Some(if self.plan.load.holds { now } else { now.after(DRAIN) });
        }
        if self.stage == Stage::Draining && self.ends.is_some_and(|at| at <= now) {
            self.crowd.handle(now, Input::Leave);
            self.outputs();
            self.stage = Stage::Leaving;
            let application = now.after(self.plan.settings.application).after(MARGIN);
            let has_terminals = self.plan.settings.terminals.is_some();
            self.ends =
                Some(if has_terminals { application.max(now.after(DOUBTS)) } else { application });
        }
        match self.stage {
            Stage::Waiting => {
                let waited = self.plan.wait.is_some_and(|wait| now >= Moment(wait.0));
                interrupts > 0 || waited
            }
            Stage::Running => false,
            Stage::Draining => self.crowd.is_done() || interrupts > 1,
            Stage::Leaving => {
                let is_late = self.ends.is_some_and(|at| at <= now);
                self.crowd.is_done() || is_late || interrupts > 1
            }
        }
    }
}
