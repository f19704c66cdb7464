//! What an application says, and whether it may.

use tillgate_codec::smpp::{Body, DataCoding, Pdu, Tag, Text, Tlvs};
use tillgate_codec::ussd::Alphabet;

use super::deliver::{echo_octets, key_octets, key_tag};
use super::dialog::{Dialog, Violation};
use crate::ussdc::short::Short;
use crate::ussdc::variant::{Carrier, KeyKind, Op, TextPlace, Variant};

/// A message of an application, of either PDU.
pub(super) struct Submitted<'a> {
    pub(super) carrier: Carrier,
    service_type: Text<'a>,
    pub(super) source: Text<'a>,
    pub(super) destination: Text<'a>,
    coding: DataCoding,
    short: &'a [u8],
    payload: Option<&'a [u8]>,
    tlvs: Tlvs<'a>,
}

/// What it is meant to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Ask,
    End,
    Notify,
    /// It is no USSD at all.
    Sms,
}

impl<'a> Submitted<'a> {
    pub(super) fn of(pdu: &Pdu<'a>) -> Option<Self> {
        let tlvs = pdu.tlvs;
        let payload = tlvs.find(Tag::MESSAGE_PAYLOAD).map(|tlv| tlv.value);
        match &pdu.body {
            Body::SubmitSm(message) => Some(Self {
                carrier: Carrier::ShortMessage,
                service_type: message.service_type,
                source: message.source.number,
                destination: message.destination.number,
                coding: message.data_coding,
                short: message.short_message,
                payload,
                tlvs,
            }),
            Body::DataSm(message) => Some(Self {
                carrier: Carrier::DataSm,
                service_type: message.service_type,
                source: message.source.number,
                destination: message.destination.number,
                coding: message.data_coding,
                short: &[],
                payload,
                tlvs,
            }),
            _ => None,
        }
    }

    /// The operation as the wire has it.
    fn op(&self, variant: &Variant) -> Option<Op> {
        match variant.ask {
            Op::Word(_) => self.service_type.as_str().map(Short::new).map(Op::Word),
            Op::Number(_) => self.tlvs.ussd_service_op().map(|op| Op::Number(op.0)),
        }
    }

    /// The value of the session's key, with its end bit.
    fn key(&self, variant: &Variant) -> Option<&'a [u8]> {
        self.tlvs.find(key_tag(variant.key)?).map(|tlv| tlv.value)
    }

    pub(super) fn has_key(&self, variant: &Variant) -> bool {
        self.key(variant).is_some()
    }

    /// What the operation and the end bit say together.
    pub(super) fn meaning(&self, variant: &Variant) -> Result<Meaning, Violation> {
        let Some(op) = self.op(variant).filter(|op| *op != Op::Word(Short::default())) else {
            let is_ussd = self.service_type.0 == variant.service_type.as_bytes();
            let is_sms = !is_ussd || variant.service_type.is_empty();
            return if is_sms { Ok(Meaning::Sms) } else { Err(Violation::Operation) };
        };
        let bit = match self.key(variant) {
            Some([.., low]) if variant.end_bit => Some(low & 1 == 1),
            _ => None,
        };
        let is_number = matches!(op, Op::Number(_));
        if is_number && self.service_type.0 != variant.service_type.as_bytes() {
            return Err(Violation::ServiceType);
        }
        if variant.notify == Some(op) {
            return Ok(Meaning::Notify);
        }
        let by_op = if op == variant.ask && op == variant.end {
            bit.unwrap_or(false)
        } else if op == variant.end {
            true
        } else if op == variant.ask {
            false
        } else {
            return Err(Violation::Operation);
        };
        if bit.is_some_and(|bit| bit != by_op) {
            return Err(Violation::EndMarker);
        }
        Ok(if by_op { Meaning::End } else { Meaning::Ask })
    }

    /// Whether the key is that of the dialog. A parameter that the centre did not ask for is ignored.
    pub(super) fn is_of(&self, variant: &Variant, dialog: &Dialog, ends: bool) -> bool {
        let Some(found) = self.key(variant) else {
            return variant.key == KeyKind::None || !variant.is_echoed;
        };
        let ends = ends && variant.end_bit;
        let (octets, length) = key_octets(variant.key, dialog.key, dialog.dialogue, ends);
        let wanted = octets.get(..length).unwrap_or(&[]);
        match (variant.key, found, wanted) {
            // With an end bit in it, the second octet counts the messages of either side.
            (KeyKind::ItsHigh, [found, _], [wanted, _]) if variant.end_bit => found == wanted,
            _ => found == wanted,
        }
    }

    /// Whether what was to be echoed, and what is always to be set, is there.
    pub(super) fn echoes(&self, variant: &Variant, dialog: &Dialog) -> bool {
        let has = |tag, value: &[u8]| self.tlvs.find(tag).is_some_and(|tlv| tlv.value == value);
        variant.echo.iter().all(|tag| has(*tag, &echo_octets(*tag, dialog.key)))
            && variant.fixed.iter().all(|(tag, value)| has(*tag, value))
    }

    /// The text, checked for its place, its alphabet and its length.
    pub(super) fn text(&self, variant: &Variant) -> Result<String, Violation> {
        let octets = match (self.payload, self.short) {
            (Some(_), [_, ..]) => return Err(Violation::TwoTexts),
            (Some(payload), []) => {
                let is_misplaced = variant.text == TextPlace::ShortMessage
                    && self.carrier == Carrier::ShortMessage;
                if is_misplaced {
                    return Err(Violation::TextPlace);
                }
                payload
            }
            (None, []) => &[],
            (None, _) if variant.text == TextPlace::Payload => return Err(Violation::TextPlace),
            (None, short) => short,
        };
        let alphabet = variant.alphabet(self.coding).ok_or(Violation::Alphabet)?;
        let (fits, is_alphabet) = match alphabet {
            Alphabet::Ucs2 => (octets.len() <= variant.room.units * 2, octets.len() % 2 == 0),
            Alphabet::Latin1 => (octets.len() <= variant.room.septets, true),
            Alphabet::Gsm7 | Alphabet::Ascii => {
                (octets.len() <= variant.room.septets, octets.iter().all(|octet| octet.is_ascii()))
            }
        };
        if !is_alphabet {
            return Err(Violation::Alphabet);
        }
        if !fits {
            return Err(Violation::TextTooLong);
        }
        let mut text = String::with_capacity(octets.len());
        alphabet.decode(octets, &mut text);
        Ok(text)
    }

    /// The text of a short message, whatever it is in.
    pub(super) fn any_text(&self) -> String {
        let octets = if self.short.is_empty() { self.payload.unwrap_or(&[]) } else { self.short };
        let mut text = String::with_capacity(octets.len());
        self.coding.alphabet().unwrap_or(Alphabet::Latin1).decode(octets, &mut text);
        text
    }
}
