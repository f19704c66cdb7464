//! SMPP: what a centre sends when a subscriber dials; and a page of text.

use tillgate_codec::smpp::{
    Address, Body, DataCoding, Pdu, ShortMessage, Tag, Text, Tlv, Tlvs, UssdServiceOp,
};

const SUBSCRIBER: Address<'static> = Address { ton: 1, npi: 1, number: Text::new("491751234567") };
const SHORT_CODE: Address<'static> = Address { ton: 0, npi: 1, number: Text::new("737") };
const BEGIN: [Tlv<'static>; 3] = [
    Tlv::new(Tag::USSD_SERVICE_OP, &[UssdServiceOp::PSSR_INDICATION.0]),
    Tlv::new(Tag::ITS_SESSION_INFO, &[7, 0]),
    Tlv::new(Tag::USER_MESSAGE_REFERENCE, &[0, 9]),
];

/// A page of 160 septets in the GSM default alphabet, two of them behind an escape.
pub const PAGE: &str = "Tillgate: Sale of 50.00 EUR to +49 175 1234567\n1. Confirm\n2. Change amount\n\
    3. Other number\n4. Float: 9,950.00 €\n5. Last three sales\n0. Leave (ends at 10:15:30)";

/// A subscriber dials `*737*1#`.
#[must_use]
pub fn deliver_sm() -> Pdu<'static> {
    let message = ShortMessage {
        service_type: Text::new("USSD"),
        source: SUBSCRIBER,
        destination: SHORT_CODE,
        data_coding: DataCoding::DEFAULT,
        short_message: b"*737*1#",
        ..ShortMessage::default()
    };
    Pdu { tlvs: Tlvs::list(&BEGIN), ..Pdu::new(1, Body::DeliverSm(message)) }
}

/// Its octets.
///
/// # Panics
/// If a PDU of ours breaks the specification.
#[must_use]
pub fn deliver_sm_bytes() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    deliver_sm().encode(&mut bytes).unwrap_or_else(|error| panic!("{error}"));
    bytes
}

#[cfg(test)]
mod tests {
    use super::PAGE;
    use tillgate_codec::ussd::gsm7;

    #[test]
    fn the_page_fills_a_message_of_160_septets() {
        assert_eq!(gsm7::length(PAGE), Some(160));
    }
}
