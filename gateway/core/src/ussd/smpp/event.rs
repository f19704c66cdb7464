//! What goes into a [`super::SmppLink`] and what comes out of it.

use std::fmt;

use strum::{IntoStaticStr, VariantArray};
use tillgate_codec::smpp::CommandStatus;

use super::super::dialog::{DialogEvent, Say};
use super::super::limits::STATUSES_MAX;

/// One attempt at one of the link's connections. Events about an earlier attempt are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    /// 0, or 1 for the receiver of a pair.
    pub index: usize,
    /// Counted from 1.
    pub attempt: u32,
}

/// One thing that happened.
pub enum Input<'a> {
    /// The connection is open, and secured if it is to be.
    Connected(Connection),
    /// It could not be opened, or has ended.
    Lost(Connection),
    /// Octets of one read, at most [`READ_BYTES_MAX`](super::super::limits::READ_BYTES_MAX).
    Received(Connection, &'a [u8]),
    /// The shell holds more unsent octets for it than its limits allow.
    Overflowed(Connection),
    /// Something to say in a dialog of this link.
    Say(Say<'a>),
    /// The moment that [`super::SmppLink::deadline`] named has come.
    Deadline,
    /// Nothing new is to be said; unbind and close once all that was said has its result.
    Drain,
}

/// One thing to do.
pub enum Output<'a> {
    /// Open a connection to the centre, without delay of small writes (`TCP_NODELAY`).
    Connect(Connection),
    /// Write these octets, in this order.
    Send(Connection, &'a [u8]),
    /// Flush what is queued if the socket takes it at once, then close. Nothing more is reported
    /// about it.
    Close(Connection),
    /// For the owner of the dialogs.
    Event(DialogEvent<'a>),
}

/// Where a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum LinkState {
    /// Closed for good, after a drain.
    Closed,
    /// Between two attempts.
    Waiting,
    Connecting,
    Binding,
    Unbinding,
    /// Bound, and the centre throttles.
    Throttled,
    Bound,
}

impl LinkState {
    /// Every state, for the metrics table.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.into()
    }
}

/// Why a link was closed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownReason {
    Unreachable,
    EndedByCentre,
    BindRefused(CommandStatus),
    BindUnanswered,
    EnquireUnanswered,
    InvalidLength,
    UnboundByCentre,
    NotReading,
    Drained,
}

impl fmt::Display for DownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("the connection cannot be opened"),
            Self::EndedByCentre => f.write_str("the centre has ended the connection"),
            Self::BindRefused(status) => {
                write!(f, "the centre refuses the bind with {status} ({:#010x})", status.0)
            }
            Self::BindUnanswered => f.write_str("the bind has no answer"),
            Self::EnquireUnanswered => f.write_str("the enquire_link has no answer"),
            Self::InvalidLength => f.write_str("a PDU with an impossible command_length"),
            Self::UnboundByCentre => f.write_str("the centre has unbound"),
            Self::NotReading => f.write_str("the centre does not read"),
            Self::Drained => f.write_str("the gateway goes down"),
        }
    }
}

/// A link, for operators.
#[derive(Clone, Debug)]
pub struct SmppStatus {
    pub state: LinkState,
    /// Why it was closed last; stays while it is bound again.
    pub down: Option<DownReason>,
    /// Texts without an answer.
    pub in_flight: usize,
    /// Texts that were not sent yet.
    pub waiting: usize,
    /// The centre's load as it says it, 0 to 100.
    pub congestion: Option<u8>,
    pub stats: SmppStats,
}

/// Counters of a link since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SmppStats {
    pub binds: u64,
    pub begins: u64,
    pub inputs: u64,
    /// Dialogs that subscriber or network have ended.
    pub aborts: u64,
    /// Last texts that the centre has accepted.
    pub ends: u64,
    /// Texts that were sent, repeats included.
    pub submits: u64,
    pub accepted: u64,
    pub throttled: u64,
    pub late: u64,
    pub unknown: u64,
    pub unsayable: u64,
    /// Requests of the centre that could not be read, or are of no dialog that can be named.
    pub unparsable: u64,
    /// Messages that belong to no dialog: receipts, short messages, operations that are not known.
    pub ignored: u64,
    /// Answers to nothing.
    pub unmatched: u64,
    pub refused: Refusals,
}

/// How often the centre has refused a text, by its status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    rows: [(u32, u64); STATUSES_MAX],
    pub others: u64,
}

impl Refusals {
    pub(super) fn count(&mut self, status: CommandStatus) {
        let row = self.rows.iter_mut().find(|(known, count)| *known == status.0 || *count == 0);
        match row {
            Some(row) => *row = (status.0, row.1 + 1),
            None => self.others += 1,
        }
    }

    /// Statuses with their counts.
    pub fn rows(&self) -> impl Iterator<Item = (CommandStatus, u64)> + '_ {
        let used = self.rows.iter().filter(|(_, count)| *count > 0);
        used.map(|(status, count)| (CommandStatus(*status), *count))
    }
}
