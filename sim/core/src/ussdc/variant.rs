//! What vendors vary, as the centre's side of a link sees it.

use tillgate_codec::smpp::{DataCoding, Tag, Tlvs, UssdServiceOp};
use tillgate_codec::ussd::{Alphabet, Room};
pub use tillgate_core::ussd::profile::SmppProfile as Profile;
use tillgate_core::ussd::profile::{EndMark, KeyPlace, MessageKind, Operation};

use super::short::Short;

/// How a centre of one vendor speaks.
#[derive(Clone, Debug)]
pub struct Variant {
    pub name: String,
    /// What tells a subscriber's dialog from the one before it.
    pub key: KeyKind,
    /// Whether the application repeats the key.
    pub is_echoed: bool,
    /// Whether the lowest bit of the key's parameter says that the application ends the dialog.
    pub end_bit: bool,
    /// Whether it says the same of the centre.
    pub end_bit_of_centre: bool,
    /// Centre to application: a subscriber has dialled.
    pub begin: Op,
    /// Centre to application: the subscriber has answered.
    pub input: Op,
    /// Centre to application: an input after which the dialog is over; `None` where there is none.
    pub last_input: Option<Op>,
    /// Centre to application: texts of inputs which say that the subscriber has ended it.
    pub abort_texts: Vec<String>,
    /// Centre to application: the subscriber has ended it; `None` where only the end bit says it, or
    /// nothing.
    pub aborted: Option<Op>,
    /// Centre to application: the network has ended it, likewise.
    pub released: Option<Op>,
    /// Centre to application: a notification was displayed; `None` where that is not said.
    pub shown: Option<Op>,
    /// Application to centre: a text that wants an answer.
    pub ask: Op,
    /// Application to centre: the last text.
    pub end: Op,
    /// Application to centre: a text of its own that wants no answer; `None` where there is none.
    pub notify: Option<Op>,
    /// PDU of the centre.
    pub deliver: Carrier,
    /// PDU of the application; `None` takes either.
    pub submit: Option<Carrier>,
    /// Where texts are.
    pub text: TextPlace,
    /// `service_type` where it does not code the operation.
    pub service_type: String,
    /// `data_coding` of each alphabet that the centre takes.
    pub codings: Vec<(Alphabet, DataCoding)>,
    /// How long a text may be.
    pub room: Room,
    /// Parameters that the centre sends and wants back as they were.
    pub echo: Vec<Tag>,
    /// Parameters that the application sets.
    pub fixed: Vec<(Tag, Vec<u8>)>,
    /// Before the digits of a subscriber.
    pub subscriber_prefix: String,
}

/// What a message does, as the wire says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `ussd_service_op`.
    Number(u8),
    /// `service_type`.
    Word(Short),
}

/// Where the session's number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Nowhere: the subscriber's number is all there is.
    None,
    /// The first octet of `its_session_info`; the second counts the messages.
    ItsHigh,
    /// The upper 15 bits of `its_session_info`.
    Its15,
    /// A parameter of one to four octets.
    Tlv { tag: Tag, bytes: u8 },
}

/// The PDU of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// submit_sm and deliver_sm.
    ShortMessage,
    /// data_sm.
    DataSm,
}

/// Where a text is in its PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextPlace {
    ShortMessage,
    Payload,
    /// The application may choose; the centre uses `short_message`.
    Either,
}

impl KeyKind {
    /// How many keys there are before one is used again.
    #[must_use]
    pub fn space(self) -> u32 {
        match self {
            Self::None => 1,
            Self::ItsHigh | Self::Tlv { bytes: 1, .. } => 1 << 8,
            Self::Its15 => 1 << 15,
            Self::Tlv { bytes: 2, .. } => 1 << 16,
            Self::Tlv { bytes: 3, .. } => 1 << 24,
            Self::Tlv { .. } => u32::MAX,
        }
    }
}

impl Variant {
    /// SMPP 3.4 as most centres speak it: `its_session_info` with its end bit.
    #[must_use]
    pub fn standard() -> Self {
        let op = |op: UssdServiceOp| Op::Number(op.0);
        Self {
            name: "standard".to_owned(),
            key: KeyKind::ItsHigh,
            is_echoed: true,
            end_bit: true,
            end_bit_of_centre: true,
            begin: op(UssdServiceOp::PSSR_INDICATION),
            input: op(UssdServiceOp::USSR_CONFIRM),
            last_input: None,
            abort_texts: Vec::new(),
            aborted: Some(op(UssdServiceOp::VENDOR_RELEASE_INDICATION)),
            released: None,
            shown: Some(op(UssdServiceOp::USSN_CONFIRM)),
            ask: op(UssdServiceOp::USSR_REQUEST),
            end: op(UssdServiceOp::PSSR_RESPONSE),
            notify: Some(op(UssdServiceOp::USSN_REQUEST)),
            deliver: Carrier::ShortMessage,
            submit: Some(Carrier::ShortMessage),
            text: TextPlace::ShortMessage,
            service_type: "USSD".to_owned(),
            codings: vec![
                (Alphabet::Gsm7, DataCoding::DEFAULT),
                (Alphabet::Ucs2, DataCoding::UCS2),
            ],
            room: Room::FULL,
            echo: Vec::new(),
            fixed: Vec::new(),
            subscriber_prefix: String::new(),
        }
    }

    /// The centre of a link's profile: its data alone, not what the gateway makes of them.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let operations = &profile.operations;
        let first = |list: &[Operation]| list.first().map(op_of);
        let end = profile.session.end;
        let mut codings: Vec<_> = profile.coding.write.clone();
        codings.extend(profile.coding.read.iter().map(|(coding, alphabet)| (*alphabet, *coding)));
        let is_word = matches!(operations.goes_on, Operation::Word(_));
        let input = first(&operations.input).unwrap_or(op_of(&operations.end));
        let in_payload = profile.text == tillgate_core::ussd::profile::TextPlace::MessagePayload;
        let carrier = match profile.pdu {
            MessageKind::SubmitSm => Carrier::ShortMessage,
            MessageKind::DataSm => Carrier::DataSm,
        };
        Self {
            name: profile.name.clone(),
            key: match profile.session.place {
                KeyPlace::ItsHighOctet => KeyKind::ItsHigh,
                KeyPlace::Its15Bit => KeyKind::Its15,
                KeyPlace::UserMessageReference => {
                    KeyKind::Tlv { tag: Tag::USER_MESSAGE_REFERENCE, bytes: 2 }
                }
                KeyPlace::Tlv { tag, length } => {
                    let bytes = length.and_then(|length| u8::try_from(length).ok());
                    KeyKind::Tlv { tag, bytes: bytes.unwrap_or(4).clamp(1, 4) }
                }
                KeyPlace::Msisdn => KeyKind::None,
            },
            is_echoed: profile.session.is_echoed,
            // The centre's own numbers are even, so that one more is the lowest bit.
            end_bit: end != EndMark::None,
            end_bit_of_centre: end == EndMark::Bit,
            begin: first(&operations.begin).unwrap_or(input),
            input,
            last_input: first(&operations.last_input),
            abort_texts: profile.abort_texts.clone(),
            aborted: first(&operations.aborted),
            released: first(&operations.released),
            shown: first(&operations.displayed),
            ask: op_of(&operations.goes_on),
            end: op_of(&operations.end),
            notify: operations.notify.as_ref().map(op_of),
            deliver: carrier,
            submit: Some(carrier),
            text: if in_payload { TextPlace::Payload } else { TextPlace::ShortMessage },
            service_type: if is_word { String::new() } else { profile.service_type.clone() },
            codings,
            room: profile.room,
            echo: profile.echo.clone(),
            fixed: Tlvs::wire(&profile.fixed)
                .iter()
                .map(|tlv| (tlv.tag, tlv.value.to_vec()))
                .collect(),
            subscriber_prefix: profile.subscriber_prefix.clone(),
        }
    }

    /// The first character of a text that the centre cannot send.
    #[must_use]
    pub fn fault(&self, text: &str) -> Option<char> {
        let lacks = |c: &char| self.coding(c.encode_utf8(&mut [0; 4])).is_none();
        text.chars().find(lacks)
    }

    /// The alphabet of a `data_coding`, if the centre takes it.
    pub(super) fn alphabet(&self, coding: DataCoding) -> Option<Alphabet> {
        self.codings.iter().find(|(_, other)| *other == coding).map(|(alphabet, _)| *alphabet)
    }

    /// The first of its alphabets that has all characters of the text.
    pub(super) fn coding(&self, text: &str) -> Option<(Alphabet, DataCoding)> {
        self.codings.iter().copied().find(|(alphabet, _)| alphabet.length(text).is_some())
    }
}

fn op_of(operation: &Operation) -> Op {
    match operation {
        Operation::Code(code) => Op::Number(*code),
        Operation::Word(word) => Op::Word(Short::new(word)),
    }
}
