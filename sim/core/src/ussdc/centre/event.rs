//! What happens to a centre, and what it does.

use super::{Status, Violation};

/// What happens to a centre.
#[derive(Debug)]
pub enum Input<'a> {
    /// An application has connected.
    Opened {
        link: u32,
    },
    Received {
        link: u32,
        bytes: &'a [u8],
    },
    /// The connection is gone.
    Closed {
        link: u32,
    },
    /// A subscriber dials.
    Dial {
        handset: u32,
        dialled: &'a str,
    },
    /// A subscriber answers a menu.
    Answer {
        handset: u32,
        text: &'a str,
    },
    /// A subscriber answers a menu, and the network is gone at once.
    LastAnswer {
        handset: u32,
        text: &'a str,
    },
    /// A subscriber ends the dialog.
    HangUp {
        handset: u32,
    },
    /// The network loses a subscriber.
    Drop {
        handset: u32,
    },
    /// A deadline may have come.
    Tick,
}

/// What a centre does.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    Send {
        link: u32,
        bytes: Vec<u8>,
    },
    /// What was sent before is to be flushed first.
    Close {
        link: u32,
    },
    /// An application has bound, or a bound one is gone.
    Bound {
        link: u32,
        system_id: String,
    },
    Unbound {
        link: u32,
    },
    /// A text that wants an answer, in a dialog.
    Screen {
        handset: u32,
        text: String,
    },
    /// The last text of a dialog.
    Last {
        handset: u32,
        text: String,
    },
    /// A text beside any dialog: a notification or a short message.
    Notice {
        handset: u32,
        text: String,
    },
    /// A dialog is over.
    Over {
        handset: u32,
        key: u32,
        status: Status,
    },
    /// The application has broken a rule outside a dialog.
    Fault {
        link: u32,
        violation: Violation,
    },
}

/// What a centre counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages of the application refused as too many.
    pub throttled: u64,
    /// Texts that crossed the end of their dialog.
    pub late: u64,
    /// Dialogs that the application has begun.
    pub by_network: u64,
    pub notices: u64,
    pub received_pdus: u64,
    pub sent_pdus: u64,
}
