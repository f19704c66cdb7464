//! What a link says about its dialogs, and what it is asked to say in them.

use std::fmt;

use arrayvec::{ArrayString, ArrayVec};
use strum::{IntoStaticStr, VariantArray};
use tillgate_types::Msisdn;

use super::limits::{ECHO_BYTES_MAX, SERVICE_CODE_BYTES_MAX, SESSION_KEY_BYTES_MAX};
use crate::time::Moment;

/// What tells a subscriber's dialog from the one before it; empty where the centre names none.
pub type SessionKey = ArrayVec<u8, SESSION_KEY_BYTES_MAX>;

/// Where a dialog is: what its link needs to say something in it. The owner of the dialogs keeps it
/// and gives it back as it was, with what [`Self::renew`] took of later events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogAddress {
    /// Whose dialog it is. With its link and the key it names the dialog.
    pub msisdn: Msisdn,
    /// As the centre names it.
    pub key: SessionKey,
    /// What was dialled to reach it, as the centre says it: the source of what is sent.
    pub service_code: ArrayString<SERVICE_CODE_BYTES_MAX>,
    /// Type of number and numbering plan of subscriber and service code, as they came.
    pub numbering: [u8; 4],
    /// Parameters to echo, as they lie on the wire.
    pub echo: ArrayVec<u8, ECHO_BYTES_MAX>,
}

impl DialogAddress {
    /// Takes what an input of the same dialog has anew: numbers of messages change with each, and some
    /// centres say the service code only when it begins.
    pub fn renew(&mut self, newest: &Self) {
        self.echo.clone_from(&newest.echo);
        self.numbering = newest.numbering;
        if !newest.service_code.is_empty() {
            self.service_code = newest.service_code;
        }
    }
}

/// One thing that a link has seen.
#[derive(IntoStaticStr)]
pub enum DialogEvent<'a> {
    /// A subscriber has dialled.
    Begin {
        at: &'a DialogAddress,
        /// The dialled string, `*123*1#`, as far as the centre says it.
        dialled: &'a str,
    },
    /// The subscriber has answered a menu.
    Input { at: &'a DialogAddress, text: &'a str },
    /// A dialog is over, and nothing can be said in it any more. It may be one that is not known.
    Ended { at: &'a DialogAddress, why: EndReason },
    /// How it went with something that was to be said. Each [`Say`] has one.
    Said { ticket: u64, result: SayResult },
    /// The link is lost: all its dialogs are over.
    Lost,
    /// The link takes dialogs again.
    Ready,
}

/// Without what was typed, which may be a PIN.
impl fmt::Debug for DialogEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.into())
    }
}

/// Why a dialog is over. The names are metric labels and the words of dialog records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum EndReason {
    /// The last text was said.
    Done,
    /// The subscriber has ended it.
    SubscriberAbort,
    /// The network has ended it, or the centre says that it is over.
    NetworkAbort,
    /// The subscriber has not answered in time.
    SubscriberTimeout,
    /// The gateway had no answer in time; a text with a reference was said.
    ApplicationTimeout,
    /// The centre has refused what was said.
    Refused,
    /// The link was lost.
    LinkLost,
    /// The same subscriber has begun another dialog.
    Replaced,
    /// The operator has changed something about the handset.
    Changed,
    /// The gateway has no room for more dialogs, or the subscriber dials too often.
    Overload,
    /// The number dialled from is no handset of the registry, or no menu answers the code.
    Unknown,
    /// A frame of a terminal was refused.
    Denied,
}

impl EndReason {
    /// Every reason, for the metrics table.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.into()
    }
}

/// Something to say.
#[derive(Clone, Copy)]
pub struct Say<'a> {
    /// Of the owner; comes back in [`DialogEvent::Said`].
    pub ticket: u64,
    pub at: &'a DialogAddress,
    pub kind: SayKind,
    pub text: &'a str,
    /// After it there is nobody to read it: what is still waiting then is dropped.
    pub by: Moment,
}

/// Without the text, which may have a voucher's PIN.
impl fmt::Debug for Say<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Say");
        shown.field("ticket", &self.ticket).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What saying something does to its dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SayKind {
    /// The subscriber is to answer.
    Continue,
    /// It is the last text of the dialog.
    End,
    /// A text of its own, begun by the gateway: the subscriber's number alone counts. It goes as the
    /// link's profile says: as a notification or a dialog of the network, or as SMS.
    Notify,
}

/// How it went with a [`Say`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SayResult {
    /// The centre has it.
    Accepted,
    /// The centre has refused it for good, with this status of its own.
    Refused(u32),
    /// It was not sent in time: the link was throttled, or the window full.
    Late,
    /// It may or may not have reached the centre: no answer came, or the link was lost.
    Unknown,
    /// The link can not say such a thing: no notifications, or a character that no alphabet of it has.
    Unsayable,
}
