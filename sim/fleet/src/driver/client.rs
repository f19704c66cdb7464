//! What the engine drives: anything with a terminal's four verbs.

use tillsim_core::iso_terminal::IsoTerminal;
use tillsim_core::sales_log::SalesLog;
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
    /// Where it connects, and what it is counted under.
    fn kind(&self) -> ClientKind {
        ClientKind::Sealed
    }
}

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// The sealed link, or whatever is served at its address.
    Sealed,
    /// ISO 8583, to a listener.
    Iso8583,
}

/// A terminal of either kind.
pub enum PointOfSale {
    /// Of ours.
    Sealed(Box<Terminal>),
    /// Of another maker.
    Iso(Box<IsoTerminal>),
}

impl PointOfSale {
    /// What the merchant saw.
    #[must_use]
    pub fn book(&self) -> &SalesLog {
        match self {
            Self::Sealed(terminal) => terminal.book(),
            Self::Iso(terminal) => terminal.book(),
        }
    }
}

impl Client for PointOfSale {
    fn handle(&mut self, now: Moment, input: Input<'_>) {
        match self {
            Self::Sealed(terminal) => terminal.handle(now, input),
            Self::Iso(terminal) => {
                let is_stopped = matches!(input, Input::Stop);
                terminal.handle(now, input);
                if is_stopped {
                    terminal.connect_now(now);
                }
            }
        }
    }

    fn poll(&mut self) -> Option<Output<'_>> {
        match self {
            Self::Sealed(terminal) => terminal.poll(),
            Self::Iso(terminal) => terminal.poll(),
        }
    }

    fn deadline(&self) -> Option<Moment> {
        match self {
            Self::Sealed(terminal) => terminal.deadline(),
            Self::Iso(terminal) => terminal.deadline(),
        }
    }

    fn in_doubt(&self) -> u32 {
        self.book().in_doubt()
    }

    fn kind(&self) -> ClientKind {
        match self {
            Self::Sealed(_) => ClientKind::Sealed,
            Self::Iso(_) => ClientKind::Iso8583,
        }
    }
}
