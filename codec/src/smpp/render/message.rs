//! The text of a message, and its inverse.

use super::super::coding::DataCoding;
use super::super::pdu::{Body, Pdu};
use super::super::tag::Tag;
use super::super::tlv::{Tlv, Tlvs};

pub(super) struct Message<'a> {
    /// The user data header with its length octet; empty for none.
    pub(super) header: &'a [u8],
    /// The text, if its alphabet is known.
    pub(super) text: Option<String>,
}

impl<'a> Message<'a> {
    pub(super) fn of(pdu: &Pdu<'a>) -> Option<Self> {
        let octets = pdu.message()?;
        let (header, coded, coding) = match &pdu.body {
            Body::SubmitSm(message) | Body::DeliverSm(message) => {
                let (header, coded) = message.split_header(octets);
                (header, coded, message.data_coding)
            }
            Body::DataSm(message) => (&octets[..0], octets, message.data_coding),
            _ => return None,
        };
        Some(Self { header, text: decode(coding, coded) })
    }
}

/// Octets as text, if the alphabet is known.
fn decode(coding: DataCoding, octets: &[u8]) -> Option<String> {
    let mut text = String::new();
    coding.alphabet()?.decode(octets, &mut text);
    Some(text)
}

/// What an optional parameter says, where that can be said in words.
pub(super) fn meaning(tlv: Tlv<'_>) -> Option<String> {
    let tlvs = [tlv];
    let tlvs = Tlvs::list(&tlvs);
    match tlv.tag {
        Tag::USSD_SERVICE_OP => tlvs.ussd_service_op().map(|op| op.to_string()),
        Tag::ITS_SESSION_INFO => tlvs.its_session_info().map(|info| {
            let end = if info.ends() { ", end" } else { "" };
            format!("session {}, dialogue {}{end}", info.session(), info.dialogue())
        }),
        Tag::RECEIPTED_MESSAGE_ID | Tag::ADDITIONAL_STATUS_INFO_TEXT => {
            let text = tlv.value.strip_suffix(&[0]).unwrap_or(tlv.value);
            Some(text.escape_ascii().to_string())
        }
        Tag::MESSAGE_PAYLOAD => None,
        _ => tlv.number().map(|number| number.to_string()),
    }
}
