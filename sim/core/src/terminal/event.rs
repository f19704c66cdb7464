//! What goes into a [`super::Terminal`] and what comes out of it.

use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::message::ResponseCode;
use tillgate_codec::link::record::RefusalCode;

use crate::time::{Moment, Span};

/// One thing that happened.
pub enum Input<'a> {
    /// The merchant opens the shop: customers come from now on.
    Begin,
    /// A customer has come; only with [`crate::firmware::LoadModel::Sent`], and only after
    /// [`Note::Ready`].
    Customer {
        /// When he meant to come.
        intended: Moment,
    },
    /// The connection that [`Output::Connect`] asked for is open.
    Connected,
    /// Bytes arrived. They are opened in place.
    Received(&'a mut [u8]),
    /// The connection failed, or the peer closed it.
    Closed,
    /// The moment that [`super::Terminal::deadline`] named has come.
    Deadline,
    /// Sell no more, have every doubt resolved, then log off.
    Stop,
    /// The power fails, and comes back at that moment. What is in the book, and a reversal that is
    /// under way, survive; the link and everything else under way do not.
    PowerCut {
        /// When it comes back.
        back: Moment,
    },
    /// A technician enters another pre-shared key: the next handshake uses it, and its counters
    /// begin at 1.
    Rekey {
        key_id: u8,
        psk: Psk,
        /// Whether the connection that the old key opened is closed at once.
        reconnect: bool,
    },
}

/// One thing to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// Connect to the gateway; [`Input::Connected`] or [`Input::Closed`] comes back.
    Connect,
    /// Write these bytes.
    Send(&'a [u8]),
    /// Close the connection; no [`Input::Closed`] comes back.
    Close,
    /// For the statistics.
    Note(Note),
}

/// Something worth counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Logged on.
    Online,
    /// No longer logged on.
    Offline,
    /// Waits for a customer from the driver.
    Ready,
    /// A sale was sent for the first time.
    Started,
    /// A final answer came for a sale.
    Finished(Finished),
    /// The connection was lost, or no answer came, while a sale was under way.
    Doubt,
    /// A sale was sent again, with the same bytes.
    SentAgain,
    /// The gateway was still working on a sale; it will be asked again.
    AskedAgain,
    /// A confirm was accepted.
    Confirmed,
    /// A reversal was sent for the first time.
    TookBack,
    /// A sale was taken back.
    Reversed,
    /// A sale could not be taken back: it stands.
    Stands,
    /// Its totals are the gateway's.
    Settled,
    /// Its totals are not the gateway's.
    TotalsDiffer,
    /// The sale began after the terminal had received its block.
    TriedBlocked,
    /// The gateway ordered it to sell no more.
    Blocked,
    /// The gateway ordered it to sell again.
    Unblocked,
    /// The gateway sent a message for the merchant, or an order not known here.
    Message,
    /// A customer was turned away because the terminal is blocked.
    TurnedAway,
    /// Everything is resolved and the terminal has logged off for good.
    Stopped,
    /// Something was not as it should be.
    Trouble(Trouble),
}

/// A sale's end, as its merchant saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// What it was answered.
    pub code: ResponseCode,
    /// From the moment the customer meant to be served.
    pub response: Span,
    /// From the first byte sent.
    pub service: Span,
}

/// What can go wrong, in the operator's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No connection in time.
    ConnectTimeout,
    /// No welcome in time.
    LogonTimeout,
    /// No answer in time.
    AnswerTimeout,
    /// No pong in time.
    PingTimeout,
    /// Refused in clear before a channel existed.
    Refused(RefusalCode),
    /// The logon was answered with this code.
    LogonDeclined(ResponseCode),
    /// The gateway could not prove that it holds the keys.
    BadHandshake,
    /// The bytes are not records of the protocol, or come out of turn.
    BadRecord,
    /// A record did not open.
    BadSeal,
    /// A body could not be read.
    BadMessage,
    /// An answer that fits no request of this terminal.
    Unmatched,
    /// An answer differs from the one given before to the same request.
    AnswerChanged,
    /// Asked so often that the terminal gave up; the sale stays in doubt.
    GaveUp,
    /// What came for the chip of a card is not what its issuer answers to it.
    ChipAnswer,
}

impl Trouble {
    /// A few plain words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ConnectTimeout => "no connection in time",
            Self::LogonTimeout => "no welcome in time",
            Self::AnswerTimeout => "no answer in time",
            Self::PingTimeout => "no pong in time",
            Self::Refused(RefusalCode::BUSY) => "refused: gateway busy",
            Self::Refused(RefusalCode::VERSION) => "refused: protocol version",
            Self::Refused(RefusalCode::MALFORMED) => "refused: malformed hello",
            Self::Refused(RefusalCode::DENIED) => {
                "refused: denied (unknown terminal, key or replay)"
            }
            Self::Refused(_) => "refused: unknown reason",
            Self::LogonDeclined(_) => "logon declined",
            Self::BadHandshake => "gateway's handshake did not verify",
            Self::BadRecord => "not a record of the link protocol",
            Self::BadSeal => "record did not open (bad seal)",
            Self::BadMessage => "message could not be read",
            Self::Unmatched => "answer that fits no request",
            Self::AnswerChanged => "answer changed on a retry",
            Self::GaveUp => "gave up asking about a sale",
            Self::ChipAnswer => "an answer for another chip",
        }
    }
}
