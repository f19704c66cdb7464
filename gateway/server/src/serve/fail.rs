//! The end of the process when going on would be worse.

use std::fmt::Display;

use crate::exit::Exit;

/// What cannot go on.
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
    let place = match what {
        Stop::Store => "store",
        Stop::Damage => "store (it is damaged: copy it, restore the last backup)",
        Stop::Reactor => "reactor",
    };
    tracing::error!(%error, "{place} failed: stopping; start again to recover");
    eprintln!("tillgate: {place} failed, stopping: {error}");
    signal_hook::low_level::exit(i32::from(Exit::Internal.code()))
}
