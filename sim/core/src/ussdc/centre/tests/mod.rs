//! The centre against a bare application in memory.

mod links;
mod profiles;
mod rules;

use std::sync::Arc;

use tillgate_codec::smpp::{CommandId, CommandStatus, Header};

use super::{Centre, Input, Output, Settings, Status, Violation};
use crate::time::{Moment, Span};
use crate::ussdc::responder::Responder;
use crate::ussdc::short::Short;
use crate::ussdc::subscribers::Subscribers;
use crate::ussdc::variant::Variant;

pub(super) const FIRST: u64 = 254_700_000_001;
pub(super) const MENU: &str = "1. Airtime\n2. Balance";
pub(super) const LAST: &str = "Approved. Ref: 17A";

/// A centre, and an application on link 1.
pub(super) struct Pair {
    pub(super) centre: Centre,
    pub(super) application: Responder,
    pub(super) now: Moment,
    /// What the centre did, beside sending.
    pub(super) seen: Vec<Output>,
    /// Command and status of what the centre sent.
    pub(super) sent: Vec<(CommandId, CommandStatus)>,
}

pub(super) fn settings(variant: Variant) -> Settings {
    let numbers = (FIRST..FIRST + 8).map(|number| (number, Short::default()));
    Settings::new(variant, Arc::new(Subscribers::new(numbers)), "123")
}

impl Pair {
    pub(super) fn new(settings: Settings) -> Self {
        let application = Responder::new(settings.variant.clone(), MENU, LAST);
        let centre = Centre::new(settings, 1);
        let (seen, sent) = (Vec::new(), Vec::new());
        let mut pair = Self { centre, application, now: Moment(1), seen, sent };
        pair.centre.handle(pair.now, Input::Opened { link: 1 });
        pair
    }

    pub(super) fn bound(settings: Settings) -> Self {
        let mut pair = Self::new(settings);
        pair.application.bind("shop", "secret");
        pair.settle();
        assert!(matches!(pair.seen[..], [Output::Bound { .. }]), "{:?}", pair.seen);
        pair.seen.clear();
        pair.sent.clear();
        pair
    }

    /// Lets both sides say what they have to say.
    pub(super) fn settle(&mut self) {
        loop {
            let octets = self.application.sent();
            let is_quiet = octets.is_empty();
            if !is_quiet {
                self.centre.handle(self.now, Input::Received { link: 1, bytes: &octets });
            }
            let sent = self.drain();
            assert!(self.application.receive(&sent));
            if is_quiet && sent.is_empty() {
                return;
            }
        }
    }

    /// Takes the centre's outputs; gives what it sends.
    pub(super) fn drain(&mut self) -> Vec<u8> {
        let mut sent = Vec::new();
        while let Some(output) = self.centre.poll() {
            match output {
                Output::Send { bytes, .. } => {
                    note(&bytes, &mut self.sent);
                    sent.extend(bytes);
                }
                output => self.seen.push(output),
            }
        }
        sent
    }

    pub(super) fn give(&mut self, input: Input<'_>) {
        self.centre.handle(self.now, input);
        self.settle();
    }

    pub(super) fn wait(&mut self, span: Span) {
        self.now = self.now.after(span);
        self.give(Input::Tick);
    }

    pub(super) fn dial(&mut self, handset: u32) {
        self.give(Input::Dial { handset, dialled: "*123#" });
    }

    /// How dialogs ended, oldest first.
    pub(super) fn statuses(&self) -> Vec<Status> {
        let status = |output: &Output| match output {
            Output::Over { status, .. } => Some(*status),
            _ => None,
        };
        self.seen.iter().filter_map(status).collect()
    }

    pub(super) fn faults(&self) -> Vec<Violation> {
        let fault = |output: &Output| match output {
            Output::Fault { violation, .. } => Some(*violation),
            _ => None,
        };
        self.seen.iter().filter_map(fault).collect()
    }
}

fn note(bytes: &[u8], sent: &mut Vec<(CommandId, CommandStatus)>) {
    let mut rest = bytes;
    while let Some(header) = Header::decode(rest) {
        sent.push((header.command, header.status));
        rest = &rest[usize::try_from(header.length).unwrap()..];
    }
}
