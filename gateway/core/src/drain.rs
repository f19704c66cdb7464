//! The order of going down: reactors first, so that nothing new comes; then the writer, once
//! nobody asks any more or the time is over; then the rest.
//!
//! ```text
//!   begin ─▶ reactors drain ──all done──▶ writer drains ──done──▶ stop: fully
//!                  │ deadline                  │ deadline
//!                  └─▶ reactors stop ──────────┴─────────────────▶ stop: partly
//! ```

use crate::limits::{DRAIN_GRACE, WRITER_GRACE};
use crate::time::{Moment, Span};

/// How the gateway went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every answer left.
    Fully,
    /// The deadline came first; what was in flight is recovered at the next start.
    Partly,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Wait for the reactors, or for the deadline.
    Reactors,
    /// The reactors stop at once, whatever they have; then as [`Step::DrainWriter`].
    StopReactors,
    /// Nobody asks any more: the writer finishes what it has and says so.
    DrainWriter,
    /// Wait for the writer, or for the deadline.
    Writer,
    /// The writer closes the store and everything ends.
    Stop(Drained),
}

#[derive(Clone, Copy, Debug)]
pub struct WayDown {
    reactors: usize,
    deadline: Moment,
    step: Step,
    drained: Drained,
}

impl WayDown {
    /// The gateway is ordered to end; `reactors` are ordered to drain. Answers that are due within
    /// `answer` are waited for, and [`DRAIN_GRACE`] more.
    #[must_use]
    pub fn begin(now: Moment, answer: Span, reactors: usize) -> Self {
        let deadline = now.after(answer).after(DRAIN_GRACE);
        let drained = Drained::Fully;
        let mut way = Self { reactors, deadline, step: Step::Reactors, drained };
        way.look(now);
        way
    }

    /// What to do now.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Until when the present step is waited for.
    #[must_use]
    pub fn deadline(&self) -> Moment {
        self.deadline
    }

    /// A reactor has ended.
    pub fn reactor_done(&mut self, now: Moment) {
        self.reactors = self.reactors.saturating_sub(1);
        self.look(now);
    }

    /// The writer has been ordered to drain, as [`Step::DrainWriter`] or [`Step::StopReactors`]
    /// say.
    pub fn writer_asked(&mut self, now: Moment) {
        self.deadline = self.deadline.max(now.after(WRITER_GRACE));
        self.step = Step::Writer;
    }

    /// Nobody waits for an answer of the writer.
    pub fn writer_done(&mut self) {
        self.step = Step::Stop(self.drained);
    }

    /// Looks at the time.
    pub fn look(&mut self, now: Moment) {
        let late = self.deadline <= now;
        self.step = match self.step {
            Step::Reactors if self.reactors == 0 => Step::DrainWriter,
            Step::Reactors if late => {
                self.drained = Drained::Partly;
                Step::StopReactors
            }
            Step::Writer if late => Step::Stop(Drained::Partly),
            step => step,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_000_000_000);
    const ANSWER: Span = Span::s(10);

    fn late() -> Moment {
        NOW.after(ANSWER).after(DRAIN_GRACE)
    }

    #[test]
    fn the_writer_is_not_asked_before_every_reactor_is_done() {
        let mut way = WayDown::begin(NOW, ANSWER, 2);
        way.reactor_done(NOW);
        assert_eq!(way.step(), Step::Reactors);
        way.reactor_done(NOW);
        assert_eq!(way.step(), Step::DrainWriter);
        way.writer_asked(NOW);
        way.look(NOW);
        assert_eq!(way.step(), Step::Writer);
        way.writer_done();
        assert_eq!(way.step(), Step::Stop(Drained::Fully));
    }

    #[test]
    fn reactors_that_do_not_end_are_stopped_and_the_writer_still_gets_a_second() {
        let mut way = WayDown::begin(NOW, ANSWER, 1);
        way.look(Moment(late().0 - 1));
        assert_eq!(way.step(), Step::Reactors);
        way.look(late());
        assert_eq!(way.step(), Step::StopReactors);
        way.writer_asked(late());
        way.look(late());
        assert_eq!((way.step(), way.deadline()), (Step::Writer, late().after(WRITER_GRACE)));
        way.writer_done();
        assert_eq!(way.step(), Step::Stop(Drained::Partly), "some answers did not leave");
    }

    #[test]
    fn a_writer_that_does_not_end_is_not_waited_for_beyond_the_deadline() {
        let mut way = WayDown::begin(NOW, ANSWER, 0);
        assert_eq!(way.step(), Step::DrainWriter);
        way.writer_asked(NOW);
        way.look(late());
        assert_eq!(way.step(), Step::Stop(Drained::Partly));
    }
}
