//! The end of the process when going on would be worse.

use std::fmt::Display;

use crate::exit::Exit;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A commit or its sync failed. What is on the disk is found out at the next start.
    Store,
    /// A row of the store cannot be read.
    Damage,
    /// A reactor cannot wait for its sockets any more.
    Reactor,
}

/// Says why and ends the process at once, without destructors: other threads are still running,
/// and none of them may acknowledge anything more.
pub(crate) fn fail_stop(what: Stop, error: &dyn Display) -> ! {
    let again = "start again to recover";
    let (place, cure) = match what {
        Stop::Store => ("the store failed", again),
        Stop::Damage => ("the store is damaged", "copy its directory, restore the last backup"),
        Stop::Reactor => ("a reactor failed", again),
    };
    tracing::error!(%error, "{place}: stopping; {cure}");
    eprintln!("tillgate: {place}, stopping: {error}; {cure}");
    signal_hook::low_level::exit(i32::from(Exit::Internal.code()))
}
