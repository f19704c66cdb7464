//! Link profiles: how one kind of USSD centre speaks SMPP. A profile is a TOML file; docs/ussd.md
//! explains its keys.
//!
//! `document` is the file as it is written, `build` checks it and makes an [`SmppProfile`] of it.
//! [`Session`], [`Operations`] and [`Coding`] answer what a message means and how one is made, for
//! a link and for a simulated centre alike.

mod build;
mod coding;
mod document;
mod operations;
mod session;
#[cfg(test)]
mod tests;

use arrayvec::ArrayString;
use serde::Deserialize;
use tillgate_codec::smpp::Tag;
use tillgate_codec::ussd::Room;

pub(crate) use self::build::room;
pub use self::coding::Coding;
use self::document::Document;
pub(crate) use self::document::RoomDocument;
pub use self::operations::{FromCentre, Operation, Operations};
pub use self::session::{EndMark, KeyPlace, Session};
use super::limits::{PROFILE_BYTES_MAX, SERVICE_CODE_BYTES_MAX};
use crate::iso8583::fault::{ProfileError, document};

/// Names and texts of the profiles that are built in.
const BUILTINS: [(&str, &str); 11] = [
    ("standard", include_str!("../../../profiles/ussd/standard.toml")),
    ("sixdee", include_str!("../../../profiles/ussd/sixdee.toml")),
    ("tata", include_str!("../../../profiles/ussd/tata.toml")),
    ("mica", include_str!("../../../profiles/ussd/mica.toml")),
    ("eyeline", include_str!("../../../profiles/ussd/eyeline.toml")),
    ("comverse", include_str!("../../../profiles/ussd/comverse.toml")),
    ("glo", include_str!("../../../profiles/ussd/glo.toml")),
    ("op32", include_str!("../../../profiles/ussd/op32.toml")),
    ("service-type", include_str!("../../../profiles/ussd/service-type.toml")),
    ("huawei", include_str!("../../../profiles/ussd/huawei.toml")),
    ("aggregator", include_str!("../../../profiles/ussd/aggregator.toml")),
];

/// How one kind of USSD centre speaks SMPP; checked.
#[derive(Clone, Debug)]
pub struct SmppProfile {
    pub name: String,
    pub about: String,
    pub session: Session,
    pub operations: Operations,
    /// Of what is sent in dialogs; both kinds are read, whatever it is.
    pub pdu: MessageKind,
    pub text: TextPlace,
    /// Where operations are not coded in it.
    pub service_type: String,
    pub service_code: CodePlace,
    /// Before the digits of a subscriber in what is sent: empty or `+`.
    pub subscriber_prefix: String,
    /// Parameters that answers repeat, besides that of the session.
    pub echo: Vec<Tag>,
    /// Parameters that everything in a dialog has, as they lie on the wire.
    pub fixed: Vec<u8>,
    pub coding: Coding,
    pub room: Room,
    pub notify: NotifyBy,
    /// Inputs that are no inputs: the centre says with them that the subscriber has ended it.
    pub abort_texts: Vec<String>,
}

/// The PDU that carries a text to the centre.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    SubmitSm,
    DataSm,
}

/// Where a message has its text.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum TextPlace {
    ShortMessage,
    MessagePayload,
}

/// Where a begin has the service code that was dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePlace {
    DestinationAddr,
    /// The text up to its second `*`: `*123#` of `*123*1#`.
    Text,
}

/// How the gateway says something to a subscriber who has no dialog.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum NotifyBy {
    /// A text that wants no answer.
    Ussn,
    /// A menu that begins a dialog of the network.
    Ussr,
    /// A short message.
    Sms,
    None,
}

impl SmppProfile {
    /// Reads and checks a profile.
    ///
    /// # Errors
    /// It is not TOML, or all that is wrong with it, by line.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let document: Document = document(text, PROFILE_BYTES_MAX)?;
        build::profile(text, &document)
    }

    /// The text of a profile that is built in, to use or to start another from.
    #[must_use]
    pub fn builtin(name: &str) -> Option<&'static str> {
        BUILTINS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// Names of the profiles that are built in.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTINS.iter().map(|(name, _)| *name)
    }

    /// Whether a text of a subscriber says that the dialog was ended.
    #[must_use]
    pub fn is_abort_text(&self, text: &str) -> bool {
        self.abort_texts.iter().any(|known| known.eq_ignore_ascii_case(text.trim()))
    }
}

/// The service code of a dialled string, `*123#` of `*123*1#`; `None` for what is none.
#[must_use]
pub fn service_code_of(dialled: &str) -> Option<ArrayString<SERVICE_CODE_BYTES_MAX>> {
    let digits = dialled.trim_start_matches(['*', '#']);
    let start = dialled.len() - digits.len();
    let length = digits.find(['*', '#'])?;
    let mut code = ArrayString::from(dialled.get(..start + length)?).ok()?;
    code.try_push('#').ok()?;
    (start > 0 && length > 0).then_some(code)
}
