//! An application without any logic: it answers every begin with one menu and every input with one
//! last text. It is the yardstick of benchmarks, and shows what a centre and its handsets cost.

use tillgate_codec::smpp::{
    Address, Bind, Body, CommandStatus, DataSm, INTERFACE_VERSION, MessageResp, Password, Pdu,
    ShortMessage, Tag, Text, Tlv, Tlvs, deframe,
};

use super::variant::{Carrier, KeyKind, Op, TextPlace, Variant};

/// What a responder counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub bound: u64,
    pub begins: u64,
    pub inputs: u64,
    /// Dialogs that the centre has ended.
    pub releases: u64,
    /// Texts that the centre refused.
    pub refused: u64,
}

/// An application that answers.
pub struct Responder {
    variant: Variant,
    menu: Vec<u8>,
    last: Vec<u8>,
    sequence: u32,
    partial: Vec<u8>,
    out: Vec<u8>,
    counts: Counts,
}

impl Responder {
    #[must_use]
    pub fn new(variant: Variant, menu: &str, last: &str) -> Self {
        let (menu, last) = (menu.as_bytes().to_vec(), last.as_bytes().to_vec());
        let (partial, out) = (Vec::new(), Vec::new());
        Self { variant, menu, last, sequence: 0, partial, out, counts: Counts::default() }
    }

    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Binds as transceiver.
    pub fn bind(&mut self, system_id: &str, password: &str) {
        let bind = Bind {
            system_id: Text::new(system_id),
            password: Password(password.as_bytes()),
            system_type: Text::new("USSD"),
            interface_version: INTERFACE_VERSION,
            addr_ton: 0,
            addr_npi: 0,
            address_range: Text(&[]),
        };
        self.sequence += 1;
        let pdu = Pdu::new(self.sequence, Body::BindTransceiver(bind));
        write(&pdu, &mut self.out);
    }

    /// Octets to send.
    pub fn sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Takes what the centre sends; false when it sends what is no PDU.
    pub fn receive(&mut self, bytes: &[u8]) -> bool {
        let mut joined = std::mem::take(&mut self.partial);
        let is_joined = !joined.is_empty();
        if is_joined {
            joined.extend_from_slice(bytes);
        }
        let all: &[u8] = if is_joined { &joined } else { bytes };
        let mut used = 0;
        while let Some(rest) = all.get(used..) {
            match deframe(rest) {
                Ok(Some(frame)) => {
                    used += frame.range.end;
                    if let Some(Ok(pdu)) = rest.get(frame.range).map(Pdu::decode) {
                        self.pdu(&pdu);
                    }
                }
                Ok(None) => break,
                Err(_) => return false,
            }
        }
        self.partial.extend_from_slice(all.get(used..).unwrap_or(&[]));
        true
    }

    fn pdu(&mut self, pdu: &Pdu<'_>) {
        let resp = MessageResp { message_id: Text(&[]) };
        match &pdu.body {
            Body::DeliverSm(message) => {
                write(&Pdu::new(pdu.sequence, Body::DeliverSmResp(resp)), &mut self.out);
                self.reply(message.service_type, message.source, message.destination, &pdu.tlvs);
            }
            Body::DataSm(message) => {
                write(&Pdu::new(pdu.sequence, Body::DataSmResp(resp)), &mut self.out);
                self.reply(message.service_type, message.source, message.destination, &pdu.tlvs);
            }
            Body::EnquireLink => {
                write(&Pdu::new(pdu.sequence, Body::EnquireLinkResp), &mut self.out);
            }
            Body::BindTransceiverResp(_) if pdu.status == CommandStatus::OK => {
                self.counts.bound += 1;
            }
            Body::SubmitSmResp(_) | Body::DataSmResp(_) | Body::GenericNack => {
                self.counts.refused += u64::from(pdu.status != CommandStatus::OK);
            }
            _ => {}
        }
    }

    fn reply(
        &mut self,
        service_type: Text<'_>,
        subscriber: Address<'_>,
        code: Address<'_>,
        tlvs: &Tlvs<'_>,
    ) {
        let variant = &self.variant;
        let is = |op: Op| match op {
            Op::Number(number) => tlvs.ussd_service_op().is_some_and(|op| op.0 == number),
            Op::Word(word) => word.as_str().as_bytes() == service_type.0,
        };
        let tag = match variant.key {
            KeyKind::None => None,
            KeyKind::Tlv { tag, .. } => Some(tag),
            KeyKind::ItsHigh | KeyKind::Its15 => Some(Tag::ITS_SESSION_INFO),
        };
        let found = tag.and_then(|tag| tlvs.find(tag));
        let is_over = variant.end_bit_of_centre
            && found.is_some_and(|tlv| tlv.value.last().is_some_and(|low| low & 1 == 1));
        let (ends, text) = if is_over {
            self.counts.releases += 1;
            return;
        } else if is(variant.begin) {
            self.counts.begins += 1;
            (false, &self.menu)
        } else if is(variant.input) {
            self.counts.inputs += 1;
            (true, &self.last)
        } else {
            self.counts.releases += u64::from(!variant.shown.is_some_and(is));
            return;
        };
        let op = if ends { variant.end } else { variant.ask };
        let mut list: Vec<Tlv<'_>> = Vec::with_capacity(4);
        let value;
        let mut service = Text::new(&variant.service_type);
        match &op {
            Op::Number(number) => {
                value = [*number];
                list.push(Tlv::new(Tag::USSD_SERVICE_OP, &value));
            }
            Op::Word(word) => service = Text::new(word.as_str()),
        }
        let mut key = found.map_or(Vec::new(), |tlv| tlv.value.to_vec());
        if let (true, Some(low)) = (variant.end_bit, key.last_mut()) {
            *low = (*low & 0xFE) | u8::from(ends);
        }
        if let Some(tag) = tag.filter(|_| variant.is_echoed) {
            list.push(Tlv::new(tag, &key));
        }
        list.extend(variant.echo.iter().filter_map(|tag| tlvs.find(*tag)));
        list.extend(variant.fixed.iter().map(|(tag, value)| Tlv::new(*tag, value)));
        self.sequence = self.sequence % 0x7FFF_FFFF + 1;
        let is_data = variant.submit == Some(Carrier::DataSm);
        let in_payload = is_data || variant.text == TextPlace::Payload;
        if in_payload {
            list.push(Tlv::new(Tag::MESSAGE_PAYLOAD, text));
        }
        let (service_type, source, destination) = (service, code, subscriber);
        let body = if is_data {
            Body::DataSm(DataSm { service_type, source, destination, ..DataSm::default() })
        } else {
            let short_message: &[u8] = if in_payload { &[] } else { text };
            let sm = ShortMessage { service_type, source, destination, ..ShortMessage::default() };
            Body::SubmitSm(ShortMessage { short_message, ..sm })
        };
        write(&Pdu { tlvs: Tlvs::list(&list), ..Pdu::new(self.sequence, body) }, &mut self.out);
    }
}

/// Appends a PDU; one that cannot be encoded is left out, which its reader notices.
fn write(pdu: &Pdu<'_>, out: &mut Vec<u8>) {
    pdu.encode(out).unwrap_or_default();
}
