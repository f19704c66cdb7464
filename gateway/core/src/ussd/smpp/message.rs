//! What a message of the centre says of a dialog, and how a text for one is made.

use arrayvec::{ArrayString, ArrayVec};
use std::fmt::Write;
use tillgate_codec::smpp::{
    Address, Body, CommandStatus, DataCoding, DataSm, Pdu, ShortMessage, Tag, Text, Tlv, Tlvs,
};
use tillgate_types::Msisdn;
use zeroize::Zeroize;

use super::super::dialog::{DialogAddress, EndReason, Say, SayKind};
use super::super::limits::{ECHO_BYTES_MAX, INPUT_BYTES_MAX};
use super::super::profile::{
    CodePlace, FromCentre, MessageKind, NotifyBy, Operation, SmppProfile, TextPlace,
    service_code_of,
};
use super::{Seen, SmppConfig, SmppLink};

/// Bit of `esm_class` that says that a message is a delivery receipt (SMPP 3.4, 5.2.12).
const RECEIPT: u8 = 0x04;
/// Parameters of one message: operation, text, and what [`ECHO_BYTES_MAX`] and
/// [`FIXED_BYTES_MAX`](super::super::limits::FIXED_BYTES_MAX) hold.
const TLVS_MAX: usize = 32;

/// A message of the centre, whichever PDU it came in.
pub(super) struct Message<'a> {
    pub(super) service_type: &'a [u8],
    pub(super) source: Address<'a>,
    pub(super) destination: Address<'a>,
    pub(super) esm_class: u8,
    pub(super) coding: DataCoding,
    pub(super) text: &'a [u8],
    pub(super) tlvs: Tlvs<'a>,
}

impl SmppLink {
    /// What it does; its address and text are kept until the next. `None` for what is no message of a
    /// dialog.
    pub(super) fn read_message(
        &mut self,
        message: &Message<'_>,
    ) -> Result<Option<Seen>, CommandStatus> {
        let profile = std::sync::Arc::clone(&self.config.profile);
        let op = message.tlvs.ussd_service_op();
        let kind = profile.operations.read(message.service_type, op);
        let is_receipt = message.esm_class & RECEIPT != 0;
        let Some(kind) = kind.filter(|kind| *kind != FromCentre::Displayed && !is_receipt) else {
            return Ok(None);
        };
        if message.text.len() > INPUT_BYTES_MAX {
            return Err(CommandStatus::INVALID_MESSAGE_LENGTH);
        }
        self.wipe_text();
        profile.coding.alphabet(message.coding).decode(message.text, &mut self.text);
        let mut at = address(&profile, message)?;
        let is_end = profile.session.is_end(profile.session.value(&message.tlvs));
        let seen = match kind {
            FromCentre::Begin => {
                if profile.service_code == CodePlace::Text {
                    at.service_code = service_code_of(&self.text).unwrap_or_default();
                }
                if self.text.is_empty() {
                    self.text.push_str(&at.service_code);
                }
                Seen::Begin
            }
            FromCentre::Aborted => Seen::Ended(EndReason::SubscriberAbort),
            FromCentre::Released => Seen::Ended(EndReason::NetworkAbort),
            _ if is_end || profile.is_abort_text(&self.text) => {
                Seen::Ended(EndReason::SubscriberAbort)
            }
            FromCentre::LastInput => {
                self.ended = Some(EndReason::NetworkAbort);
                Seen::Input
            }
            FromCentre::Input | FromCentre::Displayed => Seen::Input,
        };
        self.address = Some(at);
        Ok(Some(seen))
    }
}

impl SmppLink {
    /// PINs are in it.
    pub(super) fn wipe_text(&mut self) {
        if !self.text.is_empty() {
            self.text.zeroize();
        }
    }
}

/// Whose dialog it is, and what its answers repeat.
fn address(profile: &SmppProfile, message: &Message<'_>) -> Result<DialogAddress, CommandStatus> {
    let source = message.source.number.as_str().unwrap_or_default();
    let source = source.strip_prefix("00").unwrap_or(source);
    let msisdn = Msisdn::of(source).ok_or(CommandStatus::INVALID_SOURCE)?;
    let code = message.destination.number.as_str();
    let code = code.and_then(|code| ArrayString::from(code).ok());
    let service_code = match profile.service_code {
        CodePlace::DestinationAddr => code.ok_or(CommandStatus::INVALID_DESTINATION)?,
        CodePlace::Text => ArrayString::new(),
    };
    let (from, to) = (message.source, message.destination);
    let value = profile.session.value(&message.tlvs);
    let mut echo = ArrayVec::new();
    if profile.session.is_echoed
        && let Some(tlv) = profile.session.tag().and_then(|tag| message.tlvs.find(tag))
        && !push(&mut echo, tlv)
    {
        return Err(CommandStatus::INVALID_TLV_LENGTH);
    }
    for tag in &profile.echo {
        // One that is too long is left out: without it the dialog may go on.
        message.tlvs.find(*tag).map(|tlv| push(&mut echo, tlv));
    }
    let key = profile.session.key(value);
    let numbering = [from.ton, from.npi, to.ton, to.npi];
    Ok(DialogAddress { msisdn, key, service_code, numbering, echo })
}

/// Appends a parameter as it lies on the wire, if there is room.
fn push(echo: &mut ArrayVec<u8, ECHO_BYTES_MAX>, tlv: Tlv<'_>) -> bool {
    let Ok(length) = u16::try_from(tlv.value.len()) else { return false };
    let before = echo.len();
    let parts = [&tlv.tag.0.to_be_bytes(), &length.to_be_bytes(), tlv.value];
    let fits = parts.iter().all(|part| echo.try_extend_from_slice(part).is_ok());
    if !fits {
        echo.truncate(before);
    }
    fits
}

/// Writes the PDU of something to say, with sequence number 0. `false` if the link cannot say it.
pub(super) fn encode_say(
    config: &SmppConfig,
    say: &Say<'_>,
    octets: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> bool {
    let profile = &config.profile;
    let Some((operation, is_sms)) = operation(profile, say.kind) else { return false };
    let Some((alphabet, coding)) = profile.coding.choose(say.text, profile.room) else {
        return false;
    };
    octets.clear();
    if alphabet.encode(say.text, octets).is_err() {
        return false;
    }
    let mut subscriber = ArrayString::<20>::new();
    if write!(subscriber, "{}{}", profile.subscriber_prefix, say.at.msisdn).is_err() {
        return false;
    }
    let is_notify = say.kind == SayKind::Notify;
    let numbering = if is_notify { config.sender_numbering } else { say.at.numbering };
    let code = if is_notify { config.sender.as_str() } else { &say.at.service_code };
    let [ton, npi, code_ton, code_npi] = numbering;
    let source = Address { ton: code_ton, npi: code_npi, number: Text::new(code) };
    let destination = Address { ton, npi, number: Text::new(&subscriber) };
    let service_type = match &operation {
        _ if is_sms => "",
        Some(Operation::Word(word)) => word.as_str(),
        _ => profile.service_type.as_str(),
    };
    let (place, pdu) = match is_sms {
        true => (TextPlace::ShortMessage, MessageKind::SubmitSm),
        false => (profile.text, profile.pdu),
    };
    let echo = if is_notify { ArrayVec::new() } else { echoed(profile, say) };
    let op = match operation {
        Some(Operation::Code(code)) => Some([code]),
        _ => None,
    };
    let mut tlvs = ArrayVec::<Tlv<'_>, TLVS_MAX>::new();
    tlvs.extend(op.as_ref().map(|op| Tlv::new(Tag::USSD_SERVICE_OP, op)));
    let fixed: &[u8] = if is_sms { &[] } else { &profile.fixed };
    for tlv in Tlvs::wire(&echo).iter().chain(Tlvs::wire(fixed).iter()) {
        if tlvs.remaining_capacity() > 1 {
            tlvs.push(tlv);
        }
    }
    let short_message: &[u8] = match place {
        TextPlace::ShortMessage => octets,
        TextPlace::MessagePayload => {
            tlvs.push(Tlv::new(Tag::MESSAGE_PAYLOAD, octets));
            &[]
        }
    };
    let service_type = Text::new(service_type);
    let body = match pdu {
        MessageKind::SubmitSm => Body::SubmitSm(ShortMessage {
            service_type,
            source,
            destination,
            data_coding: coding,
            short_message,
            ..ShortMessage::default()
        }),
        MessageKind::DataSm => Body::DataSm(DataSm {
            service_type,
            source,
            destination,
            data_coding: coding,
            ..DataSm::default()
        }),
    };
    Pdu { tlvs: Tlvs::list(&tlvs), ..Pdu::new(0, body) }.encode(out).is_ok()
}

/// The operation of something to say, and whether it goes as a short message, which has none; `None`
/// if the link cannot say it.
fn operation(profile: &SmppProfile, kind: SayKind) -> Option<(Option<Operation>, bool)> {
    let usual = || profile.operations.of_say(kind).map(|operation| (Some(operation), false));
    match (kind, profile.notify) {
        (SayKind::Continue | SayKind::End, _) | (SayKind::Notify, NotifyBy::Ussn) => usual(),
        (SayKind::Notify, NotifyBy::Ussr) => Some((Some(profile.operations.goes_on), false)),
        (SayKind::Notify, NotifyBy::Sms) => Some((None, true)),
        (SayKind::Notify, NotifyBy::None) => None,
    }
}

/// The parameters that an answer repeats, with that of the session as the answer has it.
fn echoed(profile: &SmppProfile, say: &Say<'_>) -> ArrayVec<u8, ECHO_BYTES_MAX> {
    let mut echo = say.at.echo.clone();
    let session = profile.session.tag().filter(|_| profile.session.is_echoed);
    let first = Tlvs::wire(&say.at.echo).iter().next();
    if let Some(tlv) = first.filter(|tlv| Some(tlv.tag) == session) {
        // Behind tag and length.
        let value = &mut echo[4..4 + tlv.value.len()];
        match say.kind {
            SayKind::End => profile.session.mark_end(value),
            SayKind::Continue | SayKind::Notify => profile.session.mark_open(value),
        }
    }
    echo
}
