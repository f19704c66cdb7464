//! What handsets do as a whole; what happens to a crowd, and what it does.

use std::sync::Arc;

use crate::firmware::Delay;
use crate::terminal::UssdNote;
use crate::time::{Moment, Span};
use crate::ussdc::centre::{Status, Violation};
use crate::ussdc::handset::{Behaviour, Script};

/// What the handsets do.
#[derive(Clone)]
pub struct Load {
    /// What is dialled, `*123#`.
    pub code: String,
    pub script: Arc<Script>,
    pub behaviour: Behaviour,
    /// From the end of an owner's dialog to the next: closed load. `None`: owners dial when they are
    /// given to.
    pub pause: Option<Delay>,
    /// Whether owners read their first screen and answer nothing: dialogs are held open.
    pub holds: bool,
}

/// What happens to a crowd.
#[derive(Debug)]
pub enum Input<'a> {
    Opened {
        link: u32,
    },
    Received {
        link: u32,
        bytes: &'a [u8],
    },
    Closed {
        link: u32,
    },
    /// A closed load begins.
    Start,
    /// An owner dials, who meant to at `intended`.
    Dial {
        handset: u32,
        intended: Moment,
    },
    /// Nobody dials any more; the dialogs that are open go on.
    Stop,
    /// Owners hang up: those who have a screen now, the others with the next one.
    Leave,
    Tick,
}

/// What a crowd does.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    Send {
        link: u32,
        bytes: Vec<u8>,
    },
    Close {
        link: u32,
    },
    Bound {
        link: u32,
        system_id: String,
    },
    Unbound {
        link: u32,
    },
    /// A dialog is over; its handset is free.
    Dialog(Record),
    /// A text came, this long after it was asked for: step 0 is the first menu.
    Step {
        number: u8,
        took: Span,
    },
    /// Something about a terminal that sends frames.
    Terminal(UssdNote),
    /// A screen that no step of the script is about; its owner has hung up.
    NotUnderstood {
        handset: u32,
        text: String,
    },
    /// The application has broken a rule outside a dialog.
    Fault {
        link: u32,
        violation: Violation,
    },
}

/// A line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub handset: u32,
    pub number: u64,
    /// The session's key.
    pub key: u32,
    /// When it was meant to begin.
    pub begun: Moment,
    pub ended: Moment,
    /// Texts of the application.
    pub steps: u8,
    pub status: Status,
}
