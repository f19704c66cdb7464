//! One subscriber's dialog, how it ends, and what can be wrong with it.

use strum::IntoStaticStr;

use crate::time::Moment;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// There was no dialog yet.
    Idle,
    Application,
    Subscriber,
    /// It is over; what the application still says in it is refused.
    Over,
}

/// The present or the last dialog of a subscriber: there is one at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialog {
    pub(super) turn: Turn,
    /// Whether the application knows of it.
    pub(super) told: bool,
    /// Whether something was refused because it was over.
    pub(super) refused: bool,
    /// Counts what was said, for the second octet of `its_session_info`, where that is not echoed as
    /// it is.
    pub(super) dialogue: u8,
    /// Counts the subscriber's dialogs, so that an answer about an earlier one is not taken for one
    /// about this.
    pub(super) serial: u16,
    /// Where the application reads it.
    pub(super) link: u32,
    pub(super) key: u32,
    pub(super) begun: Moment,
    /// When it times out; once it is over, until when a text of the application may be late.
    pub(super) due: Moment,
    /// Key of the dialog before, of which a text may be late.
    pub(super) former: Option<u32>,
}

impl Dialog {
    pub(super) const NONE: Self = Self {
        turn: Turn::Idle,
        told: false,
        refused: false,
        dialogue: 0,
        serial: 0,
        link: 0,
        key: 0,
        begun: Moment(0),
        due: Moment(0),
        former: None,
    };

    pub(super) fn is_open(&self) -> bool {
        matches!(self.turn, Turn::Application | Turn::Subscriber)
    }
}

/// How a dialog ended: the words of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// The application has said its last text.
    Success,
    /// The application did not answer in time.
    ApplicationTimeout,
    /// The subscriber did not answer in time.
    SubscriberTimeout,
    /// It was open for too long.
    SessionTimeout,
    /// The subscriber has ended it.
    UserAbort,
    /// The network has lost the subscriber.
    NetworkDrop,
    /// The link was lost.
    LinkLost,
    /// No application was bound.
    NoLink,
    /// The application has refused it.
    Rejected,
    /// The application broke a rule.
    Bad(Violation),
}

impl Status {
    #[must_use]
    pub fn label(self) -> &'static str {
        self.into()
    }

    /// What the application did wrong, if it did.
    #[must_use]
    pub const fn violation(self) -> Option<Violation> {
        match self {
            Self::Bad(violation) => Some(violation),
            Self::ApplicationTimeout => Some(Violation::NoAnswer),
            _ => None,
        }
    }
}

/// A rule that an application broke. The names are the words of log and report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Violation {
    /// A text is longer than the link carries.
    TextTooLong,
    /// A text that wants an answer is empty.
    TextMissing,
    /// A text in `short_message` and another in `message_payload`.
    TwoTexts,
    /// The text is not where the centre looks for it.
    TextPlace,
    /// A `data_coding` that the centre does not take, or octets that are not of its alphabet.
    Alphabet,
    /// No operation, or one that an application does not have.
    Operation,
    /// submit_sm instead of data_sm, or the other way round.
    Pdu,
    /// The session's key is missing or another one.
    Key,
    /// The end bit and the operation disagree.
    EndMarker,
    /// It was the subscriber's turn.
    Turn,
    /// It does not come from the service code that was dialled.
    Source,
    /// The `service_type` is another one.
    ServiceType,
    /// A parameter that was to be echoed is missing or changed.
    Echo,
    /// There was no such dialog.
    NoDialog,
    /// A dialog that was known to be over was answered again.
    AfterRelease,
    /// No answer in time.
    NoAnswer,
    /// A deliver_sm was not answered in time.
    DeliverUnanswered,
    /// More unanswered messages than the window allows.
    Window,
    /// A sequence number that is not allowed.
    Sequence,
    /// A PDU that cannot be read, or is none of an application.
    Malformed,
    /// A message before the bind, or on a link that was not bound for it.
    NotBound,
    /// An enquire_link was not answered in time.
    EnquireUnanswered,
}

impl Violation {
    #[must_use]
    pub fn label(self) -> &'static str {
        self.into()
    }
}
