//! What a terminal over USSD is given, and what it does.

use tillgate_codec::link::channel::Psk;

use crate::terminal::Note;
use crate::time::{Moment, Span};

/// Who a terminal is.
pub struct UssdIdentity {
    /// Its number.
    pub terminal: u32,
    /// Which of its pre-shared keys it uses.
    pub key_id: u8,
    /// That key.
    pub psk: Psk,
    /// The highest counter that it has used: every request goes higher.
    pub counter: u64,
}

/// How requests reach the gateway; shares of 1000.
#[derive(Clone, Debug)]
pub struct UssdBearer {
    /// What is dialled, without its end: `*124`.
    pub code: String,
    /// Characters that a string has at most.
    pub symbols: usize,
    /// How long a terminal that has nothing to ask keeps its dialog.
    pub linger: Span,
    /// Of requests, how many are the last one of their dialog.
    pub last_permille: u16,
    /// Of frames that the network takes, after how many it loses the terminal: half of them at once.
    pub drop_permille: u16,
    /// Of parts and of whole replies, how many the terminal loses.
    pub lose_permille: u16,
    /// Of requests answered, how many are sent again in a dialog of their own, octet by octet: the gateway
    /// refuses them.
    pub replay_permille: u16,
}

/// One thing that happened.
#[derive(Clone, Copy, Debug)]
pub enum UssdInput<'a> {
    /// Customers come from now on.
    Begin,
    /// A text in the dialog; with the last one it is over.
    Text { text: &'a str, ends: bool },
    /// The dialog is over, whoever has ended it.
    Over,
    /// The moment that was named has come.
    Deadline,
    /// Sell no more, have every doubt resolved.
    Stop,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UssdOutput {
    /// Begin a dialog.
    Dial(String),
    /// Answer in it.
    Enter(String),
    /// End it.
    HangUp,
    /// The network loses the terminal.
    Drop,
    /// For the statistics.
    Note(UssdNote),
}

/// Something worth counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UssdNote {
    /// Of the till, or trouble on the way.
    Till(Note),
    /// A request left in a frame of its own.
    Requested,
    /// A part was asked for again.
    PartAgain,
    /// A whole reply was lost on the terminal's side.
    ReplyLost,
    /// A frame that was answered was sent again; the gateway has refused it, or answered it.
    Replayed,
    /// See [`UssdNote::Replayed`].
    ReplayRefused,
    /// See [`UssdNote::Replayed`].
    ReplayAnswered,
}

/// Where a terminal is.
pub(super) enum Phase {
    /// Without a dialog until then; then it goes on.
    Away(Moment),
    /// Without a dialog, or at the end of one; it dials when the till has something to ask.
    Idle,
    /// It has dialled without a frame, which it enters once it is asked to.
    Dialling { by: Moment, what: Frame },
    /// A frame is on its way; a reply is due by then.
    Asked { by: Moment, what: Frame },
    /// It may enter something; it hangs up at that moment.
    Turn { until: Moment },
    /// Everything is resolved.
    Gone,
}

/// What is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Logon,
    Request,
    Replay,
}
