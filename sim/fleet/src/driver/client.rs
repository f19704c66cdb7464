//! What the engine drives: anything with a terminal's four verbs.

use tillsim_core::terminal::{Input, Output, Terminal};
use tillsim_core::time::Moment;

/// One end of a connection that the engine opens, feeds and empties.
///
/// A trait, so that a bare echo is driven by the very same loop as the gateway: their difference is
/// then the gateway's, not the generator's.
pub trait Client: Send {
    /// Takes one input; [`Client::poll`] is drained afterwards.
    fn handle(&mut self, now: Moment, input: Input<'_>);
    /// The next thing to do.
    fn poll(&mut self) -> Option<Output<'_>>;
    /// When to come back with [`Input::Deadline`].
    fn deadline(&self) -> Option<Moment>;
    /// Requests sent whose outcome is not known.
    fn in_doubt(&self) -> u32;
}

impl Client for Terminal {
    fn handle(&mut self, now: Moment, input: Input<'_>) {
        Terminal::handle(self, now, input);
    }

    fn poll(&mut self) -> Option<Output<'_>> {
        Terminal::poll(self)
    }

    fn deadline(&self) -> Option<Moment> {
        Terminal::deadline(self)
    }

    fn in_doubt(&self) -> u32 {
        self.book().in_doubt()
    }
}
