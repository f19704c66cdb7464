//! What the centre says to an application, as octets.

use tillgate_codec::smpp::{
    Address, Body, DataCoding, DataSm, Pdu, ShortMessage, Tag, Text, Tlv, Tlvs,
};
use tillgate_codec::ussd::Alphabet;

use crate::ussdc::variant::{Carrier, KeyKind, Op, TextPlace, Variant};

/// Kind of a message to an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Begin,
    Input,
    /// An input, after which the dialog is over.
    LastInput,
    /// The subscriber has ended the dialog.
    Abort,
    /// The same, as the text of an input.
    AbortText,
    /// The network has ended it.
    Release,
    /// A notification was displayed.
    Shown,
}

/// A message to an application.
pub(super) struct Message<'a> {
    pub(super) sequence: u32,
    pub(super) said: Said,
    pub(super) subscriber: u64,
    pub(super) service_code: &'a str,
    pub(super) key: u32,
    pub(super) dialogue: u8,
    pub(super) text: &'a str,
}

/// Octets of the key that a message of the centre has.
pub(super) fn key_octets(kind: KeyKind, key: u32, dialogue: u8, ends: bool) -> ([u8; 4], usize) {
    let [a, b, c, d] = key.to_be_bytes();
    let end = u8::from(ends);
    match kind {
        KeyKind::None => ([0; 4], 0),
        KeyKind::ItsHigh => ([d, (dialogue << 1) | end, 0, 0], 2),
        KeyKind::Its15 => {
            let [_, _, high, low] = (key << 1).to_be_bytes();
            ([high, low | end, 0, 0], 2)
        }
        KeyKind::Tlv { bytes: 2, .. } => ([c, d, 0, 0], 2),
        KeyKind::Tlv { bytes: 1, .. } => ([d, 0, 0, 0], 1),
        KeyKind::Tlv { bytes: 3, .. } => ([b, c, d, 0], 3),
        KeyKind::Tlv { .. } => ([a, b, c, d], 4),
    }
}

/// The parameter that a key is in.
pub(super) fn key_tag(kind: KeyKind) -> Option<Tag> {
    match kind {
        KeyKind::None => None,
        KeyKind::ItsHigh | KeyKind::Its15 => Some(Tag::ITS_SESSION_INFO),
        KeyKind::Tlv { tag, .. } => Some(tag),
    }
}

/// The value of a parameter that is to be echoed: another one in each dialog.
pub(super) fn echo_octets(tag: Tag, key: u32) -> [u8; 4] {
    (key.wrapping_mul(0x9E37_79B1) ^ u32::from(tag.0)).to_be_bytes()
}

/// The operation of a message.
fn op(variant: &Variant, said: Said) -> Option<Op> {
    match said {
        Said::Begin => Some(variant.begin),
        Said::Input | Said::AbortText => Some(variant.input),
        Said::LastInput => Some(variant.last_input.unwrap_or(variant.input)),
        Said::Abort => Some(variant.aborted.or(variant.released).unwrap_or(variant.input)),
        Said::Release => Some(variant.released.or(variant.aborted).unwrap_or(variant.input)),
        Said::Shown => variant.shown,
    }
}

/// Whether the centre can say that a dialog is over.
pub(super) fn can_release(variant: &Variant) -> bool {
    variant.aborted.is_some() || variant.released.is_some() || variant.end_bit_of_centre
}

/// Appends the message.
pub(super) fn write(variant: &Variant, message: &Message<'_>, out: &mut Vec<u8>) {
    let (alphabet, data_coding) =
        variant.coding(message.text).unwrap_or((Alphabet::Gsm7, DataCoding::DEFAULT));
    let mut text = Vec::with_capacity(message.text.len());
    alphabet.encode(message.text, &mut text).unwrap_or_default();
    let number = format!("{}{}", variant.subscriber_prefix, message.subscriber);
    let source = Address { ton: 1, npi: 1, number: Text(number.as_bytes()) };
    let destination = Address { ton: 0, npi: 1, number: Text(message.service_code.as_bytes()) };
    let op = op(variant, message.said);
    let mut tlvs: Vec<Tlv<'_>> = Vec::with_capacity(4);
    let value;
    if let Some(Op::Number(number)) = op {
        value = [number];
        tlvs.push(Tlv::new(Tag::USSD_SERVICE_OP, &value));
    }
    let ends = variant.end_bit_of_centre
        && matches!(message.said, Said::Abort | Said::Release | Said::LastInput);
    let (octets, length) = key_octets(variant.key, message.key, message.dialogue, ends);
    if let (Some(tag), Some(key)) = (key_tag(variant.key), octets.get(..length)) {
        tlvs.push(Tlv::new(tag, key));
    }
    let echo: Vec<_> =
        variant.echo.iter().map(|tag| (*tag, echo_octets(*tag, message.key))).collect();
    tlvs.extend(echo.iter().map(|(tag, value)| Tlv::new(*tag, value)));
    let service_type = match &op {
        Some(Op::Word(word)) => Text(word.as_str().as_bytes()),
        _ => Text(variant.service_type.as_bytes()),
    };
    let in_payload = variant.deliver == Carrier::DataSm || variant.text == TextPlace::Payload;
    if in_payload {
        tlvs.push(Tlv::new(Tag::MESSAGE_PAYLOAD, &text));
    }
    let body = match variant.deliver {
        Carrier::ShortMessage => Body::DeliverSm(ShortMessage {
            service_type,
            source,
            destination,
            data_coding,
            short_message: if in_payload { &[] } else { &text },
            ..ShortMessage::default()
        }),
        Carrier::DataSm => Body::DataSm(DataSm {
            service_type,
            source,
            destination,
            data_coding,
            ..DataSm::default()
        }),
    };
    let pdu = Pdu { tlvs: Tlvs::list(&tlvs), ..Pdu::new(message.sequence, body) };
    // What the handset typed has no octets that do not fit.
    pdu.encode(out).unwrap_or_default();
}
