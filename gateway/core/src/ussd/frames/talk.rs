//! One dialog with a terminal.

use tillgate_codec::link::datagram::Parts;
use tillgate_codec::ussd::armour::Form;
use tillgate_store_core::TerminalId;
use tillgate_types::{Moment, Span};

use crate::processing::Opening;
use crate::ussd::dialogs::{DialogLink, DialogRecord};
use crate::ussd::limits::TERMINAL_DIALOG_BYTES_MAX;
use crate::ussd::{DialogAddress, EndReason};

pub(super) struct Talk {
    pub(super) at: DialogAddress,
    pub(super) link: u16,
    /// Of its link.
    pub(super) answer: Span,
    /// Bytes of a frame that its link carries.
    pub(super) frame_bytes: usize,
    /// Of what was dialled.
    pub(super) dialled: u64,
    /// Of what was typed last.
    pub(super) typed: u64,
    /// Of the last request.
    pub(super) request: u64,
    pub(super) began: Moment,
    /// When the terminal last sent something.
    pub(super) received: Moment,
    /// When to look at it.
    pub(super) due: Moment,
    /// The earliest timer that will.
    pub(super) armed: Moment,
    /// Texts that were said.
    pub(super) texts: u16,
    /// Whether the centre has the last of them, or never will.
    pub(super) is_taken: bool,
    /// Number of the request that waits.
    pub(super) turn: u32,
    /// Whether it is the last of the dialog.
    pub(super) is_last: bool,
    /// The part of the reply that was asked for last.
    pub(super) part: u8,
    pub(super) phase: Phase,
    /// The reply, of which the terminal may ask for parts.
    pub(super) held: Option<Parts>,
    /// Whose request was opened last.
    pub(super) terminal: Option<TerminalId>,
}

// With keys and answer of the request that waits, and places in tables.
const _: () = assert!(
    size_of::<Talk>() + size_of::<Opening>() + LATE_BYTES + TABLES_BYTES
        <= TERMINAL_DIALOG_BYTES_MAX
);
/// An answer that says "in progress".
const LATE_BYTES: usize = 48;
/// Slot, entry of the subscriber and timer.
const TABLES_BYTES: usize = 96;

pub(super) enum Phase {
    /// The terminal may send something.
    Listening,
    /// The pool opens a request.
    Opening,
    /// The request is asked.
    Asking(Box<Opening>),
}

impl Phase {
    pub(super) fn is_asking(&self) -> bool {
        matches!(self, Self::Opening | Self::Asking(_))
    }
}

impl Talk {
    pub(super) fn new(
        now: Moment,
        (link, of): (u16, &DialogLink),
        address: &DialogAddress,
        dialled: u64,
    ) -> Self {
        Self {
            at: address.clone(),
            link,
            answer: of.answer,
            frame_bytes: Form::Text.frame_bytes_max(of.room.septets).unwrap_or(0),
            dialled,
            typed: 0,
            request: 0,
            began: now,
            received: now,
            due: Moment(u64::MAX),
            armed: Moment(u64::MAX),
            texts: 0,
            is_taken: false,
            turn: 0,
            is_last: false,
            part: 0,
            phase: Phase::Listening,
            held: None,
            terminal: None,
        }
    }

    pub(super) fn is_at(&self, link: u16, address: &DialogAddress) -> bool {
        self.link == link && self.at.key == address.key
    }

    pub(super) fn has_part(&self, index: u8) -> bool {
        self.held.as_ref().is_some_and(|parts| index <= parts.last())
    }

    pub(super) fn record(&self, now: Moment, why: EndReason) -> DialogRecord {
        DialogRecord {
            msisdn: self.at.msisdn,
            link: self.link,
            service_code: self.at.service_code,
            terminal: self.terminal,
            took: now.since(self.began),
            screens: self.texts,
            sale: None,
            why,
        }
    }
}
