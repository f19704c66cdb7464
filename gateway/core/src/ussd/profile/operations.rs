//! What a message does: by its `ussd_service_op`, or by its `service_type`.

use arrayvec::ArrayString;
use tillgate_codec::smpp::UssdServiceOp;

use super::super::dialog::SayKind;

/// Octets of the longest `service_type` (SMPP 3.4, 5.2.11).
pub(super) const WORD_BYTES_MAX: usize = 5;

/// The operation of a message, as it is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `ussd_service_op`.
    Code(u8),
    /// `service_type`.
    Word(ArrayString<WORD_BYTES_MAX>),
}

/// What each operation does. Those of the centre may have several values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operations {
    pub begin: Vec<Operation>,
    pub input: Vec<Operation>,
    /// An input after which nothing can be said.
    pub last_input: Vec<Operation>,
    /// A notification was displayed.
    pub displayed: Vec<Operation>,
    /// The subscriber has ended it.
    pub aborted: Vec<Operation>,
    /// The network has ended it.
    pub released: Vec<Operation>,
    pub goes_on: Operation,
    pub end: Operation,
    pub notify: Option<Operation>,
}

/// What a message of the centre does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromCentre {
    Begin,
    Input,
    LastInput,
    Displayed,
    Aborted,
    Released,
}

impl Operation {
    /// Whether a message has it.
    #[must_use]
    pub fn is_of(&self, service_type: &[u8], op: Option<UssdServiceOp>) -> bool {
        match self {
            Self::Code(code) => op == Some(UssdServiceOp(*code)),
            Self::Word(word) => word.as_bytes() == service_type,
        }
    }
}

impl Operations {
    /// The values of the centre's operations.
    #[must_use]
    pub fn of_centre(&self) -> [(FromCentre, &[Operation]); 6] {
        [
            (FromCentre::Begin, &self.begin),
            (FromCentre::Input, &self.input),
            (FromCentre::LastInput, &self.last_input),
            (FromCentre::Displayed, &self.displayed),
            (FromCentre::Aborted, &self.aborted),
            (FromCentre::Released, &self.released),
        ]
    }

    /// What a message of the centre does; `None` for what is no message of a dialog.
    #[must_use]
    pub fn read(&self, service_type: &[u8], op: Option<UssdServiceOp>) -> Option<FromCentre> {
        let is_it = |(_, known): &(FromCentre, &[Operation])| {
            known.iter().any(|operation| operation.is_of(service_type, op))
        };
        self.of_centre().into_iter().find(is_it).map(|(kind, _)| kind)
    }

    /// The operation of what is to be said; `None` where there is no notification.
    #[must_use]
    pub fn of_say(&self, kind: SayKind) -> Option<Operation> {
        match kind {
            SayKind::Continue => Some(self.goes_on),
            SayKind::End => Some(self.end),
            SayKind::Notify => self.notify,
        }
    }

    /// Which of these an application's message may be: for a centre. Where going on and ending have
    /// one value, the session's parameter says which it is.
    #[must_use]
    pub fn said(&self, service_type: &[u8], op: Option<UssdServiceOp>) -> Option<SayKind> {
        [SayKind::Continue, SayKind::End, SayKind::Notify].into_iter().find(|kind| {
            self.of_say(*kind).is_some_and(|operation| operation.is_of(service_type, op))
        })
    }
}
