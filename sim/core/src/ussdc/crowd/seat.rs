//! One owner's time.

use crate::limits::HANDSET_BYTES_MAX;
use crate::time::Moment;
use crate::ussdc::centre;
use crate::ussdc::handset::Handset;
use crate::ussdc::short::Short;

/// Where an owner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Free,
    /// The next dialog is due.
    Pausing,
    /// For the application.
    Waiting,
    Typing {
        dropped_ms: Option<u16>,
    },
    /// A screen is read, and nothing is typed.
    Holding,
    HangingUp,
    Dropping,
}

/// One owner's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    pub(super) phase: Phase,
    pub(super) steps: u8,
    /// When the phase ends, if it does of itself.
    pub(super) due: Moment,
    /// When the text that is waited for was asked for.
    pub(super) since: Moment,
    pub(super) begun: Moment,
    pub(super) text: Short,
}

const _: () = {
    let timers = 2 * 2 * size_of::<Option<Moment>>() + 2 * size_of::<(Moment, u32)>();
    let bytes = size_of::<Handset>() + size_of::<Seat>() + centre::DIALOG_BYTES + timers;
    assert!(bytes <= HANDSET_BYTES_MAX);
};
