//! What goes into [`super::Dialogs`] and what comes out of it.

use arrayvec::ArrayString;
use tillgate_store_core::TerminalId;
use tillgate_types::{BusinessDate, Moment, Msisdn, Span, UnixMillis};

use crate::id::SessionId;
use crate::processing::{Datagram, DatagramRefusal, Effect, HandsetAsk, HandsetOrigin, Opening};
use crate::transaction::Origin;
pub use crate::ussd::frames::FrameStats;
use crate::ussd::limits::SERVICE_CODE_BYTES_MAX;
use crate::ussd::{DialogEvent, EndReason, Say};

/// When something happens, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    /// For deadlines.
    pub now: Moment,
    /// For business dates.
    pub wall: UnixMillis,
}

/// One thing that happened.
pub enum Input<'a> {
    /// A link has seen something.
    Event {
        /// Its place among the links.
        link: u16,
        event: DialogEvent<'a>,
    },
    /// The one answer to one [`Output::Request`]; an empty body says that the dialog has to end.
    Replied {
        session: SessionId,
        /// What a terminal of the sealed link would receive.
        body: &'a [u8],
        /// What it means for the dialog.
        effect: Effect,
    },
    /// The one outcome of one [`Output::Datagram`]; if it was opened, its one [`Self::Replied`]
    /// follows.
    Opened { session: SessionId, result: Result<Box<Opening>, DatagramRefusal> },
    /// The moment that [`super::Dialogs::deadline`] named has come.
    Deadline,
    /// Begin nothing new; finish what was asked.
    Drain,
}

/// One thing to do.
pub enum Output<'a> {
    /// For a link.
    Say {
        /// Its place among the links.
        link: u16,
        say: Say<'a>,
    },
    /// For the pool: [`crate::processing::decode_handset`]. Exactly one [`Input::Replied`] comes back.
    Request { origin: Origin, from: HandsetOrigin, ask: HandsetAsk<'a> },
    /// For the pool: [`crate::processing::open_datagram`]. Exactly one [`Input::Opened`] comes back.
    Datagram(Datagram<'a>),
    /// For the log: a dialog is over for its subscriber.
    Over(DialogRecord),
}

/// What is kept of a dialog: a record for bills and complaints, without what was typed or shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogRecord {
    pub msisdn: Msisdn,
    /// The place of its link.
    pub link: u16,
    pub service_code: ArrayString<SERVICE_CODE_BYTES_MAX>,
    /// `None`: the number is no handset.
    pub terminal: Option<TerminalId>,
    pub took: Span,
    /// Texts that were said.
    pub screens: u16,
    /// The last sale that was ordered in it.
    pub sale: Option<(BusinessDate, u32)>,
    pub why: EndReason,
}

/// Counters since the start, and gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DialogStats {
    /// Dialogs now, with those whose subscriber is gone and whose sale is not answered yet.
    pub open: u32,
    /// Of these, those that nobody sees any more.
    pub unseen: u32,
    pub begins: u64,
    pub inputs: u64,
    /// Requests that went to the pool.
    pub requests: u64,
    /// Begins that came again.
    pub redelivered: u64,
    /// Inputs of dialogs that are not known.
    pub strays: u64,
    /// Receipts that went after their dialog.
    pub notified: u64,
    /// Receipts of ended dialogs that no link could carry.
    pub not_notified: u64,
    /// Of dialogs with terminals.
    pub frames: FrameStats,
    /// Ends by [`EndReason::ALL`]'s order.
    pub ended: [u64; EndReason::ALL.len()],
}

impl DialogStats {
    pub(super) fn count_end(&mut self, why: EndReason) {
        let place = EndReason::ALL.iter().position(|reason| *reason == why);
        self.ended[place.expect("ALL lists every reason")] += 1;
    }
}
